//! `GET /v1/audit/tokens/lineage`: the tokens before and after one.

use axum::Json;
use axum::extract::State;

use super::audit_query::{OneTokenQuery, RawOneTokenQuery, owner};
use super::audit_token_reply::AuditTokenReply;
use crate::app::App;
use crate::auth::inquirer::Inquirer;
use crate::error::ApiError;
use crate::extract::List;
use crate::openapi::refusals::NotFound;

/// Lists all tokens of the user whose token this is, from the first generation to the last.
///
/// Each with what ended it: `successorTokenId` is the next of the chain, or null where the chain was cut by a
/// revocation.
///
/// # Errors
/// `NotFound` for an unknown token, and for someone else's unless one is an auditor.
#[utoipa::path(
    get,
    path = "/v1/audit/tokens/lineage",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawOneTokenQuery),
    responses(
        (status = 200, description = "A page of the chain.", body = List<AuditTokenReply>),
        Inquirer, NotFound,
    ),
)]
pub async fn list_token_lineage(
    State(app): State<App>,
    inquirer: Inquirer,
    OneTokenQuery { token_id, request }: OneTokenQuery,
) -> Result<Json<List<AuditTokenReply>>, ApiError> {
    let owner = owner(&app, inquirer, token_id).await?;
    let page = app.store.list_lineage(owner, &request).await?;
    Ok(Json(page.map(AuditTokenReply::from).into()))
}

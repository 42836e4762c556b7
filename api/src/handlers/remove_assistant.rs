//! `DELETE /v1/admin/accounts/{id}/assistants/{assistantId}`: take an assistant away.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, AssistantId};

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::request_context::RequestContext;

/// Takes an assistant away from an account.
///
/// It makes no more calls; those that it made stay listed.
///
/// # Errors
/// `NotFound` when the account has no such assistant; `Conflict` for a closed account.
#[utoipa::path(
    delete,
    path = "/v1/admin/accounts/{id}/assistants/{assistantId}",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The account."), ("assistantId" = Uuid, Path, description = "The assistant.")),
    responses((status = 204, description = "The assistant makes no more calls."), Admin, NotFound, Conflict),
)]
pub async fn remove_assistant(
    State(app): State<App>,
    _: Admin,
    Ids((account_id, assistant_id)): Ids<(AccountId, AssistantId)>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::remove_assistant(&app, account_id, assistant_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

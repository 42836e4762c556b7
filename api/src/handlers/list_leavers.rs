//! `GET /v1/audit/leavers`: live tokens of people who should have none.

use axum::Json;
use axum::extract::State;
use projections::{TokenEntry, TokenFilter, TokenStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::audit_query::TokenPaging;
use super::audit_token_reply::AuditTokenReply;
use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::extract::List;
use crate::openapi::values;

/// A live token of someone who should have none.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LeaverToken)]
pub struct LeaverReply {
    /// Why it should not be.
    #[schema(value_type = values::LeaverWhy)]
    why: &'static str,
    #[serde(flatten)]
    token: AuditTokenReply,
}

impl From<TokenEntry> for LeaverReply {
    fn from(entry: TokenEntry) -> Self {
        let why = if entry.owner_is_locked { "locked" } else { "noMembership" };
        Self { why, token: entry.into() }
    }
}

/// Lists live tokens of users who are locked or belong to no open account, newest first.
///
/// There should be none. `locked`: the token is refused all the same, and is revoked at the next start of the
/// service, or when the user is locked or unlocked again. `noMembership`: the token is accepted and can act in no
/// account; a new user has one until put into an account.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/audit/leavers",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(TokenPaging),
    responses((status = 200, description = "A page of tokens.", body = List<LeaverReply>), Auditor),
)]
pub async fn list_leavers(
    State(app): State<App>,
    _: Auditor,
    TokenPaging(request): TokenPaging,
) -> Result<Json<List<LeaverReply>>, ApiError> {
    let filter =
        TokenFilter { status: Some(TokenStatus::Live), of_leavers: true, ..TokenFilter::default() };
    let page = app.store.list_audit_tokens(&filter, &request).await?;
    Ok(Json(page.map(LeaverReply::from).into()))
}

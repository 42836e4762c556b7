//! `DELETE /v1/admin/users/{id}/api-token`: kill someone's token.

use axum::extract::State;
use axum::http::StatusCode;
use domain::UserId;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::request_context::RequestContext;

/// Kills a user's token.
///
/// Also when no token was active.
///
/// # Errors
/// `NotFound` for an unknown user.
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{id}/api-token",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The user.")),
    responses((status = 204, description = "The user has no active token."), Admin, NotFound, Conflict),
)]
pub async fn revoke_user_token(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::revoke_token(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

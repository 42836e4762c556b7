//! `PUT /v1/admin/users/{id}/lock`: shut a user out and kill the token.

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

/// Locks a user out and kills the token.
///
/// Also when the user was locked. The token is dead for good: after unlocking, a new one must be made.
///
/// # Errors
/// `NotFound` for an unknown user; `Conflict` for oneself, or nobody could unlock the last one.
#[utoipa::path(
    put,
    path = "/v1/admin/users/{id}/lock",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The user.")),
    responses((status = 204, description = "The user is locked."), Admin, NotFound, Conflict),
)]
pub async fn lock_user(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::lock(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `DELETE /v1/admin/users/{id}/lock`: let a user in again.

use axum::extract::State;
use axum::http::StatusCode;
use domain::UserId;

use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::locking;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::request_context::RequestContext;

/// Lets a user in again.
///
/// Also when the user was not locked. The old token stays dead.
///
/// # Errors
/// `NotFound` for an unknown user.
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{id}/lock",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The user.")),
    responses((status = 204, description = "The user is not locked."), Admin, NotFound, Conflict),
)]
pub async fn unlock_user(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    locking::unlock(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `DELETE /v1/admin/users/{id}/lock`: let a user in again.

use axum::extract::State;
use axum::http::StatusCode;
use domain::UserId;

use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::locking;
use crate::request_context::RequestContext;

/// Answers 204, also when the user was not locked. The old token stays dead.
///
/// # Errors
/// `NotFound` for an unknown user.
pub async fn unlock_user(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    locking::unlock(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

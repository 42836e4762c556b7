//! `PUT /v1/admin/users/{id}/lock`: shut a user out and kill the token.

use axum::extract::State;
use axum::http::StatusCode;
use domain::UserId;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

/// Answers 204, also when the user was locked.
///
/// # Errors
/// `NotFound` for an unknown user; `Conflict` for oneself, or nobody could unlock the last one.
pub async fn lock_user(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::lock(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

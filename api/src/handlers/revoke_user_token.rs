//! `DELETE /v1/admin/users/{id}/api-token`: kill someone's token.

use axum::extract::State;
use axum::http::StatusCode;
use domain::UserId;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

/// Answers 204, also when no token was active.
///
/// # Errors
/// `NotFound` for an unknown user.
pub async fn revoke_user_token(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::revoke_token(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `DELETE /v1/session`: sign out.

use axum::http::StatusCode;

use crate::auth::session::AuthSession;
use crate::error::ApiError;

/// Answers 204, also when nobody was signed in.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn delete_session(mut session: AuthSession) -> Result<StatusCode, ApiError> {
    session.logout().await?;
    Ok(StatusCode::NO_CONTENT)
}

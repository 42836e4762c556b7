//! `DELETE /v1/session`: sign out.

use axum::http::StatusCode;

use crate::auth::session::AuthSession;
use crate::error::ApiError;
use crate::openapi::refusals::Visitor;

/// Signs out.
///
/// Also when nobody was signed in.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
#[utoipa::path(
    delete,
    path = "/v1/session",
    tag = "Coming in",
    responses((status = 204, description = "Nobody is signed in."), Visitor),
)]
pub async fn delete_session(mut session: AuthSession) -> Result<StatusCode, ApiError> {
    session.logout().await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `/sign-out` and `/sign-out-everywhere`

use axum::extract::State;
use axum::response::Redirect;

use super::frame::PageUser;
use crate::app::App;
use crate::auth::session::AuthSession;
use crate::error::ApiError;

/// Ends this session. Answers 303.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn sign_out(mut session: AuthSession) -> Result<Redirect, ApiError> {
    session.logout().await?;
    Ok(Redirect::to("/sign-in"))
}

/// Ends every session of the visitor. Answers 303.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn sign_out_everywhere(
    State(app): State<App>,
    PageUser(person): PageUser,
    mut session: AuthSession,
) -> Result<Redirect, ApiError> {
    app.store.end_sessions(person.user_id).await?;
    session.logout().await?;
    Ok(Redirect::to("/sign-in"))
}

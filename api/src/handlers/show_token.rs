//! `GET /v1/user/api-token`: the token without its secret.

use axum::extract::State;

use super::token_reply::StateReply;
use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;

/// Answers 200, whether or not a token is active.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_token(State(app): State<App>, user: SessionUser) -> Result<StateReply, ApiError> {
    Ok(StateReply(app.store.find_token(user.user_id).await?))
}

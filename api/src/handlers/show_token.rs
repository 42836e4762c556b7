//! `GET /v1/user/api-token`: the token without its secret.

use axum::extract::State;

use super::token_reply::{StateReply, WithoutSecret};
use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::openapi::values;

/// Shows one's token, without its secret.
///
/// Whether or not a token is active. Tells, too, which clients still send one that is not any more.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
#[utoipa::path(
    get,
    path = "/v1/user/api-token",
    tag = "One's own token",
    security(("session" = [])),
    responses(
        (status = 200, description = "The state.", body = WithoutSecret, headers(
            ("ETag" = inline(values::TokenTag), description = "Names the state, for `If-Match`."),
        )),
        SessionUser,
    ),
)]
pub async fn show_token(State(app): State<App>, user: SessionUser) -> Result<StateReply, ApiError> {
    let token = app.store.find_token(user.user_id).await?;
    let stragglers = app.store.list_stragglers(user.user_id).await?;
    Ok(StateReply { token, stragglers })
}

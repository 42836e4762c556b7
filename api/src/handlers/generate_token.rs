//! `POST /v1/user/api-token`: make a token and show it, once.

use axum::extract::State;
use domain::TokenCommand;

use super::token_reply::{SecretShownOnce, WithSecret};
use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::IfNoneMatch;
use crate::openapi::refusals::{Conflict, PreconditionFailed};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// Makes a token and shows it, once.
///
/// Replaces an active token, unless `If-None-Match: *`. The replaced one is dead before the answer is sent.
///
/// # Errors
/// `PreconditionFailed` when a token is active and may not be replaced; `Conflict` for a lost race.
#[utoipa::path(
    post,
    path = "/v1/user/api-token",
    tag = "One's own token",
    security(("session" = [])),
    params(IfNoneMatch),
    responses(
        (status = 201, description = "The token, in this answer only.", body = WithSecret, headers(
            ("ETag" = inline(values::TokenTag), description = "Names the new state, for `If-Match`."),
        )),
        SessionUser, Conflict, PreconditionFailed,
    ),
)]
pub async fn generate_token(
    State(app): State<App>,
    user: SessionUser,
    IfNoneMatch(only_if_none): IfNoneMatch,
    context: RequestContext,
) -> Result<SecretShownOnce, ApiError> {
    let minted = app.mint();
    let command = TokenCommand::Generate {
        replace: !only_if_none,
        fresh: minted.fresh.clone(),
        at: app.now(),
    };
    let receipt = app.commands.token(user.user_id, command, context.submission(&app)).await?;
    SecretShownOnce::created(minted, receipt)
}

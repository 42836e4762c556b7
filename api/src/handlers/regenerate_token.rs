//! `POST /v1/user/api-token/regenerate`: replace the token and show the new one, once.

use axum::extract::State;
use domain::TokenCommand;

use super::token_reply::{SecretShownOnce, WithSecret};
use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::IfMatchGeneration;
use crate::openapi::refusals::{Conflict, PreconditionFailed};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// Replaces the active token and shows the new one, once.
///
/// The old token is dead everywhere before the answer is sent.
///
/// # Errors
/// `PreconditionFailed` when another generation is active than `If-Match` says; `Conflict` for a lost
/// race and when no token is active.
#[utoipa::path(
    post,
    path = "/v1/user/api-token/regenerate",
    tag = "One's own token",
    security(("session" = [])),
    params(IfMatchGeneration),
    responses(
        (status = 200, description = "The new token, in this answer only.", body = WithSecret, headers(
            ("ETag" = inline(values::TokenTag), description = "Names the new state, for `If-Match`."),
        )),
        SessionUser, Conflict, PreconditionFailed,
    ),
)]
pub async fn regenerate_token(
    State(app): State<App>,
    user: SessionUser,
    IfMatchGeneration(expected_generation): IfMatchGeneration,
    context: RequestContext,
) -> Result<SecretShownOnce, ApiError> {
    let minted = app.mint();
    let command = TokenCommand::Regenerate {
        expected_generation,
        fresh: minted.fresh.clone(),
        at: app.now(),
    };
    let receipt = app.commands.token(user.user_id, command, context.submission(&app)).await?;
    SecretShownOnce::regenerated(minted, receipt)
}

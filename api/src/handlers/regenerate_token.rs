//! `POST /v1/user/api-token/regenerate`: replace the token and show the new one, once.

use axum::extract::State;
use domain::TokenCommand;

use super::token_reply::SecretShownOnce;
use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::IfMatchGeneration;
use crate::request_context::RequestContext;

/// Answers 200. The old token is dead everywhere before the answer is sent.
///
/// # Errors
/// `PreconditionFailed` when another generation is active than `If-Match` says; `Conflict` for a lost
/// race and when no token is active.
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

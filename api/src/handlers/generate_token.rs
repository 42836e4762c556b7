//! `POST /v1/user/api-token`: make a token and show it, once.

use axum::extract::State;
use domain::TokenCommand;

use super::token_reply::SecretShownOnce;
use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::IfNoneMatch;
use crate::request_context::RequestContext;

/// Answers 201. Replaces an active token, unless `If-None-Match: *`.
///
/// # Errors
/// `PreconditionFailed` when a token is active and may not be replaced; `Conflict` for a lost race.
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

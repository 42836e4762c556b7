//! `DELETE /v1/token`: whoever holds a token can kill it, which is what one does with a leaked one.

use axum::extract::State;
use axum::http::StatusCode;
use domain::token::RevocationReason;
use domain::{TokenCommand, TokenError};

use crate::app::App;
use crate::auth::TokenBearer;
use crate::commands::CommandError;
use crate::error::ApiError;
use crate::openapi::refusals::Conflict;
use crate::request_context::RequestContext;

/// Kills the token that was sent.
///
/// Exactly that one, never one that replaced it in the meantime. What to do with a leaked token.
///
/// # Errors
/// `Conflict` when another request got there first; `Unavailable` when the outcome is not certain.
#[utoipa::path(
    delete,
    path = "/v1/token",
    tag = "With a token",
    security(("bearer" = [])),
    responses((status = 204, description = "The token is dead."), TokenBearer, Conflict),
)]
pub async fn revoke_own_token(
    State(app): State<App>,
    TokenBearer(live): TokenBearer,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    let command = TokenCommand::Revoke {
        expected_generation: Some(live.generation),
        reason: RevocationReason::Bearer,
        at: app.now(),
    };
    let user_id = live.access.user_id;
    match app.commands.token(user_id, command, context.submission(&app)).await {
        // Replaced since it was checked: as dead as was asked for.
        Ok(_) | Err(CommandError::Token(TokenError::StaleGeneration { .. })) => {
            Ok(StatusCode::NO_CONTENT)
        }
        Err(error) => Err(error.into()),
    }
}

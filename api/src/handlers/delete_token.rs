//! `DELETE /v1/user/api-token`: revoke the token and have none.

use axum::extract::State;
use axum::http::StatusCode;
use domain::TokenCommand;
use domain::token::RevocationReason;

use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::IfMatchGeneration;
use crate::openapi::refusals::{Conflict, PreconditionFailed};
use crate::request_context::RequestContext;

/// Kills one's token and has none.
///
/// Also when no token was active.
///
/// # Errors
/// `PreconditionFailed` when another generation is active than `If-Match` says; `Conflict` for a lost race.
#[utoipa::path(
    delete,
    path = "/v1/user/api-token",
    tag = "One's own token",
    security(("session" = [])),
    params(IfMatchGeneration),
    responses(
        (status = 204, description = "No token is active."),
        SessionUser, Conflict, PreconditionFailed,
    ),
)]
pub async fn delete_token(
    State(app): State<App>,
    user: SessionUser,
    IfMatchGeneration(expected_generation): IfMatchGeneration,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    let reason = RevocationReason::Owner;
    let command = TokenCommand::Revoke { expected_generation, reason, at: app.now() };
    app.commands.token(user.user_id, command, context.submission(&app)).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `DELETE /v1/admin/users/{id}/api-token`: kill someone's token.

use axum::extract::State;
use axum::http::StatusCode;
use domain::token::RevocationReason;
use domain::{TokenCommand, UserId};

use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

/// Answers 204, also when no token was active.
///
/// # Errors
/// `NotFound` for an unknown user.
pub async fn revoke_user_token(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?;
    let command = TokenCommand::Revoke {
        expected_generation: None,
        reason: RevocationReason::Administrator,
        at: app.now(),
    };
    app.commands.token(user_id, command, context.submission(&app)).await?;
    Ok(StatusCode::NO_CONTENT)
}

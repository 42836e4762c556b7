//! Shutting a user out, and letting one in again.
//!
//! **Invariant:** a locked user is refused from the moment the lock is committed, gets no new token
//! while locked, and comes back without one. Lock, then revoke: a crash between the two leaves a token
//! that is refused, and that the next start, the next lock and the unlock each kill for good.

use domain::token::RevocationReason;
use domain::{TokenCommand, UserCommand, UserId};
use projections::Via;

use crate::app::App;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Shuts the user out and kills the token.
///
/// # Errors
/// `NotFound` for an unknown user; `Unavailable` when it is not certain that all of it happened.
pub async fn lock(app: &App, user_id: UserId, context: &RequestContext) -> Result<(), ApiError> {
    let command = UserCommand::Lock { at: app.now() };
    app.commands.user(user_id, command, context.submission(app)).await?;
    kill_token(app, user_id, context).await
}

/// Lets the user in again, without a token.
///
/// # Errors
/// `NotFound` for an unknown user; `Unavailable` when it is not certain that all of it happened.
pub async fn unlock(app: &App, user_id: UserId, context: &RequestContext) -> Result<(), ApiError> {
    let is_locked = app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?.is_locked;
    if is_locked {
        kill_token(app, user_id, context).await?;
    }
    let command = UserCommand::Unlock { at: app.now() };
    app.commands.user(user_id, command, context.submission(app)).await?;
    Ok(())
}

/// Kills the tokens that a crash in the middle of locking left in the tables.
///
/// # Errors
/// When the store cannot be asked.
pub async fn finish_interrupted(app: &App) -> Result<(), ApiError> {
    let context = RequestContext::local(Via::System);
    for user_id in app.store.list_locked_owners().await? {
        tracing::warn!(%user_id, "killing the token that locking user {user_id} left behind");
        kill_token(app, user_id, &context).await?;
    }
    Ok(())
}

/// Kills the token of a user who is locked, if one is left.
///
/// # Errors
/// `Unavailable` when it is not certain that it happened.
pub(crate) async fn kill_token(
    app: &App,
    user_id: UserId,
    context: &RequestContext,
) -> Result<(), ApiError> {
    let command = TokenCommand::Revoke {
        expected_generation: None,
        reason: RevocationReason::UserLocked,
        at: app.now(),
    };
    app.commands.token(user_id, command, context.submission(app)).await?;
    Ok(())
}

//! Forgetting who a user is, by API or by page.
//!
//! **Invariant:** whoever is forgotten was locked before and stays locked, so nobody can come in as someone
//! without a name. The token is dead before the name goes.
//!
//! Doing it again is harmless, and makes up for what a crash left undone.

use domain::{UserCommand, UserId};

use crate::app::App;
use crate::error::ApiError;
use crate::locking;
use crate::request_context::RequestContext;

/// Erases everything that tells who the user is, from the tables and, as far as the database lets its clients,
/// from its files. A client that hangs up does not stop it half-way.
///
/// # Errors
/// `NotFound` for an unknown user; `Conflict` for one who is not locked; `Unavailable` when it is not certain
/// that all of it happened.
pub async fn erase(app: &App, user_id: UserId, context: &RequestContext) -> Result<(), ApiError> {
    let (app, context) = (app.clone(), context.clone());
    let task = tokio::spawn(async move { erase_all(&app, user_id, &context).await });
    task.await.unwrap_or_else(|panic| Err(ApiError::Internal(panic.into())))
}

async fn erase_all(app: &App, user_id: UserId, context: &RequestContext) -> Result<(), ApiError> {
    let user = app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?;
    if user.is_locked {
        // A crash in the middle of locking may have left it.
        locking::kill_token(app, user_id, context).await?;
    }
    let command = UserCommand::Erase { at: app.now() };
    app.commands.user(user_id, command, context.submission(app)).await?;
    app.store.forget_again(user_id).await?;
    Ok(app.store.scrub_files().await?)
}

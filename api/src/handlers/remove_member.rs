//! `DELETE /v1/admin/accounts/{id}/members/{userId}`: end a membership.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountCommand, AccountId, UserId};

use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

/// Answers 204. The next request of that user in the account is refused.
///
/// # Errors
/// `NotFound` when there is no such membership.
pub async fn remove_member(
    State(app): State<App>,
    _: Admin,
    Ids((account_id, user_id)): Ids<(AccountId, UserId)>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    let command = AccountCommand::RemoveMember { user_id, at: app.now() };
    app.commands.account(account_id, command, context.submission(&app)).await?;
    Ok(StatusCode::NO_CONTENT)
}

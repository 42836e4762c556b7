//! What an administrator does to users and accounts, by API or by page.

use std::collections::BTreeSet;

use domain::token::RevocationReason;
use domain::{AccountCommand, AccountId, AccountRole, InstanceRole, TokenCommand, UserId};
use projections::Particulars;

use crate::app::App;
use crate::enrolment::{self, Invitation, IssuedCode};
use crate::error::ApiError;
use crate::extract;
use crate::locking;
use crate::request_context::RequestContext;

/// Registers a user; the code lets them come in.
///
/// # Errors
/// `Validation` for e-mail or name; `Conflict` when the e-mail address is in use.
pub async fn invite(
    app: &App,
    email: &str,
    name: &str,
    roles: BTreeSet<InstanceRole>,
    context: &RequestContext,
) -> Result<(UserId, Invitation, IssuedCode), ApiError> {
    let email = extract::email(email)?;
    let invitation = Invitation { email, name: extract::name("name", name)?, roles };
    let (id, issued) = enrolment::invite(app, invitation.clone(), context).await?;
    Ok((id, invitation, issued))
}

/// Shuts a user out.
///
/// # Errors
/// `NotFound` for an unknown user; `Conflict` for oneself, or nobody could unlock the last one.
pub async fn lock(app: &App, user_id: UserId, context: &RequestContext) -> Result<(), ApiError> {
    if context.actor.user_id == Some(user_id) {
        return Err(ApiError::Conflict("You cannot lock yourself.".to_owned()));
    }
    locking::lock(app, user_id, context).await
}

/// Kills a user's token.
///
/// # Errors
/// `NotFound` for an unknown user.
pub async fn revoke_token(
    app: &App,
    user_id: UserId,
    context: &RequestContext,
) -> Result<(), ApiError> {
    app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?;
    let command = TokenCommand::Revoke {
        expected_generation: None,
        reason: RevocationReason::Administrator,
        at: app.now(),
    };
    app.commands.token(user_id, command, context.submission(app)).await?;
    Ok(())
}

/// Opens an account without members; says its id and its name as stored.
///
/// # Errors
/// `Validation` for the name.
pub async fn open_account(
    app: &App,
    name: &str,
    context: &RequestContext,
) -> Result<(AccountId, String), ApiError> {
    let (account_id, name) = (app.new_account_id(), extract::name("name", name)?);
    let command = AccountCommand::Open { first_admin: None, at: app.now() };
    let particulars = Particulars::Account { account_id, name: name.clone() };
    let submission = context.submission_with(app, particulars);
    let receipt = app.commands.account(account_id, command, submission).await?;
    Ok((receipt.id()?, name))
}

/// Makes a user a member, or changes a member's role.
///
/// # Errors
/// `NotFound` for an unknown account or user; `Conflict` for a closed account.
pub async fn put_member(
    app: &App,
    account_id: AccountId,
    user_id: UserId,
    role: AccountRole,
    context: &RequestContext,
) -> Result<(), ApiError> {
    app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?;
    let command = AccountCommand::PutMember { user_id, role, at: app.now() };
    app.commands.account(account_id, command, context.submission(app)).await?;
    Ok(())
}

/// Ends a membership.
///
/// # Errors
/// `NotFound` when there is no such membership.
pub async fn remove_member(
    app: &App,
    account_id: AccountId,
    user_id: UserId,
    context: &RequestContext,
) -> Result<(), ApiError> {
    let command = AccountCommand::RemoveMember { user_id, at: app.now() };
    app.commands.account(account_id, command, context.submission(app)).await?;
    Ok(())
}

//! What an administrator does to users and accounts, by API or by page.

use std::collections::BTreeSet;

use domain::contact::PhoneNumber;
use domain::token::RevocationReason;
use domain::{
    AccountCommand, AccountEvent, AccountId, AccountRole, AssistantId, InstanceRole, TokenCommand,
    UserError, UserId,
};
use projections::{AssistantEntry, Particulars};

use crate::app::App;
use crate::commands::CommandError;
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
/// `NotFound` for an unknown account or user; `Conflict` for a closed account and for an erased user.
pub async fn put_member(
    app: &App,
    account_id: AccountId,
    user_id: UserId,
    role: AccountRole,
    context: &RequestContext,
) -> Result<(), ApiError> {
    let user = app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?;
    if user.erased_at.is_some() {
        return Err(CommandError::from(UserError::Erased).into());
    }
    let command = AccountCommand::PutMember { user_id, role, at: app.now() };
    app.commands.account(account_id, command, context.submission(app)).await?;
    Ok(())
}

/// Gives an account an assistant.
///
/// # Errors
/// `Validation`, naming the field; `NotFound` for an unknown account; `Conflict` for a closed one.
pub async fn add_assistant(
    app: &App,
    account_id: AccountId,
    name: &str,
    phone_number: &str,
    context: &RequestContext,
) -> Result<AssistantEntry, ApiError> {
    let name = extract::name("name", name)?;
    let phone_number = extract::contact("phoneNumber", PhoneNumber::parse(phone_number))?;
    let assistant_id = AssistantId::new(app.new_uuid());
    let particulars = Particulars::Assistant {
        assistant_id,
        name: name.clone(),
        phone_number: phone_number.clone(),
    };
    let command = AccountCommand::AddAssistant { assistant_id, at: app.now() };
    let submission = context.submission_with(app, particulars);
    let receipt = app.commands.account(account_id, command, submission).await?;
    match receipt.events.as_slice() {
        [AccountEvent::AssistantAdded { assistant_id, .. }] => {
            Ok(AssistantEntry { assistant_id: *assistant_id, name, phone_number })
        }
        _other => Err(ApiError::Internal("the command added no assistant".into())),
    }
}

/// Takes an assistant away.
///
/// # Errors
/// `NotFound` when the account has no such assistant; `Conflict` for a closed account.
pub async fn remove_assistant(
    app: &App,
    account_id: AccountId,
    assistant_id: AssistantId,
    context: &RequestContext,
) -> Result<(), ApiError> {
    let command = AccountCommand::RemoveAssistant { assistant_id, at: app.now() };
    app.commands.account(account_id, command, context.submission(app)).await?;
    Ok(())
}

/// Has a dead delivery sent again.
///
/// # Errors
/// `NotFound` for an unknown delivery; `Conflict` for one that is not dead, or whose endpoint is gone.
pub async fn replay_delivery(app: &App, id: i64, context: &RequestContext) -> Result<(), ApiError> {
    let entry = app.store.find_delivery(id).await?.ok_or(ApiError::NotFound)?;
    if !app.endpoints.has(&entry.endpoint) {
        let text = format!("There is no endpoint {} any more.", entry.endpoint);
        return Err(ApiError::Conflict(text));
    }
    if !app.store.replay_delivery(id, app.now()).await? {
        return Err(ApiError::Conflict("The delivery is not dead.".to_owned()));
    }
    let by = context.actor.user_id.map(|user_id| user_id.to_string());
    tracing::info!(delivery = id, by, "delivery {id} is sent again");
    app.endpoints.subscribers().ring();
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

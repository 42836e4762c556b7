//! How people come in: the first user by a set-up link or on the command line, everyone else by
//! invitation.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use domain::{AccountCommand, AccountId, InstanceRole, UserCommand, UserId};
use projections::{
    Actor, Identity, NewUserProfile, Particulars, Registration, SetupCode, SetupStep, StoreError,
    Via,
};
use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::error::ApiError;
use crate::extract;
use crate::request_context::RequestContext;

/// How long the first user's link works.
pub const FIRST_USER_LINK: TimeDelta = TimeDelta::minutes(15);
/// How long an invitation works.
const INVITATION: TimeDelta = TimeDelta::days(7);
const CODE_LENGTH: usize = 32;

/// What the first user says about herself.
pub struct FirstUser {
    /// Any case.
    pub email: String,
    /// As people read it.
    pub name: String,
    /// As typed.
    pub password: SecretString,
    /// The name of the first account.
    pub account: String,
}

/// What came of setting up.
pub struct Founded {
    /// The first user.
    pub user_id: UserId,
    /// Lower case.
    pub email: String,
    /// As people read it.
    pub name: String,
    /// The first account.
    pub account_id: AccountId,
}

/// Whom to invite.
#[derive(Clone)]
pub struct Invitation {
    /// Lower case.
    pub email: String,
    /// As people read it.
    pub name: String,
    /// Roles across the instance.
    pub roles: BTreeSet<InstanceRole>,
}

/// A set-up code on its way to whom it is for. Single use.
pub struct IssuedCode {
    /// The code, which only its recipient should see.
    pub code: SecretString,
    /// Where to use it.
    pub url: SecretString,
}

/// SHA-256 of a set-up code: all that is kept of one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct CodeDigest([u8; 32]);

impl CodeDigest {
    /// Of this code.
    pub fn of(code: &SecretString) -> Self {
        Self(Sha256::digest(code.expose_secret()).into())
    }
}

fn new_code(app: &App, user_id: Option<UserId>, lifetime: TimeDelta) -> (IssuedCode, SetupCode) {
    let code = Alphanumeric.sample_string(&mut app.chance.rng(), CODE_LENGTH);
    let url = format!("{}/setup?code={code}", app.public_url.as_str()).into();
    let code = code.into();
    let digest = CodeDigest::of(&code).0;
    let stored = SetupCode { digest, user_id, expires_at: app.now() + lifetime };
    (IssuedCode { code, url }, stored)
}

/// A link for the first user, on a database that has none.
///
/// # Errors
/// When the store cannot be asked.
pub async fn first_user_link(app: &App) -> Result<Option<IssuedCode>, StoreError> {
    if app.store.has_users().await? {
        return Ok(None);
    }
    let (issued, stored) = new_code(app, None, FIRST_USER_LINK);
    app.store.issue_setup_code(&stored).await?;
    Ok(Some(issued))
}

/// The code that someone presents, if it works.
///
/// # Errors
/// `Forbidden` when it is unknown, used or expired, without saying which.
pub async fn find_code(app: &App, code: &SecretString) -> Result<SetupCode, ApiError> {
    let found = app.store.find_setup_code(CodeDigest::of(code).0, app.now()).await?;
    found.ok_or(ApiError::Forbidden)
}

/// Makes the first user, administrator of the installation and of the first account.
///
/// The user, the profile and the use of the code are one transaction, which the database lets happen
/// once; only then is the account opened. Should that fail, the first user can sign in and open one.
///
/// # Errors
/// `Validation` for what cannot be used; `Forbidden` when a first user exists or the code was used.
pub async fn found(
    app: &App,
    first: FirstUser,
    code: Option<&SetupCode>,
    context: RequestContext,
) -> Result<Founded, ApiError> {
    let email = extract::email(&first.email)?;
    let name = extract::name("name", &first.name)?;
    let account = extract::name("account", &first.account)?;
    let password_hash = app.passwords.hash(first.password, app.random_bytes()).await?;
    if app.store.has_users().await? {
        return Err(StoreError::AlreadySetUp.into());
    }
    let (user_id, account_id, at) = (app.new_user_id(), app.new_account_id(), app.now());
    let via = if code.is_some() { Via::Setup } else { Via::CommandLine };
    let context = context.acting_as(Actor { user_id: Some(user_id), via });

    let particulars = Particulars::User(NewUserProfile {
        user_id,
        email: email.clone(),
        name: name.clone(),
        password_hash: Some(password_hash),
        is_founder: true,
        setup: code.map_or(SetupStep::None, |code| SetupStep::Redeem { digest: code.digest, at }),
    });
    let register = UserCommand::Register { roles: BTreeSet::from([InstanceRole::Admin]), at };
    app.commands.user(user_id, register, context.submission_with(app, particulars)).await?;

    let particulars = Particulars::Account { account_id, name: account };
    let open = AccountCommand::Open { first_admin: Some(user_id), at };
    app.commands.account(account_id, open, context.submission_with(app, particulars)).await?;
    Ok(Founded { user_id, email, name, account_id })
}

/// Registers a user, who chooses a password with the code that this returns.
///
/// # Errors
/// `Conflict` when the e-mail address is in use.
pub async fn invite(
    app: &App,
    invitation: Invitation,
    context: &RequestContext,
) -> Result<(UserId, IssuedCode), ApiError> {
    let user_id = app.new_user_id();
    let (issued, stored) = new_code(app, Some(user_id), INVITATION);
    let particulars = Particulars::User(NewUserProfile {
        user_id,
        email: invitation.email,
        name: invitation.name,
        password_hash: None,
        is_founder: false,
        setup: SetupStep::Issue(stored),
    });
    let register = UserCommand::Register { roles: invitation.roles, at: app.now() };
    let submission = context.submission_with(app, particulars);
    app.commands.user(user_id, register, submission).await?.expect_first()?;
    Ok((user_id, issued))
}

/// Lets an invited user choose a password.
///
/// # Errors
/// `Validation` for a password that cannot be used; `Forbidden` when the code was used or its user is locked.
pub async fn accept_invitation(
    app: &App,
    code: &SetupCode,
    password: SecretString,
) -> Result<UserId, ApiError> {
    let user_id = code.user_id.ok_or(ApiError::Forbidden)?;
    let password_hash = app.passwords.hash(password, app.random_bytes()).await?;
    if app.store.redeem_invitation(code, &password_hash, app.now()).await? {
        Ok(user_id)
    } else {
        Err(ApiError::Forbidden)
    }
}

/// The user whom an identity belongs to. Someone who comes for the first time needs an invitation,
/// which is used up by linking the identity to its user, for good.
///
/// # Errors
/// `IdentityNotLinked` for someone unknown whose invitation does not work, and for someone locked.
pub async fn come_in_by_identity(
    app: &App,
    identity: &Identity,
    invitation: Option<CodeDigest>,
) -> Result<Registration, ApiError> {
    if let Some(known) = app.store.find_registration_by_identity(identity).await? {
        return Ok(known);
    }
    let CodeDigest(digest) = invitation.ok_or(ApiError::IdentityNotLinked)?;
    let code = app.store.find_setup_code(digest, app.now()).await?;
    let code = code.ok_or(ApiError::IdentityNotLinked)?;
    let user_id = code.user_id.ok_or(ApiError::IdentityNotLinked)?;
    let invited = app.store.find_registration(user_id).await?;
    let invited = invited.ok_or(ApiError::IdentityNotLinked)?;
    if !app.store.link_identity(&code, identity, app.now()).await? {
        return Err(ApiError::IdentityNotLinked);
    }
    tracing::info!(%user_id, "user {user_id} is linked to an identity at {}", identity.issuer);
    Ok(invited)
}

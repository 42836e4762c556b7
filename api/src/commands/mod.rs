//! The way in for every change: one command, one task, one transaction.
//!
//! **Invariant:** a command runs in a task of its own, so a client that hangs up cannot cancel it
//! half-way; and no command that mints a secret is ever retried, because the first attempt's secret
//! may already be live.
//!
//! **Invariant:** under one idempotency key one command is carried out. Whoever sends it again gets the
//! events of the first time, and cannot tell the difference unless they ask.

mod executor;

use std::str::FromStr;

use async_trait::async_trait;
use domain::{
    AccountCommand, AccountError, AccountEvent, AccountId, CallCommand, CallError, CallEvent,
    CallId, CampaignCommand, CampaignError, CampaignEvent, CampaignId, TokenCommand, TokenError,
    TokenEvent, UserCommand, UserError, UserEvent, UserId, WebhookCommand, WebhookError,
    WebhookEvent,
};
use projections::{Actor, StoreError, Submission};

pub use executor::Executor;

use crate::error::ApiError;

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The token's rules refuse.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The user's rules refuse.
    #[error(transparent)]
    User(#[from] UserError),
    /// The account's rules refuse.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The call's rules refuse.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The campaign's rules refuse.
    #[error(transparent)]
    Campaign(#[from] CampaignError),
    /// The webhook URL's rules refuse.
    #[error(transparent)]
    Webhook(#[from] WebhookError),
    /// The store refuses or fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt<E> {
    /// Of what it was done to. For a repeated command, of what it was done to the first time.
    pub aggregate_id: String,
    /// Who did it. For a repeated command, who did it the first time.
    pub actor: Actor,
    /// What happened, oldest first; empty when the state asked for held already.
    pub events: Vec<E>,
    /// Whether it had been done before, under the same idempotency key. Nothing happened now.
    pub is_repeated: bool,
}

/// Changes things, one aggregate at a time.
#[async_trait]
pub trait Commands: Send + Sync {
    /// Asks something of a user's token.
    async fn token(
        &self,
        user_id: UserId,
        command: TokenCommand,
        submission: Submission,
    ) -> Result<Receipt<TokenEvent>, CommandError>;

    /// Asks something of a user.
    async fn user(
        &self,
        user_id: UserId,
        command: UserCommand,
        submission: Submission,
    ) -> Result<Receipt<UserEvent>, CommandError>;

    /// Asks something of an account.
    async fn account(
        &self,
        account_id: AccountId,
        command: AccountCommand,
        submission: Submission,
    ) -> Result<Receipt<AccountEvent>, CommandError>;

    /// Asks something of a call.
    async fn call(
        &self,
        call_id: CallId,
        command: CallCommand,
        submission: Submission,
    ) -> Result<Receipt<CallEvent>, CommandError>;

    /// The call that was triggered under the submission's idempotency key before, if there was one.
    async fn earlier_call(
        &self,
        submission: &Submission,
    ) -> Result<Option<Receipt<CallEvent>>, CommandError>;

    /// Asks something of a campaign.
    async fn campaign(
        &self,
        campaign_id: CampaignId,
        command: CampaignCommand,
        submission: Submission,
    ) -> Result<Receipt<CampaignEvent>, CommandError>;

    /// Asks something of a campaign's webhook URL.
    async fn webhook(
        &self,
        campaign_id: CampaignId,
        command: WebhookCommand,
        submission: Submission,
    ) -> Result<Receipt<WebhookEvent>, CommandError>;
}

impl<E> Receipt<E> {
    /// Whether the command wrote anything.
    pub fn wrote(&self) -> bool {
        !self.is_repeated && !self.events.is_empty()
    }

    /// Of what it was done to, as an id.
    ///
    /// # Errors
    /// `Internal` when the aggregate's id is of another kind, which it never is.
    pub fn id<T: FromStr>(&self) -> Result<T, ApiError>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.aggregate_id.parse().map_err(|error: T::Err| ApiError::Internal(error.into()))
    }

    /// The events of a command that minted a secret. Whoever repeats it has a secret that is not in force.
    ///
    /// # Errors
    /// `Conflict` when it was carried out before: the secret of that time is not shown again.
    pub fn expect_first(self) -> Result<Vec<E>, ApiError> {
        if self.is_repeated { Err(ApiError::AlreadyDone) } else { Ok(self.events) }
    }
}

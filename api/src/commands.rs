//! The way in for every change: one command, one task, one transaction.
//!
//! **Invariant:** a command runs in a task of its own, so a client that hangs up cannot cancel it
//! half-way; and no command that mints a secret is ever retried, because the first attempt's secret
//! may already be live.

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventStore, SerializedEvent};
use cqrs_es::{Aggregate, AggregateError, CqrsFramework};
use domain::{
    Account, AccountCommand, AccountError, AccountId, Token, TokenCommand, TokenError, TokenEvent,
    User, UserCommand, UserError, UserId,
};
use projections::{CommandRepository, EventStore, StoreError, Submission};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// How often a command that mints no secret is tried when another keeps getting there first.
const ATTEMPTS: usize = 8;

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
    /// The store refuses or fails.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes things, one aggregate at a time.
#[async_trait]
pub trait Commands: Send + Sync {
    /// Asks something of a user's token; says what happened, if anything did.
    async fn token(
        &self,
        user_id: UserId,
        command: TokenCommand,
        submission: Submission,
    ) -> Result<Option<TokenEvent>, CommandError>;

    /// Asks something of a user.
    async fn user(
        &self,
        user_id: UserId,
        command: UserCommand,
        submission: Submission,
    ) -> Result<(), CommandError>;

    /// Asks something of an account.
    async fn account(
        &self,
        account_id: AccountId,
        command: AccountCommand,
        submission: Submission,
    ) -> Result<(), CommandError>;
}

/// Carries commands out on one event store.
#[derive(Clone, Debug)]
pub struct Executor<S> {
    store: S,
    running: TaskTracker,
}

impl<S: EventStore> Executor<S> {
    /// An executor on `store`; `running` lets a shutdown wait for what began.
    pub const fn new(store: S, running: TaskTracker) -> Self {
        Self { store, running }
    }

    async fn spawn<A>(
        &self,
        aggregate_id: String,
        command: A::Command,
        submission: Submission,
        attempts: usize,
    ) -> Result<Vec<A::Event>, CommandError>
    where
        A: Aggregate<Services = ()> + 'static,
        A::Command: Clone + Send + Sync + 'static,
        CommandError: From<A::Error>,
    {
        let store = self.store.clone();
        let task = async move {
            let mut attempt = 1;
            loop {
                let (command, submission) = (command.clone(), submission.clone());
                match execute::<A>(store.clone(), &aggregate_id, command, submission).await {
                    Err(CommandError::Store(StoreError::Conflict)) if attempt < attempts => {
                        attempt += 1;
                    }
                    outcome => break outcome,
                }
            }
        };
        // A panic in the task leaves open what became of the transaction.
        self.running
            .spawn(task.in_current_span())
            .await
            .unwrap_or_else(|panic| Err(StoreError::OutcomeUnknown(panic.into()).into()))
    }
}

async fn execute<A>(
    store: impl EventStore,
    aggregate_id: &str,
    command: A::Command,
    submission: Submission,
) -> Result<Vec<A::Event>, CommandError>
where
    A: Aggregate<Services = ()> + 'static,
    CommandError: From<A::Error>,
{
    let metadata = submission.metadata();
    let repository = CommandRepository::new(store, submission);
    let framework = CqrsFramework::<A, _>::new(
        PersistedEventStore::new_event_store(repository.clone()),
        vec![],
        (),
    );
    framework
        .execute_with_metadata(aggregate_id, command, metadata)
        .await
        .map_err(command_error::<A>)?;
    repository.committed().into_iter().map(payload::<A>).collect()
}

fn payload<A: Aggregate>(event: SerializedEvent) -> Result<A::Event, CommandError> {
    serde_json::from_value(event.payload).map_err(|error| StoreError::Corrupt(error.into()).into())
}

fn command_error<A: Aggregate>(error: AggregateError<A::Error>) -> CommandError
where
    CommandError: From<A::Error>,
{
    match error {
        AggregateError::UserError(refusal) => refusal.into(),
        AggregateError::AggregateConflict => StoreError::Conflict.into(),
        AggregateError::DatabaseConnectionError(error) => StoreError::Unavailable(error).into(),
        AggregateError::DeserializationError(error) => StoreError::Corrupt(error).into(),
        // Our own errors come through whole; anything else is a read of the crates that failed.
        AggregateError::UnexpectedError(error) => match error.downcast::<StoreError>() {
            Ok(error) => (*error).into(),
            Err(error) => StoreError::Unavailable(error).into(),
        },
    }
}

#[async_trait]
impl<S: EventStore> Commands for Executor<S> {
    async fn token(
        &self,
        user_id: UserId,
        command: TokenCommand,
        submission: Submission,
    ) -> Result<Option<TokenEvent>, CommandError> {
        let attempts = match command {
            TokenCommand::Generate { .. } | TokenCommand::Regenerate { .. } => 1,
            TokenCommand::Revoke { .. } => ATTEMPTS,
        };
        let mut events =
            self.spawn::<Token>(user_id.to_string(), command, submission, attempts).await?;
        Ok(events.pop())
    }

    async fn user(
        &self,
        user_id: UserId,
        command: UserCommand,
        submission: Submission,
    ) -> Result<(), CommandError> {
        self.spawn::<User>(user_id.to_string(), command, submission, ATTEMPTS).await.map(drop)
    }

    async fn account(
        &self,
        account_id: AccountId,
        command: AccountCommand,
        submission: Submission,
    ) -> Result<(), CommandError> {
        self.spawn::<Account>(account_id.to_string(), command, submission, ATTEMPTS).await.map(drop)
    }
}

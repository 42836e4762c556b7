//! Carries commands out on one event store.

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventStore, SerializedEvent};
use cqrs_es::{Aggregate, AggregateError, CqrsFramework};
use domain::{
    Account, AccountCommand, AccountEvent, AccountId, Call, CallCommand, CallEvent, CallId,
    Campaign, CampaignCommand, CampaignEvent, CampaignId, Recalls, Token, TokenCommand, TokenEvent,
    User, UserCommand, UserEvent, UserId, Webhook, WebhookCommand, WebhookEvent,
};
use projections::{
    CommandRepository, EventStore, FirstOutcome, StoreError, Submission, find_outcome,
};
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use super::{CommandError, Commands, Receipt};
use crate::measures::{self, Stopwatch};

/// How often a command that mints no secret is tried when another keeps getting there first.
const ATTEMPTS: usize = 8;

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
    ) -> Result<Receipt<A::Event>, CommandError>
    where
        A: Recalls<Services = ()> + 'static,
        A::Command: Clone + Send + Sync + 'static,
        CommandError: From<A::Error>,
    {
        let store = self.store.clone();
        let task = async move {
            let watch = Stopwatch::start();
            let mut attempt = 1;
            let outcome = loop {
                let (command, submission) = (command.clone(), submission.clone());
                match execute_once::<A>(&store, &aggregate_id, command, submission).await {
                    Err(CommandError::Store(StoreError::Conflict)) if attempt < attempts => {
                        attempt += 1;
                    }
                    outcome => break outcome,
                }
            };
            // Whoever finds that there is nothing to do may have been told so by a change that another command
            // made a moment ago: that is an acknowledgement, too.
            let outcome = match outcome {
                Ok(receipt) if !receipt.wrote() => secured(&store, receipt).await,
                outcome => outcome,
            };
            measures::commands::count(A::TYPE, watch, &outcome);
            outcome
        };
        // A panic in the task leaves open what became of the transaction.
        self.running
            .spawn(task.in_current_span())
            .await
            .unwrap_or_else(|panic| Err(StoreError::OutcomeUnknown(panic.into()).into()))
    }
}

/// Vouches for a receipt of what was there: the commit that put it there may have been answered with "unknown", and be
/// where a failover would lose it.
async fn secured<E>(
    store: &impl EventStore,
    receipt: Receipt<E>,
) -> Result<Receipt<E>, CommandError> {
    match store.secure().await {
        Ok(()) => Ok(receipt),
        Err(StoreError::Unavailable(error)) => Err(StoreError::OutcomeUnknown(error).into()),
        Err(error) => Err(error.into()),
    }
}

/// Carries the command out, unless that was done under its idempotency key before. Whoever is refused looks
/// again: what refuses the command may be what the same request did a moment ago.
async fn execute_once<A>(
    store: &impl EventStore,
    aggregate_id: &str,
    command: A::Command,
    submission: Submission,
) -> Result<Receipt<A::Event>, CommandError>
where
    A: Recalls<Services = ()> + 'static,
    CommandError: From<A::Error>,
{
    if let Some(first) = earlier::<A>(store, &submission).await? {
        return Ok(first);
    }
    let error = match execute::<A>(store.clone(), aggregate_id, command, submission.clone()).await {
        Ok(receipt) => return Ok(receipt),
        Err(error) => error,
    };
    if !nothing_was_done(&error) {
        return Err(error);
    }
    match (earlier::<A>(store, &submission).await?, error) {
        (Some(first), _) => Ok(first),
        (None, CommandError::Store(StoreError::Repeated)) => Err(StoreError::Conflict.into()),
        (None, error) => Err(error),
    }
}

/// Whether the command was refused, rather than that something went wrong.
const fn nothing_was_done(error: &CommandError) -> bool {
    !matches!(
        error,
        CommandError::Store(
            StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) | StoreError::Corrupt(_)
        )
    )
}

/// What was done under the submission's idempotency key.
async fn earlier<A: Aggregate>(
    store: &impl EventStore,
    submission: &Submission,
) -> Result<Option<Receipt<A::Event>>, CommandError> {
    let Some(key) = &submission.idempotency_key else { return Ok(None) };
    let Some(first) = find_outcome::<A>(store, key).await? else { return Ok(None) };
    let FirstOutcome { aggregate_id, actor, events } = first;
    let events = events.into_iter().map(payload::<A>).collect::<Result<_, _>>()?;
    Ok(Some(Receipt { aggregate_id, actor, events, is_repeated: true }))
}

async fn execute<A>(
    store: impl EventStore,
    aggregate_id: &str,
    command: A::Command,
    submission: Submission,
) -> Result<Receipt<A::Event>, CommandError>
where
    A: Recalls<Services = ()> + 'static,
    CommandError: From<A::Error>,
{
    let (metadata, actor) = (submission.metadata(), submission.actor);
    let repository = CommandRepository::new(store, A::RECALL, submission);
    let framework = CqrsFramework::<A, _>::new(
        PersistedEventStore::new_event_store(repository.clone()),
        vec![],
        (),
    );
    framework
        .execute_with_metadata(aggregate_id, command, metadata)
        .await
        .map_err(command_error::<A>)?;
    let events = repository.committed().into_iter().map(payload::<A>).collect::<Result<_, _>>()?;
    Ok(Receipt { aggregate_id: aggregate_id.to_owned(), actor, events, is_repeated: false })
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
    ) -> Result<Receipt<TokenEvent>, CommandError> {
        let attempts = match command {
            TokenCommand::Generate { .. } | TokenCommand::Regenerate { .. } => 1,
            TokenCommand::Revoke { .. } => ATTEMPTS,
        };
        self.spawn::<Token>(user_id.to_string(), command, submission, attempts).await
    }

    async fn user(
        &self,
        user_id: UserId,
        command: UserCommand,
        submission: Submission,
    ) -> Result<Receipt<UserEvent>, CommandError> {
        self.spawn::<User>(user_id.to_string(), command, submission, ATTEMPTS).await
    }

    async fn account(
        &self,
        account_id: AccountId,
        command: AccountCommand,
        submission: Submission,
    ) -> Result<Receipt<AccountEvent>, CommandError> {
        self.spawn::<Account>(account_id.to_string(), command, submission, ATTEMPTS).await
    }

    async fn call(
        &self,
        call_id: CallId,
        command: CallCommand,
        submission: Submission,
    ) -> Result<Receipt<CallEvent>, CommandError> {
        self.spawn::<Call>(call_id.to_string(), command, submission, ATTEMPTS).await
    }

    async fn earlier_call(
        &self,
        submission: &Submission,
    ) -> Result<Option<Receipt<CallEvent>>, CommandError> {
        match earlier::<Call>(&self.store, submission).await? {
            Some(first) => secured(&self.store, first).await.map(Some),
            None => Ok(None),
        }
    }

    async fn campaign(
        &self,
        campaign_id: CampaignId,
        command: CampaignCommand,
        submission: Submission,
    ) -> Result<Receipt<CampaignEvent>, CommandError> {
        self.spawn::<Campaign>(campaign_id.to_string(), command, submission, ATTEMPTS).await
    }

    async fn webhook(
        &self,
        campaign_id: CampaignId,
        command: WebhookCommand,
        submission: Submission,
    ) -> Result<Receipt<WebhookEvent>, CommandError> {
        let attempts = match command {
            WebhookCommand::Rotate { .. } => 1,
            WebhookCommand::Revoke { .. } => ATTEMPTS,
        };
        self.spawn::<Webhook>(campaign_id.to_string(), command, submission, attempts).await
    }
}

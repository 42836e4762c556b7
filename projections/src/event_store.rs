//! Appends events and everything that follows from them, in one transaction, and reads them back.
//!
//! The crates' own `persist` commits events alone and leaves read models to a callback that a crash or
//! a dropped future skips; so the write is ours. The reads are theirs, where an aggregate is told all of its events.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use domain::Recall;

use crate::recall::recall;
use crate::sequencer::{Numbering, Turn};
use crate::sql::{Sql, Statement};
use crate::{StoreError, Submission};

/// Longest time for finding out what became of a commit. With the longest wait for its answer that is less than five
/// seconds.
const ASKING: Duration = Duration::from_millis(800);

/// A database that keeps events.
pub trait EventStore: Sql + Clone + Send + Sync + 'static {
    /// The events of one aggregate, oldest first, as the crate for this database reads them.
    fn read_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> impl Future<Output = Result<Vec<SerializedEvent>, PersistenceError>> + Send;

    /// The last event of one aggregate; `None` when it has none.
    fn latest_event(
        &self,
        aggregate_type: &'static str,
        aggregate_id: &str,
    ) -> impl Future<Output = Result<Option<SerializedEvent>, StoreError>> + Send;

    /// Writes `events` and all that follows from them, or nothing.
    ///
    /// # Errors
    /// [`CommitError`] tells whether the commit had been sent when it failed.
    fn append(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;

    /// Returns when everything that this database shows now is as safe as what it acknowledged.
    ///
    /// # Errors
    /// When that is not known.
    fn secure(&self) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Gives up to a thousand events that wait for it their positions in the log, in one transaction.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be asked; `Corrupt` when the log or an event is not as it must be.
    /// Either way nothing was numbered, or it is found so next time.
    fn number_batch(
        &self,
        turn: Turn,
    ) -> impl Future<Output = Result<Numbering, StoreError>> + Send;

    /// Returns when this process has committed events that wait for their positions.
    fn events_wait(&self) -> impl Future<Output = ()> + Send;
}

/// How far an append came.
#[derive(Debug)]
pub enum CommitError {
    /// Nothing was written.
    NotSent(StoreError),
    /// The commit was sent and no answer came.
    AnswerLost(Box<dyn std::error::Error + Send + Sync>),
}

impl From<StoreError> for CommitError {
    fn from(error: StoreError) -> Self {
        Self::NotSent(error)
    }
}

#[derive(sqlx::FromRow)]
struct MetadataRow {
    metadata: sqlx::types::Json<std::collections::HashMap<String, String>>,
}

/// Appends, and finds out what became of a commit whose answer was lost.
async fn append(
    store: &impl EventStore,
    events: &[SerializedEvent],
    submission: &Submission,
) -> Result<(), StoreError> {
    let Some(first) = events.first() else { return Ok(()) };
    if fail::eval("acknowledge_before_commit", |_| ()).is_some() {
        let (store, events, submission) = (store.clone(), events.to_vec(), submission.clone());
        tokio::spawn(async move {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            drop(store.append(&events, &submission).await);
        });
        return Ok(());
    }
    let lost = match store.append(events, submission).await {
        Ok(()) => {
            submission.subscribers.ring();
            return Ok(());
        }
        Err(CommitError::NotSent(error)) => return Err(error),
        Err(CommitError::AnswerLost(error)) => error,
    };
    tracing::warn!(
        command_id = %submission.command_id,
        error = %lost,
        "lost the answer to the commit of command {}; asking what became of it",
        submission.command_id
    );
    match tokio::time::timeout(ASKING, is_own(store, first, submission)).await {
        Ok(Ok(Some(true))) => Ok(()),
        Ok(Ok(Some(false))) => Err(StoreError::Conflict),
        // No row is no proof: the server may still be working on the commit.
        Ok(Ok(None) | Err(_)) | Err(_) => Err(StoreError::OutcomeUnknown(lost)),
    }
}

/// Whether an event was written by this command; `None` when there is no such event.
///
/// # Errors
/// When the store cannot be asked, and when the event is there and not safe yet.
async fn is_own(
    store: &impl EventStore,
    event: &SerializedEvent,
    submission: &Submission,
) -> Result<Option<bool>, StoreError> {
    let sequence = i64::try_from(event.sequence).map_err(StoreError::corrupt)?;
    let question = Statement::new(
        "
SELECT metadata
FROM events
WHERE aggregate_type = $1
  AND aggregate_id = $2
  AND sequence = $3",
    )
    .bind(&*event.aggregate_type)
    .bind(&*event.aggregate_id)
    .bind(sequence);
    let rows = store.fetch::<MetadataRow>(question).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    if row.metadata.get(Submission::COMMAND_ID) != Some(&submission.command_id.to_string()) {
        return Ok(Some(false));
    }
    store.secure().await?;
    Ok(Some(true))
}

/// What cqrs-es sees of the store during one command: its submission comes along, and what was
/// committed can be asked for afterwards.
#[derive(Clone)]
pub struct CommandRepository<S> {
    store: S,
    recall: Recall,
    submission: Arc<Submission>,
    committed: Arc<Mutex<Vec<SerializedEvent>>>,
}

impl<S: EventStore> CommandRepository<S> {
    /// The store as one command uses it, which is told so much of the aggregate's past.
    pub fn new(store: S, recall: Recall, submission: Submission) -> Self {
        Self { store, recall, submission: Arc::new(submission), committed: Arc::default() }
    }

    /// The events that this command committed, oldest first.
    pub fn committed(&self) -> Vec<SerializedEvent> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The reads that nothing here may use, and why.
fn unsupported<T>(what: &str) -> Result<T, PersistenceError> {
    Err(PersistenceError::UnknownError(format!("{what} are not kept: see docs/adr").into()))
}

impl<S: EventStore> PersistedEventRepository for CommandRepository<S> {
    async fn get_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        recall::<A>(&self.store, aggregate_id, self.recall).await
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        _aggregate_id: &str,
        _last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        unsupported("snapshots")
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        _aggregate_id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        unsupported("snapshots")
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot_update: Option<(String, serde_json::Value, usize)>,
    ) -> Result<(), PersistenceError> {
        if snapshot_update.is_some() {
            return unsupported("snapshots");
        }
        append(&self.store, events, &self.submission).await?;
        self.committed.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(events);
        Ok(())
    }

    async fn stream_events<A: Aggregate>(
        &self,
        _aggregate_id: &str,
    ) -> Result<ReplayStream, PersistenceError> {
        unsupported("streams, which end silently when a connection is lost,")
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        unsupported("streams, which end silently when a connection is lost,")
    }
}

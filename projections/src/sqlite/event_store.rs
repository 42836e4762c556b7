//! Commands are written by one thread; reads are the crate's own.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use sqlite_es::SqliteEventRepository;

use super::Sqlite;
use super::writing::Draft;
use crate::event_store::{CommitError, EventStore};
use crate::recall::find_latest;
use crate::sequencer::{self, Numbering, Turn};
use crate::{StoreError, Submission};

impl EventStore for Sqlite {
    async fn read_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        SqliteEventRepository::new(self.reader.clone()).get_events::<A>(aggregate_id).await
    }

    async fn latest_event(
        &self,
        aggregate_type: &'static str,
        aggregate_id: &str,
    ) -> Result<Option<SerializedEvent>, StoreError> {
        find_latest(self, aggregate_type, aggregate_id).await
    }

    async fn append(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<(), CommitError> {
        self.writing.write(Draft::of(events, submission)?).await
    }

    /// What is visible is on disk.
    async fn secure(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Only events that are older than the log ever wait.
    async fn number_batch(&self, turn: Turn) -> Result<Numbering, StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        match sequencer::number_batch(&mut *tx, turn).await {
            Ok(done) => tx.commit().await.map(|()| done).map_err(StoreError::from),
            Err(error) => tx.rollback().await.map_err(Into::into).and(Err(error)),
        }
    }

    /// They have their positions already.
    async fn events_wait(&self) {
        std::future::pending::<()>().await;
    }
}

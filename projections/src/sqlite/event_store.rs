//! One `BEGIN IMMEDIATE` transaction per command, on the one write connection.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use sqlite_es::SqliteEventRepository;
use sqlx::Connection;

use super::Sqlite;
use crate::event_store::{CommitError, EventStore};
use crate::replica::{self, Intent};
use crate::sequencer::{self, Numbering, Turn};
use crate::write::write;
use crate::{StoreError, Submission};

impl EventStore for Sqlite {
    async fn read_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        SqliteEventRepository::new(self.reader.clone()).get_events::<A>(aggregate_id).await
    }

    async fn append(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<(), CommitError> {
        let intents = Intent::of(events)?;
        let mut connection = self.writer.acquire().await.map_err(StoreError::from)?;
        // IMMEDIATE takes the write lock at once; a deferred transaction that reads first can fail
        // with SQLITE_BUSY_SNAPSHOT when it comes to write.
        let outcome = match connection.begin_with("BEGIN IMMEDIATE").await {
            Err(error) => Err(CommitError::NotSent(error.into())),
            Ok(mut tx) => match write(&mut *tx, events, submission).await {
                Ok(()) => {
                    let doubt = self.memory.doubt(|live| live.announce(&intents));
                    match tx.commit().await {
                        Ok(()) => {
                            doubt.settle(|live| {
                                replica::apply_all(live, events);
                                live.announce(&[]);
                            });
                            Ok(())
                        }
                        Err(error) => Err(CommitError::AnswerLost(error.into())),
                    }
                }
                Err(error) => match tx.rollback().await {
                    Ok(()) => Err(error.into()),
                    Err(failed) => Err(CommitError::NotSent(failed.into())),
                },
            },
        };
        if matches!(
            outcome,
            Err(CommitError::AnswerLost(_)
                | CommitError::NotSent(StoreError::Unavailable(_) | StoreError::Corrupt(_)))
        ) {
            // After an I/O error SQLite may have ended the transaction by itself: start afresh.
            connection.close_on_drop();
        }
        outcome
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

//! One transaction per command.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use sqlx::Connection;

use super::{CALL_TIMEOUT, Postgres, in_time};
use crate::event_store::{CommitError, EventStore};
use crate::sequencer::{self, Numbering, Turn};
use crate::write::write;
use crate::{StoreError, Submission, replica};

impl EventStore for Postgres {
    async fn read_events<A: Aggregate>(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        let repository = PostgresEventRepository::new(self.commands.clone());
        tokio::time::timeout(CALL_TIMEOUT, repository.get_events::<A>(aggregate_id))
            .await
            .unwrap_or_else(|elapsed| Err(PersistenceError::ConnectionError(elapsed.into())))
    }

    async fn append(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<(), CommitError> {
        let mut connection = self.commands.acquire().await.map_err(StoreError::from)?;
        let outcome = match in_time(connection.begin()).await {
            Err(error) => Err(CommitError::NotSent(error.into())),
            Ok(mut tx) => match write(&mut *tx, events, submission).await {
                Ok(()) => in_time(tx.commit())
                    .await
                    .map_err(|error| CommitError::AnswerLost(error.into())),
                Err(error) => match in_time(tx.rollback()).await {
                    Ok(()) => Err(error.into()),
                    Err(failed) => Err(CommitError::NotSent(failed.into())),
                },
            },
        };
        if matches!(
            outcome,
            Err(CommitError::AnswerLost(_) | CommitError::NotSent(StoreError::Unavailable(_)))
        ) {
            // Whatever the connection is in the middle of, nobody else should inherit it.
            connection.close_on_drop();
        }
        if outcome.is_ok() {
            self.bell.notify_one();
        }
        outcome
    }

    async fn number_batch(&self, turn: Turn) -> Result<Numbering, StoreError> {
        let mut connection = self.commands.acquire().await?;
        let outcome = match in_time(connection.begin()).await {
            Err(error) => Err(error.into()),
            Ok(mut tx) => match sequencer::number_batch(&mut *tx, turn).await {
                Ok(done) if done.is_empty() => {
                    in_time(tx.rollback()).await.map(|()| done).map_err(StoreError::from)
                }
                Ok(done) => in_time(tx.commit()).await.map(|()| done).map_err(StoreError::from),
                Err(error) => in_time(tx.rollback()).await.map_err(Into::into).and(Err(error)),
            },
        };
        if outcome.is_err() {
            // As above. It may also hold the turn.
            connection.close_on_drop();
        }
        outcome
    }

    async fn events_wait(&self) {
        self.bell.notified().await;
    }

    async fn settle(&self, aggregate: (&str, &str), _wrote: bool) {
        if replica::follows(aggregate.0) {
            self.settling.settle(&self.reads, aggregate).await;
        }
    }
}

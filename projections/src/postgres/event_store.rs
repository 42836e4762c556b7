//! Where events are kept.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use sqlx::Connection;

use super::writing::Draft;
use super::{CALL_TIMEOUT, Postgres, commit, in_time};
use crate::event_store::{CommitError, EventStore};
use crate::sequencer::{self, Numbering, Turn};
use crate::{StoreError, Submission};

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

    async fn latest_event(
        &self,
        aggregate_type: &'static str,
        aggregate_id: &str,
    ) -> Result<Option<SerializedEvent>, StoreError> {
        self.recalling.latest(aggregate_type, aggregate_id).await
    }

    async fn append(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<(), CommitError> {
        self.writing.write(Draft::of(events, submission)?).await
    }

    async fn secure(&self) -> Result<(), StoreError> {
        let mut connection = self.commands.acquire().await?;
        let secure = commit::secure(&mut connection).await;
        if secure.is_err() {
            connection.close_on_drop();
        }
        Ok(secure?)
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
            // Whatever the connection is in the middle of, nobody else should inherit it. It may also hold the turn.
            connection.close_on_drop();
        }
        outcome
    }

    async fn events_wait(&self) {
        self.bell.notified().await;
    }
}

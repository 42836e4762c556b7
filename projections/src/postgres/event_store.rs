//! One transaction per command.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistedEventRepository, PersistenceError, SerializedEvent};
use postgres_es::PostgresEventRepository;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::announcing::{self, Announcement, withdraw};
use super::{CALL_TIMEOUT, Postgres, commit, in_time, is_old_release};
use crate::event_store::{CommitError, EventStore};
use crate::replica::Intent;
use crate::sequencer::{self, Numbering, Turn};
use crate::write::{Transaction, leaves, steps};
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

    async fn append(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<(), CommitError> {
        let intents = if is_old_release() { Vec::new() } else { Intent::of(events)? };
        let announced = if intents.is_empty() {
            None
        } else {
            Some(self.announcing.announce(&self.commands, &intents).await?)
        };
        let outcome = self.commit(events, submission, announced).await;
        if let (Some(announced), Err(CommitError::NotSent(_))) = (announced, &outcome) {
            announcing::forget(&self.commands, announced);
        }
        outcome
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
            // As above. It may also hold the turn.
            connection.close_on_drop();
        }
        outcome
    }

    async fn events_wait(&self) {
        self.bell.notified().await;
    }
}

impl Postgres {
    /// One transaction: the events, all that follows from them, and the end of what was announced.
    async fn commit(
        &self,
        events: &[SerializedEvent],
        submission: &Submission,
        announced: Option<Announcement>,
    ) -> Result<(), CommitError> {
        let mut connection = self.commands.acquire().await.map_err(StoreError::from)?;
        let outcome = match in_time(connection.begin()).await {
            Err(error) => Err(CommitError::NotSent(error.into())),
            Ok(mut tx) => match fill(&mut tx, events, submission, announced).await {
                Ok(()) => commit::committed(tx.commit())
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
}

/// Fills the transaction of a command.
async fn fill(
    tx: &mut PgConnection,
    events: &[SerializedEvent],
    submission: &Submission,
    announced: Option<Announcement>,
) -> Result<(), StoreError> {
    // The sequencer must be able to make leaves of them.
    leaves(events)?;
    tx.run(steps::<PgConnection>(events, submission)?).await?;
    match announced {
        Some(announced) => withdraw(tx, announced).await,
        None => Ok(()),
    }
}

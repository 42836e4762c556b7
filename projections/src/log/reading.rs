//! The log, read from the tables.

use async_trait::async_trait;
use domain::TokenId;
use domain::log::proof::{self, TreeHead};

use super::proving::{find_head, prove};
use super::rows::{CheckpointRow, EventRow, unsigned};
use super::{KeptCheckpoint, Log, LogCount, LoggedEvent, Proof};
use crate::deliveries::EventKey;
use crate::sequencer::{Numbering, Turn, position};
use crate::sql::{Sql, Statement};
use crate::{EventStore, StoreError};

const COUNT: &str = "
SELECT (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM event_log) AS numbered,
       (SELECT count(*) FROM log_queue) AS waiting";

const FIND_POSITION: &str = "
SELECT position
FROM event_log
WHERE aggregate_type = $1
  AND aggregate_id = $2
  AND sequence = $3";

const FIND_ISSUE: &str = "
SELECT user_id, sequence
FROM token_history
WHERE token_id = $1
  AND kind <> 'revoked'";

const LIST_EVENTS: &str = "
SELECT l.position, l.leaf_hash, e.aggregate_type, e.aggregate_id, e.sequence,
       e.event_type, e.event_version, e.payload, e.metadata
FROM event_log l
JOIN events e
  ON e.aggregate_type = l.aggregate_type
 AND e.aggregate_id = l.aggregate_id
 AND e.sequence = l.sequence
WHERE l.position > $1
ORDER BY l.position
LIMIT $2";

pub(crate) const SELECT_CHECKPOINT: &str = "
SELECT size, verifier_key, root_hash, note, made_at
FROM log_checkpoints";

const KEEP_CHECKPOINT: &str = "
INSERT INTO log_checkpoints (size, verifier_key, root_hash, note, made_at)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (size, verifier_key) DO NOTHING";

async fn checkpoint(
    store: &impl Sql,
    question: Statement,
) -> Result<Option<KeptCheckpoint>, StoreError> {
    store.fetch::<CheckpointRow>(question).await?.pop().map(KeptCheckpoint::try_from).transpose()
}

#[async_trait]
impl<S: EventStore> Log for S {
    async fn number_events(&self, turn: Turn) -> Result<Numbering, StoreError> {
        self.number_batch(turn).await
    }

    async fn events_wait(&self) {
        EventStore::events_wait(self).await;
    }

    async fn find_log_head(&self) -> Result<TreeHead, StoreError> {
        find_head(self).await
    }

    async fn count_log(&self) -> Result<LogCount, StoreError> {
        let counts = self.fetch::<(i64, i64, i64)>(Statement::new(COUNT)).await?.pop();
        let (events, numbered, waiting) = counts.unwrap_or_default();
        Ok(LogCount {
            events: unsigned(events)?,
            numbered: unsigned(numbered)?,
            waiting: unsigned(waiting)?,
        })
    }

    async fn prove_inclusion(&self, index: u64, size: u64) -> Result<Option<Proof>, StoreError> {
        prove(self, proof::inclusion_ranges(index, size), size).await
    }

    async fn prove_consistency(&self, old: u64, new: u64) -> Result<Option<Proof>, StoreError> {
        prove(self, proof::consistency_ranges(old, new), new).await
    }

    async fn find_position(&self, event: &EventKey) -> Result<Option<u64>, StoreError> {
        let question = Statement::new(FIND_POSITION)
            .bind(&*event.aggregate_type)
            .bind(&*event.aggregate_id)
            .bind(event.sequence);
        let row = self.fetch::<(i64,)>(question).await?.pop();
        row.map(|(position,)| unsigned(position)).transpose()
    }

    async fn find_issue(&self, token_id: TokenId) -> Result<Option<EventKey>, StoreError> {
        let question = Statement::new(FIND_ISSUE).bind(token_id.to_string());
        let row = self.fetch::<(String, i64)>(question).await?.pop();
        Ok(row.map(|(aggregate_id, sequence)| EventKey {
            aggregate_type: "token".to_owned(),
            aggregate_id,
            sequence,
        }))
    }

    async fn list_log_events(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, StoreError> {
        let question = Statement::new(LIST_EVENTS).bind(position(after)?).bind(i64::from(limit));
        let rows = self.fetch::<EventRow>(question).await?;
        rows.into_iter().map(LoggedEvent::try_from).collect()
    }

    async fn find_latest_checkpoint(
        &self,
        verifier_key: Option<&str>,
    ) -> Result<Option<KeptCheckpoint>, StoreError> {
        let question = Statement::new(format!(
            "{SELECT_CHECKPOINT}
WHERE ($1 IS NULL OR verifier_key = $1)
ORDER BY size DESC, made_at DESC
LIMIT 1"
        ));
        checkpoint(self, question.bind(verifier_key.map(str::to_owned))).await
    }

    async fn find_checkpoint(&self, size: u64) -> Result<Option<KeptCheckpoint>, StoreError> {
        let question = Statement::new(format!(
            "{SELECT_CHECKPOINT}
WHERE size = $1
ORDER BY made_at DESC
LIMIT 1"
        ));
        checkpoint(self, question.bind(position(size)?)).await
    }

    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), StoreError> {
        let keep = Statement::new(KEEP_CHECKPOINT)
            .bind(position(checkpoint.head.size)?)
            .bind(&*checkpoint.verifier_key)
            .bind(checkpoint.head.root.as_bytes().to_vec())
            .bind(&*checkpoint.note)
            .bind(checkpoint.made_at);
        self.execute(keep).await.map(drop)
    }
}

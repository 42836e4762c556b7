//! A command sent twice under one key is carried out once.
//!
//! The key is used up in the transaction of the events, so neither a crash nor a lost answer nor a race
//! can come between. What is kept points at the events: whoever repeats the request gets an answer made
//! from them again, and nothing of the answer itself is stored.

use chrono::{DateTime, TimeDelta, Utc};
use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistenceError, SerializedEvent};

use crate::recorded::RecordedEvent;
use crate::sql::Statement;
use crate::{Actor, EventStore, StoreError};

/// How long a key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

/// Names one request, whoever repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// SHA-256 of who sent the key, and the key.
    pub digest: [u8; 32],
    /// SHA-256 of the request: the same key must mean the same.
    pub request_digest: [u8; 32],
    /// Now.
    pub at: DateTime<Utc>,
}

/// What came of the first request under a key.
#[derive(Clone, Debug)]
pub struct FirstOutcome {
    /// Of the aggregate that it changed.
    pub aggregate_id: String,
    /// Who did it.
    pub actor: Actor,
    /// Oldest first.
    pub events: Vec<SerializedEvent>,
}

const USE_KEY: &str = "
INSERT INTO idempotency_keys (key_digest, request_digest, aggregate_type, aggregate_id,
                              first_sequence, last_sequence, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (key_digest) DO UPDATE
SET request_digest = excluded.request_digest,
    aggregate_type = excluded.aggregate_type,
    aggregate_id = excluded.aggregate_id,
    first_sequence = excluded.first_sequence,
    last_sequence = excluded.last_sequence,
    expires_at = excluded.expires_at
WHERE idempotency_keys.expires_at <= $8";

const FIND_KEY: &str = "
SELECT request_digest, aggregate_id, first_sequence, last_sequence
FROM idempotency_keys
WHERE key_digest = $1
  AND expires_at > $2";

#[derive(sqlx::FromRow)]
struct KeyRow {
    request_digest: Vec<u8>,
    aggregate_id: String,
    first_sequence: i64,
    last_sequence: i64,
}

/// Uses up the key for `events`; touches no row when it is used up already.
pub(crate) fn use_key(
    key: &IdempotencyKey,
    events: &[SerializedEvent],
) -> Result<Statement, StoreError> {
    let (Some(first), Some(last)) = (events.first(), events.last()) else {
        return Err(StoreError::corrupt("a key cannot be used up by nothing"));
    };
    let sequence =
        |event: &SerializedEvent| i64::try_from(event.sequence).map_err(StoreError::corrupt);
    Ok(Statement::new(USE_KEY)
        .bind(key.digest.to_vec())
        .bind(key.request_digest.to_vec())
        .bind(&*first.aggregate_type)
        .bind(&*first.aggregate_id)
        .bind(sequence(first)?)
        .bind(sequence(last)?)
        .bind(key.at + REMEMBERED)
        .bind(key.at))
}

/// What came of the first request under this key; `None` when there was none, or too long ago.
///
/// # Errors
/// `KeyReused` when that was another request; `Unavailable` when the store cannot be asked.
pub async fn find_outcome<A: Aggregate>(
    store: &impl EventStore,
    key: &IdempotencyKey,
) -> Result<Option<FirstOutcome>, StoreError> {
    let question = Statement::new(FIND_KEY).bind(key.digest.to_vec()).bind(key.at);
    let Some(row) = store.fetch::<KeyRow>(question).await?.pop() else { return Ok(None) };
    if row.request_digest != key.request_digest {
        return Err(StoreError::KeyReused);
    }
    let mut events = store.read_events::<A>(&row.aggregate_id).await.map_err(unreadable)?;
    events.retain(|event| {
        i64::try_from(event.sequence)
            .is_ok_and(|sequence| (row.first_sequence..=row.last_sequence).contains(&sequence))
    });
    let first = events.first().ok_or_else(|| StoreError::corrupt("a key points at no event"))?;
    let actor = RecordedEvent::read(first)?.actor;
    Ok(Some(FirstOutcome { aggregate_id: row.aggregate_id, actor, events }))
}

fn unreadable(error: PersistenceError) -> StoreError {
    match error {
        PersistenceError::DeserializationError(error) => StoreError::Corrupt(error),
        PersistenceError::OptimisticLockError
        | PersistenceError::ConnectionError(_)
        | PersistenceError::UnknownError(_) => StoreError::Unavailable(error.into()),
    }
}

//! The outbox: who is still to be told what, and what became of telling them.
//!
//! **Invariant:** of one aggregate's events, an endpoint's next is not due while an earlier one is pending.
//! **Invariant:** a delivery is claimed by one sender at a time; one that lost its claim no longer
//! decides what becomes of a failure.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cqrs_es::persist::SerializedEvent;

use crate::recorded::RecordedEvent;
use crate::sql::{Sql, Statement};
use crate::{Page, PageRequest, StoreError};

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryStatus {
    /// To be sent, or to be sent again.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up, until someone replays it.
    Dead,
}

impl DeliveryStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// The name used in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// Whether it is still to be sent.
    pub fn is_pending(self) -> bool {
        self == Self::Pending
    }

    /// Reads that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Which event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKey {
    /// For example `token`.
    pub aggregate_type: String,
    /// Of which one.
    pub aggregate_id: String,
    /// 1, 2, 3 … within the aggregate.
    pub sequence: i64,
}

/// A delivery that may be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// Which.
    pub id: i64,
    /// As the receiver reads it.
    pub event_type: String,
    /// What to tell.
    pub event: EventKey,
    /// Attempts so far.
    pub attempts: i64,
}

/// A delivery, as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryEntry {
    /// Which.
    pub id: i64,
    /// To whom.
    pub endpoint: String,
    /// As the receiver reads it.
    pub event_type: String,
    /// What to tell.
    pub event: EventKey,
    /// How it stands.
    pub status: DeliveryStatus,
    /// Attempts so far.
    pub attempts: i64,
    /// Not before.
    pub next_attempt_at: DateTime<Utc>,
    /// The HTTP status of the last attempt, if one came.
    pub last_status: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When the event happened.
    pub created_at: DateTime<Utc>,
    /// When it was last attempted or replayed.
    pub updated_at: DateTime<Utc>,
}

/// Which deliveries to list; `None` = whichever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// How they stand.
    pub status: Option<DeliveryStatus>,
    /// To whom.
    pub endpoint: Option<String>,
}

/// Why an attempt failed, and what is to happen now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedAttempt {
    /// The HTTP status, if one came.
    pub status: Option<u16>,
    /// Why, in our words.
    pub error: String,
    /// When to try again; `None` = give up.
    pub next_attempt_at: Option<DateTime<Utc>>,
}

/// The outbox, from the side that empties it.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// What the endpoint may be told at `at`: due, claimed by nobody, and nothing earlier of the same
    /// aggregate pending. Longest due first, `limit` at most.
    async fn list_due_deliveries(
        &self,
        endpoint: &str,
        at: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DueDelivery>, StoreError>;

    /// Claims a delivery; `false` when it is not due any more, or claimed by another.
    async fn claim_delivery(
        &self,
        id: i64,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// The event to tell.
    ///
    /// # Errors
    /// `Corrupt` when there is none or it cannot be read.
    async fn find_event(&self, key: &EventKey) -> Result<RecordedEvent, StoreError>;

    /// The receiver has it, whoever holds the claim by now.
    async fn finish_delivery(
        &self,
        id: i64,
        status: u16,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;

    /// An attempt failed; `false`, and nothing is changed, when the claim until `claimed_until` is lost.
    async fn fail_delivery(
        &self,
        id: i64,
        claimed_until: DateTime<Utc>,
        failure: &FailedAttempt,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// One delivery.
    async fn find_delivery(&self, id: i64) -> Result<Option<DeliveryEntry>, StoreError>;

    /// Deliveries, newest first.
    async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        request: &PageRequest,
    ) -> Result<Page<DeliveryEntry>, StoreError>;

    /// Makes a dead delivery due again, with all attempts before it; `false` when it is not dead.
    async fn replay_delivery(&self, id: i64, at: DateTime<Utc>) -> Result<bool, StoreError>;

    /// Forgets up to a thousand that were delivered before then; says how many.
    async fn forget_deliveries(&self, before: DateTime<Utc>) -> Result<u64, StoreError>;
}

/// Of one aggregate's events, the next is not due while an earlier one is pending.
const NOTHING_EARLIER: &str = "NOT EXISTS (
    SELECT 1
    FROM deliveries earlier
    WHERE earlier.endpoint = deliveries.endpoint
      AND earlier.aggregate_type = deliveries.aggregate_type
      AND earlier.aggregate_id = deliveries.aggregate_id
      AND earlier.sequence < deliveries.sequence
      AND earlier.status = 'pending'
  )";

const FIND_EVENT: &str = "
SELECT event_type, event_version, payload, metadata
FROM events
WHERE aggregate_type = $1
  AND aggregate_id = $2
  AND sequence = $3";

const FINISH: &str = "
UPDATE deliveries
SET status = 'delivered',
    attempts = attempts + 1,
    claimed_until = NULL,
    last_status = $2,
    last_error = NULL,
    updated_at = $3
WHERE id = $1
  AND status = 'pending'";

const FAIL: &str = "
UPDATE deliveries
SET status = $3,
    attempts = attempts + 1,
    next_attempt_at = $4,
    claimed_until = NULL,
    last_status = $5,
    last_error = $6,
    updated_at = $7
WHERE id = $1
  AND status = 'pending'
  AND claimed_until = $2";

const REPLAY: &str = "
UPDATE deliveries
SET status = 'pending',
    attempts = 0,
    next_attempt_at = $2,
    updated_at = $2
WHERE id = $1
  AND status = 'dead'";

const FORGET: &str = "
DELETE FROM deliveries
WHERE id IN (
    SELECT id
    FROM deliveries
    WHERE status = 'delivered'
      AND updated_at < $1
    ORDER BY updated_at
    LIMIT 1000
  )";

const SELECT_ENTRY: &str = "
SELECT id, endpoint, event_type, aggregate_type, aggregate_id, sequence, status, attempts,
       next_attempt_at, last_status, last_error, created_at, updated_at
FROM deliveries";

#[derive(sqlx::FromRow)]
struct KeyRow {
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
}

impl From<KeyRow> for EventKey {
    fn from(row: KeyRow) -> Self {
        let KeyRow { aggregate_type, aggregate_id, sequence } = row;
        Self { aggregate_type, aggregate_id, sequence }
    }
}

#[derive(sqlx::FromRow)]
struct DueRow {
    id: i64,
    event_type: String,
    #[sqlx(flatten)]
    event: KeyRow,
    attempts: i64,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    id: i64,
    endpoint: String,
    event_type: String,
    #[sqlx(flatten)]
    event: KeyRow,
    status: String,
    attempts: i64,
    next_attempt_at: DateTime<Utc>,
    last_status: Option<i64>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
struct EventRow {
    event_type: String,
    event_version: String,
    payload: sqlx::types::Json<serde_json::Value>,
    metadata: sqlx::types::Json<serde_json::Value>,
}

impl TryFrom<EntryRow> for DeliveryEntry {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, StoreError> {
        let status = DeliveryStatus::parse(&row.status)
            .ok_or_else(|| StoreError::corrupt(format!("unknown status {:?}", row.status)))?;
        Ok(Self {
            id: row.id,
            endpoint: row.endpoint,
            event_type: row.event_type,
            event: row.event.into(),
            status,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_status: row.last_status,
            last_error: row.last_error,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// The same question with one more condition.
fn and(mut question: Statement, column: &str, value: &str) -> Statement {
    let number = question.values.len() + 1;
    question.text = format!("{}\n  AND {column} = ${number}", question.text).into();
    question.bind(value)
}

#[async_trait]
impl<S: Sql> Deliveries for S {
    async fn list_due_deliveries(
        &self,
        endpoint: &str,
        at: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let question = Statement::new(format!(
            "
SELECT id, event_type, aggregate_type, aggregate_id, sequence, attempts
FROM deliveries
WHERE endpoint = $1
  AND status = 'pending'
  AND next_attempt_at <= $2
  AND (claimed_until IS NULL OR claimed_until <= $2)
  AND {NOTHING_EARLIER}
ORDER BY next_attempt_at, id
LIMIT $3"
        ))
        .bind(endpoint)
        .bind(at)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = self.fetch::<DueRow>(question).await?;
        let due = |row: DueRow| DueDelivery {
            id: row.id,
            event_type: row.event_type,
            event: row.event.into(),
            attempts: row.attempts,
        };
        Ok(rows.into_iter().map(due).collect())
    }

    async fn claim_delivery(
        &self,
        id: i64,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let claim = Statement::new(format!(
            "
UPDATE deliveries
SET claimed_until = $3
WHERE id = $1
  AND status = 'pending'
  AND next_attempt_at <= $2
  AND (claimed_until IS NULL OR claimed_until <= $2)
  AND {NOTHING_EARLIER}"
        ));
        Ok(self.execute(claim.bind(id).bind(at).bind(until)).await? == 1)
    }

    async fn find_event(&self, key: &EventKey) -> Result<RecordedEvent, StoreError> {
        let question = Statement::new(FIND_EVENT)
            .bind(&*key.aggregate_type)
            .bind(&*key.aggregate_id)
            .bind(key.sequence);
        let row = self.fetch::<EventRow>(question).await?.pop();
        let row = row.ok_or_else(|| StoreError::corrupt("the event of a delivery is missing"))?;
        RecordedEvent::read(&SerializedEvent {
            aggregate_id: key.aggregate_id.clone(),
            sequence: usize::try_from(key.sequence).map_err(StoreError::corrupt)?,
            aggregate_type: key.aggregate_type.clone(),
            event_type: row.event_type,
            event_version: row.event_version,
            payload: row.payload.0,
            metadata: row.metadata.0,
        })
    }

    async fn finish_delivery(
        &self,
        id: i64,
        status: u16,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let finish = Statement::new(FINISH).bind(id).bind(i64::from(status)).bind(at);
        self.execute(finish).await.map(drop)
    }

    async fn fail_delivery(
        &self,
        id: i64,
        claimed_until: DateTime<Utc>,
        failure: &FailedAttempt,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let status = match failure.next_attempt_at {
            Some(_) => DeliveryStatus::Pending,
            None => DeliveryStatus::Dead,
        };
        let fail = Statement::new(FAIL)
            .bind(id)
            .bind(claimed_until)
            .bind(status.as_str())
            .bind(failure.next_attempt_at.unwrap_or(at))
            .bind(failure.status.map(i64::from))
            .bind(&*failure.error)
            .bind(at);
        Ok(self.execute(fail).await? == 1)
    }

    async fn find_delivery(&self, id: i64) -> Result<Option<DeliveryEntry>, StoreError> {
        let question = Statement::new(format!("{SELECT_ENTRY}\nWHERE id = $1")).bind(id);
        self.fetch::<EntryRow>(question).await?.pop().map(DeliveryEntry::try_from).transpose()
    }

    async fn list_deliveries(
        &self,
        filter: &DeliveryFilter,
        request: &PageRequest,
    ) -> Result<Page<DeliveryEntry>, StoreError> {
        let (past, order) = request.direction(false);
        let key = match &request.cursor {
            Some(cursor) => Some(cursor.key.parse::<i64>().map_err(StoreError::corrupt)?),
            None => None,
        };
        let first = format!("{SELECT_ENTRY}\nWHERE ($1 IS NULL OR id {past} $1)");
        let mut question = Statement::new(first).bind(key);
        if let Some(status) = filter.status {
            question = and(question, "status", status.as_str());
        }
        if let Some(endpoint) = &filter.endpoint {
            question = and(question, "endpoint", endpoint);
        }
        let limit = question.values.len() + 1;
        question.text = format!("{}\nORDER BY id {order}\nLIMIT ${limit}", question.text).into();
        let question = question.bind(request.fetch_limit());
        let rows = self.fetch::<EntryRow>(question).await?;
        let entries =
            rows.into_iter().map(DeliveryEntry::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(request.page(entries, |entry| entry.id.to_string()))
    }

    async fn replay_delivery(&self, id: i64, at: DateTime<Utc>) -> Result<bool, StoreError> {
        Ok(self.execute(Statement::new(REPLAY).bind(id).bind(at)).await? == 1)
    }

    async fn forget_deliveries(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        self.execute(Statement::new(FORGET).bind(before)).await
    }
}

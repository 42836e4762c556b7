//! Events as they leave the service: at their places, and with where each came from, as long as that is kept.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use cqrs_es::persist::SerializedEvent;

use crate::log::EventRow;
use crate::recorded::RecordedEvent;
use crate::sequencer::position;
use crate::sql::{Sql, Statement};
use crate::{LoggedEvent, StoreError};

/// An event at its place, with what is known of it beside the log.
#[derive(Clone, Debug, PartialEq)]
pub struct ExportedEvent {
    /// What the log has.
    pub logged: LoggedEvent,
    /// When the database wrote it, by the database's clock. Not in the leaf.
    pub recorded_at: DateTime<Utc>,
    /// The client's address; `None` when unknown or erased.
    pub address: Option<String>,
    /// What the client called itself; `None` when unknown or erased.
    pub user_agent: Option<String>,
}

impl ExportedEvent {
    /// The event in its type.
    ///
    /// # Errors
    /// `Corrupt` for an event that this version does not know.
    pub fn read(&self) -> Result<RecordedEvent, StoreError> {
        let LoggedEvent { key, event_type, event_version, payload, metadata, .. } = &self.logged;
        RecordedEvent::read(&SerializedEvent {
            aggregate_id: key.aggregate_id.clone(),
            sequence: usize::try_from(key.sequence).map_err(StoreError::corrupt)?,
            aggregate_type: key.aggregate_type.clone(),
            event_type: event_type.clone(),
            event_version: event_version.clone(),
            payload: payload.clone(),
            metadata: metadata.clone(),
        })
    }
}

/// Reads the log from one end to the other, a page at a time.
#[async_trait]
pub trait Exports: Send + Sync {
    /// The events after this position, in order, `limit` at most and none after one that is gone.
    ///
    /// # Errors
    /// `Corrupt` when the very next is gone: nothing is ever skipped.
    async fn list_exported_events(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ExportedEvent>, StoreError>;
}

/// The places come first and alone, so that a page is a run of one index whatever the planner believes.
const LIST_EXPORTED: &str = "
SELECT l.position, l.leaf_hash, e.aggregate_type, e.aggregate_id, e.sequence,
       e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at, c.address, c.user_agent
FROM (
    SELECT position, leaf_hash, aggregate_type, aggregate_id, sequence
    FROM event_log
    WHERE position > $1
    ORDER BY position
    LIMIT $2
) l
JOIN events e
  ON e.aggregate_type = l.aggregate_type
 AND e.aggregate_id = l.aggregate_id
 AND e.sequence = l.sequence
LEFT JOIN event_context c
  ON c.aggregate_type = l.aggregate_type
 AND c.aggregate_id = l.aggregate_id
 AND c.sequence = l.sequence
ORDER BY l.position";

#[derive(sqlx::FromRow)]
struct ExportedRow {
    #[sqlx(flatten)]
    event: EventRow,
    recorded_at: DateTime<Utc>,
    address: Option<String>,
    user_agent: Option<String>,
}

#[async_trait]
impl<S: Sql> Exports for S {
    async fn list_exported_events(
        &self,
        after: u64,
        limit: u32,
    ) -> Result<Vec<ExportedEvent>, StoreError> {
        let question = Statement::new(LIST_EXPORTED).bind(position(after)?).bind(i64::from(limit));
        let rows = self.fetch::<ExportedRow>(question).await?;
        let mut events = Vec::with_capacity(rows.len());
        for (expected, row) in (after + 1..).zip(rows) {
            let logged = LoggedEvent::try_from(row.event)?;
            if logged.position != expected {
                if events.is_empty() {
                    let gone = format!("the event at position {expected} of the log is gone");
                    return Err(StoreError::corrupt(gone));
                }
                break;
            }
            let ExportedRow { recorded_at, address, user_agent, .. } = row;
            events.push(ExportedEvent { logged, recorded_at, address, user_agent });
        }
        Ok(events)
    }
}

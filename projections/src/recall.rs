//! Reads of an aggregate's past what it has to be told.

use cqrs_es::Aggregate;
use cqrs_es::persist::{PersistenceError, SerializedEvent};
use domain::Recall;
use sqlx::types::Json;

use crate::sql::{Sql, Statement};
use crate::{EventStore, StoreError};

const FIND_LATEST: &str = "
SELECT sequence, event_type, event_version, payload, metadata
FROM events
WHERE aggregate_type = $1
  AND aggregate_id = $2
ORDER BY sequence DESC
LIMIT 1";

#[derive(Clone, sqlx::FromRow)]
pub(crate) struct EventRow {
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: Json<serde_json::Value>,
    metadata: Json<serde_json::Value>,
}

/// The events of one aggregate that are asked for, oldest first.
pub(crate) async fn recall<A: Aggregate>(
    store: &impl EventStore,
    aggregate_id: &str,
    which: Recall,
) -> Result<Vec<SerializedEvent>, PersistenceError> {
    match which {
        Recall::Every => store.read_events::<A>(aggregate_id).await,
        Recall::Latest => {
            let latest = store.latest_event(A::TYPE, aggregate_id).await?;
            Ok(latest.into_iter().collect())
        }
    }
}

/// The last event of one aggregate, asked for by itself.
pub(crate) async fn find_latest(
    store: &impl Sql,
    aggregate_type: &str,
    aggregate_id: &str,
) -> Result<Option<SerializedEvent>, StoreError> {
    let question = Statement::new(FIND_LATEST).bind(aggregate_type).bind(aggregate_id);
    let row = store.fetch::<EventRow>(question).await?.pop();
    row.map(|row| row.event(aggregate_type, aggregate_id)).transpose()
}

impl EventRow {
    /// The event, of this aggregate.
    pub(crate) fn event(
        self,
        aggregate_type: &str,
        aggregate_id: &str,
    ) -> Result<SerializedEvent, StoreError> {
        Ok(SerializedEvent {
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: aggregate_id.to_owned(),
            sequence: usize::try_from(self.sequence).map_err(StoreError::corrupt)?,
            event_type: self.event_type,
            event_version: self.event_version,
            payload: self.payload.0,
            metadata: self.metadata.0,
        })
    }
}

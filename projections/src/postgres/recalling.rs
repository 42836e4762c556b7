//! The last events of aggregates, asked for together by commands that begin at the same time.

use std::collections::HashMap;
use std::sync::Arc;

use cqrs_es::persist::SerializedEvent;
use sqlx::PgPool;

use super::connecting;
use super::gathering::{GROUP, Gathering};
use crate::StoreError;
use crate::recall::EventRow;

/// One look into the index each.
const FIND_LATEST: &str = "
SELECT asked.aggregate_type, asked.aggregate_id, latest.*
FROM unnest($1::text[], $2::text[]) AS asked (aggregate_type, aggregate_id)
CROSS JOIN LATERAL (
    SELECT e.sequence, e.event_type, e.event_version, e.payload, e.metadata
    FROM events e
    WHERE e.aggregate_type = asked.aggregate_type
      AND e.aggregate_id = asked.aggregate_id
    ORDER BY e.sequence DESC
    LIMIT 1
) AS latest";

/// Which aggregate: its type and id.
type Name = (String, String);
type Answer = Result<Option<SerializedEvent>, StoreError>;
type Waiting = super::gathering::Waiting<Name, Answer>;

#[derive(sqlx::FromRow)]
struct Row {
    aggregate_type: String,
    aggregate_id: String,
    #[sqlx(flatten)]
    event: EventRow,
}

/// The way to whoever asks.
#[derive(Debug)]
pub(super) struct Recalling(Gathering<Name, Answer>);

impl Recalling {
    /// On these connections.
    pub(super) fn start(connections: PgPool) -> Self {
        let pick = |waiting: &mut Vec<_>| waiting.drain(..waiting.len().min(GROUP)).collect();
        Self(Gathering::start(pick, move |group| recall(connections.clone(), group)))
    }

    /// The last event of one aggregate.
    pub(super) async fn latest(&self, aggregate_type: &str, aggregate_id: &str) -> Answer {
        let name = (aggregate_type.to_owned(), aggregate_id.to_owned());
        let lost = || Err(StoreError::Unavailable("whoever asked is gone".into()));
        self.0.ask(name).await?.unwrap_or_else(lost)
    }
}

async fn recall(connections: PgPool, group: Vec<Waiting>) {
    let (types, ids): (Vec<_>, Vec<_>) = group.iter().map(|it| it.question.clone()).unzip();
    let rows = match connecting::ask::<Row>(&connections, FIND_LATEST, &[&types, &ids]).await {
        Ok((rows, _)) => rows,
        Err(error) => {
            let error = StoreError::from(error);
            // What is wrong with the past of one is nothing to the others.
            if matches!(error, StoreError::Corrupt(_)) && group.len() > 1 {
                for waiting in group {
                    Box::pin(recall(connections.clone(), vec![waiting])).await;
                }
                return;
            }
            let error = Arc::new(error);
            for waiting in group {
                waiting.tell(Err(StoreError::of_several(&error)));
            }
            return;
        }
    };
    let named = |row: Row| ((row.aggregate_type, row.aggregate_id), row.event);
    let latest: HashMap<Name, EventRow> = rows.into_iter().map(named).collect();
    for waiting in group {
        let (aggregate_type, aggregate_id) = &waiting.question;
        let row = latest.get(&waiting.question).cloned();
        let event = row.map(|row| row.event(aggregate_type, aggregate_id)).transpose();
        waiting.tell(event);
    }
}

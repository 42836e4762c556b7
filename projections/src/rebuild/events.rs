//! Reads stored events for a rebuild, and stops at the first that this version does not understand.

use cqrs_es::persist::SerializedEvent;
use serde_json::Value as Json;

use crate::recorded::RecordedEvent;
use crate::sql::Statement;

use super::RebuildError;
use super::batch::any_of;
use super::cell::Cell;
use super::scaffold::Scaffold;

/// Events that are read at once.
pub(super) const PAGE: i64 = 2_000;

/// An event that this version understands.
#[derive(Debug)]
pub(super) struct Known {
    /// Its position in the log, or its number in the queue.
    pub(super) number: i64,
    pub(super) aggregate_type: String,
    pub(super) aggregate_id: String,
    pub(super) recorded: RecordedEvent,
}

/// Where an event waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// At its position in the log.
    Log,
    /// In the queue for one.
    Queue,
}

/// JSON as text: one that cannot be parsed must not hide which event it belongs to.
struct EventRow {
    number: i64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: Option<String>,
    event_version: Option<String>,
    payload: Option<String>,
    metadata: Option<String>,
}

impl EventRow {
    /// Of [`columns`].
    fn new(row: Vec<Cell>) -> Option<Self> {
        let [number, kind, id, sequence, event_type, event_version, payload, metadata] =
            row.try_into().ok()?;
        Some(Self {
            number: number.into_integer()?,
            aggregate_type: kind.into_text()?,
            aggregate_id: id.into_text()?,
            sequence: sequence.into_integer()?,
            event_type: event_type.into_text(),
            event_version: event_version.into_text(),
            payload: payload.into_text(),
            metadata: metadata.into_text(),
        })
    }

    fn read(self) -> Result<Known, RebuildError> {
        let event = format!("{}/{}/{}", self.aggregate_type, self.aggregate_id, self.sequence);
        let (number, aggregate_type, aggregate_id) =
            (self.number, self.aggregate_type.clone(), self.aggregate_id.clone());
        match self.understand() {
            Ok(recorded) => Ok(Known { number, aggregate_type, aggregate_id, recorded }),
            Err(reason) => Err(RebuildError::Event { event, reason }),
        }
    }

    fn understand(self) -> Result<RecordedEvent, String> {
        let (Some(event_type), Some(event_version), Some(payload), Some(metadata)) =
            (self.event_type, self.event_version, self.payload, self.metadata)
        else {
            return Err("it has its place in the log and is not there".to_owned());
        };
        let json = |what: &str, text: &str| {
            serde_json::from_str::<Json>(text).map_err(|error| format!("its {what}: {error}"))
        };
        let event = SerializedEvent {
            aggregate_id: self.aggregate_id,
            sequence: usize::try_from(self.sequence).map_err(|error| error.to_string())?,
            aggregate_type: self.aggregate_type,
            payload: json("payload", &payload)?,
            metadata: json("metadata", &metadata)?,
            event_type,
            event_version,
        };
        let recorded = RecordedEvent::read(&event).map_err(|error| {
            std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
        })?;
        let (event_type, event_version) = recorded.happening.kind();
        if (&event_type, &event_version) == (&event.event_type, &event.event_version) {
            Ok(recorded)
        } else {
            Err(format!(
                "it is called {} version {}, and its payload is that of {event_type} version {event_version}",
                event.event_type, event.event_version
            ))
        }
    }
}

fn columns(number: &str, key: &str) -> String {
    format!(
        "SELECT {number} AS number, {key}.aggregate_type, {key}.aggregate_id, {key}.sequence,
       e.event_type, e.event_version,
       CAST(e.payload AS text) AS payload, CAST(e.metadata AS text) AS metadata"
    )
}

async fn read(
    scaffold: &mut impl Scaffold,
    question: Statement,
) -> Result<Vec<Known>, RebuildError> {
    let mut events = Vec::new();
    let take = |row| {
        events.push(event(row)?);
        Ok(())
    };
    scaffold.each(question, take).await?;
    Ok(events)
}

fn event(row: Vec<Cell>) -> Result<Known, RebuildError> {
    let odd = || RebuildError::Log("a row of it has values of other types".to_owned());
    EventRow::new(row).ok_or_else(odd)?.read()
}

/// The next events of this source.
pub(super) async fn after(
    scaffold: &mut impl Scaffold,
    source: Source,
    number: i64,
) -> Result<Vec<Known>, RebuildError> {
    let (table, column) = match source {
        Source::Log => ("event_log", "position"),
        Source::Queue => ("log_queue", "id"),
    };
    let (served, columns) = (scaffold.served(), columns(&format!("l.{column}"), "l"));
    let question = format!(
        "{columns}
FROM {served}.{table} l
LEFT JOIN {served}.events e
  ON e.aggregate_type = l.aggregate_type
 AND e.aggregate_id = l.aggregate_id
 AND e.sequence = l.sequence
WHERE l.{column} > $1
ORDER BY l.{column}
LIMIT $2"
    );
    let page = read(scaffold, Statement::new(question).bind(number).bind(PAGE)).await?;
    if let (Source::Log, Some((expected, found))) = (source, hole(number, &page)) {
        return Err(RebuildError::Log(format!("it has position {found} and not {expected}")));
    }
    Ok(page)
}

/// The first position that is missing, and the one that is there instead.
fn hole(before: i64, page: &[Known]) -> Option<(i64, i64)> {
    (before + 1..).zip(page.iter().map(|event| event.number)).find(|(due, number)| due != number)
}

/// All events of these aggregates, by aggregate and in order.
pub(super) async fn of(
    scaffold: &mut impl Scaffold,
    aggregates: &[(String, String)],
) -> Result<Vec<Known>, RebuildError> {
    let (served, columns) = (scaffold.served(), columns("CAST(0 AS bigint)", "e"));
    let question = format!(
        "{columns}
FROM {served}.events e
WHERE {}
ORDER BY e.aggregate_type, e.aggregate_id, e.sequence",
        any_of(&["e.aggregate_type", "e.aggregate_id"], aggregates.len())
    );
    let question = aggregates
        .iter()
        .fold(Statement::new(question), |question, (kind, id)| question.bind(&**kind).bind(&**id));
    let events = read(scaffold, question).await?;
    let mut walk = Walk::default();
    events.iter().try_for_each(|event| walk.step(event))?;
    Ok(events)
}

/// All events, by aggregate and in order.
pub(super) async fn each(
    scaffold: &mut impl Scaffold,
    mut take: impl FnMut(&Known) -> Result<(), RebuildError> + Send,
) -> Result<(), RebuildError> {
    let (served, columns) = (scaffold.served(), columns("CAST(0 AS bigint)", "e"));
    let question = format!(
        "{columns}
FROM {served}.events e
ORDER BY e.aggregate_type, e.aggregate_id, e.sequence"
    );
    let mut walk = Walk::default();
    let each = |row| {
        let event = event(row)?;
        walk.step(&event)?;
        take(&event)
    };
    scaffold.each(Statement::new(question), each).await
}

/// Walks over events in the order of their keys.
#[derive(Debug, Default)]
struct Walk {
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
}

impl Walk {
    /// Each aggregate's events are 1, 2, 3 …
    fn step(&mut self, event: &Known) -> Result<(), RebuildError> {
        let (kind, id) = (&event.aggregate_type, &event.aggregate_id);
        if (kind, id) != (&self.aggregate_type, &self.aggregate_id) {
            self.sequence = 0;
            self.aggregate_type.clone_from(kind);
            self.aggregate_id.clone_from(id);
        }
        self.sequence += 1;
        if event.recorded.sequence == self.sequence {
            return Ok(());
        }
        Err(RebuildError::Event {
            event: format!("{kind}/{id}/{}", self.sequence),
            reason: format!("it is missing, and {} is there", event.recorded.sequence),
        })
    }
}

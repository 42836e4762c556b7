//! Gives every event its place in the log: a position, and a leaf of the tree.
//!
//! On SQLite one process writes, and an event gets its position in the transaction that writes it. On
//! PostgreSQL it waits in a queue, for a moment, because writers that commit at the same time would have to
//! wait for each other. Any node may empty the queue; the lock of the one row of `log_head` says whose turn
//! it is, and ends with the transaction, however that ends.
//!
//! **Invariant:** positions are 1, 2, 3 … without a gap, every event gets one, and no event gets one before an
//! earlier event of its aggregate.

use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use cqrs_es::persist::SerializedEvent;
use domain::log::{Frontier, LogEntry, NotCanonical, Subtree, TreeHash};
use sqlx::types::Json;

use crate::StoreError;
use crate::sql::{Statement, Value};
use crate::write::{Step, Transaction, refusal};

/// Events that are numbered in one transaction.
const BATCH: i64 = 1000;

/// Of the levels of the tree, every eighth is stored. One of a thousand rows more, and a proof at a million
/// events reads six runs of at most 256 hashes (docs/adr/0010).
pub const STORED_LEVELS: u32 = 8;

/// Whether to wait while another node numbers events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Leave it to the other.
    Try,
    /// Wait for it to end, so that everything committed before has its position afterwards.
    Await,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbering {
    /// It was another's.
    OthersTurn,
    /// Events were numbered.
    Done {
        /// How many.
        count: u64,
        /// Whether more may wait.
        more: bool,
        /// When the oldest of them was recorded, by the database's clock; `None` when there was none.
        oldest: Option<DateTime<Utc>>,
    },
}

impl Numbering {
    /// Whether nothing was written.
    pub(crate) const fn is_empty(&self) -> bool {
        matches!(self, Self::OthersTurn | Self::Done { count: 0, .. })
    }
}

/// An event and its leaf.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    leaf: TreeHash,
}

impl Placed {
    /// Computes the leaf of an event.
    pub(crate) fn of(event: &SerializedEvent) -> Result<Self, StoreError> {
        let key = (
            &*event.aggregate_type,
            &*event.aggregate_id,
            u64::try_from(event.sequence).map_err(StoreError::corrupt)?,
        );
        let kind = (&*event.event_type, &*event.event_version);
        let leaf = LogEntry::try_new(key, kind, &event.payload, &event.metadata)
            .map(|entry| entry.leaf_hash())
            .map_err(|error: NotCanonical| StoreError::corrupt(error))?;
        Ok(Self {
            aggregate_type: event.aggregate_type.clone(),
            aggregate_id: event.aggregate_id.clone(),
            sequence: i64::try_from(event.sequence).map_err(StoreError::corrupt)?,
            leaf,
        })
    }
}

/// The one row of `log_head`, a [`HeadRow`].
pub(crate) const SELECT_HEAD: &str = "
SELECT size, frontier
FROM log_head";

const LIST_WAITING: &str = "
SELECT q.id, q.aggregate_type, q.aggregate_id, q.sequence,
       e.event_type, e.event_version, e.payload, e.metadata, e.recorded_at
FROM log_queue q
LEFT JOIN events e
  ON e.aggregate_type = q.aggregate_type
 AND e.aggregate_id = q.aggregate_id
 AND e.sequence = q.sequence
ORDER BY q.id
LIMIT $1";

const MOVE_HEAD: &str = "
UPDATE log_head
SET size = $2,
    frontier = $3
WHERE size = $1";

const INSERT_LEAVES: &str =
    "INSERT INTO event_log (position, aggregate_type, aggregate_id, sequence, leaf_hash) VALUES";
const INSERT_NODES: &str = "INSERT INTO log_nodes (level, node_index, hash) VALUES";
const DEQUEUE: &str = "DELETE FROM log_queue WHERE id IN";

/// The one row of `log_head`.
#[derive(sqlx::FromRow)]
pub(crate) struct HeadRow {
    size: i64,
    frontier: Vec<u8>,
}

impl HeadRow {
    pub(crate) const fn new(size: i64, frontier: Vec<u8>) -> Self {
        Self { size, frontier }
    }

    /// The right edge of the tree.
    pub(crate) fn frontier(&self) -> Result<Frontier, StoreError> {
        let size = u64::try_from(self.size).map_err(StoreError::corrupt)?;
        Frontier::from_bytes(size, &self.frontier).map_err(StoreError::corrupt)
    }
}

#[derive(sqlx::FromRow)]
struct WaitingRow {
    id: i64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: Option<String>,
    event_version: Option<String>,
    payload: Option<Json<serde_json::Value>>,
    metadata: Option<Json<serde_json::Value>>,
    recorded_at: Option<DateTime<Utc>>,
}

impl WaitingRow {
    fn place(self) -> Result<Placed, StoreError> {
        let Self { aggregate_type, aggregate_id, sequence, .. } = self;
        let key = format!("{aggregate_type}/{aggregate_id}/{sequence}");
        let missing =
            || StoreError::corrupt(format!("the event {key} is to be numbered and is not there"));
        let event = SerializedEvent {
            aggregate_id,
            sequence: usize::try_from(sequence).map_err(StoreError::corrupt)?,
            aggregate_type,
            event_type: self.event_type.ok_or_else(missing)?,
            event_version: self.event_version.ok_or_else(missing)?,
            payload: self.payload.ok_or_else(missing)?.0,
            metadata: self.metadata.ok_or_else(missing)?.0,
        };
        Placed::of(&event)
    }
}

/// The head, held until the transaction ends; `None` when it is another's turn.
async fn take_turn<T: Transaction>(tx: &mut T, turn: Turn) -> Result<Option<Frontier>, StoreError> {
    let lock = match turn {
        Turn::Try => T::TRY_ROW,
        Turn::Await => T::AWAIT_ROW,
    };
    let question = Statement::new(format!("{SELECT_HEAD}\n{lock}"));
    match tx.fetch::<HeadRow>(question).await?.pop() {
        Some(row) => row.frontier().map(Some),
        None if turn == Turn::Try && !T::WRITES_ALONE => Ok(None),
        None => Err(StoreError::corrupt("the log has no head")),
    }
}

/// Numbers what waits, oldest first, as far as a batch goes.
pub(crate) async fn number_batch<T: Transaction>(
    tx: &mut T,
    turn: Turn,
) -> Result<Numbering, StoreError> {
    let Some(frontier) = take_turn(tx, turn).await? else { return Ok(Numbering::OthersTurn) };
    let waiting = tx.fetch::<WaitingRow>(Statement::new(LIST_WAITING).bind(BATCH)).await?;
    let oldest = waiting.iter().filter_map(|row| row.recorded_at).min();
    let ids: Vec<_> = waiting.iter().map(|row| vec![row.id.into()]).collect();
    let placed = waiting.into_iter().map(WaitingRow::place).collect::<Result<Vec<_>, _>>()?;
    let count = u64::try_from(placed.len()).map_err(StoreError::corrupt)?;
    if count > 0 {
        tx.run(steps(frontier, &placed)?).await?;
        let mut dequeued = 0;
        for statement in many(DEQUEUE, ids) {
            dequeued += tx.execute(statement).await.map_err(refusal)?;
        }
        if dequeued != count {
            return Err(StoreError::corrupt(format!("{dequeued} of {count} events waited")));
        }
    }
    let more = i64::try_from(count).is_ok_and(|count| count >= BATCH);
    Ok(Numbering::Done { count, more, oldest })
}

/// What gives these events the places behind the frontier.
pub(crate) fn steps(mut frontier: Frontier, placed: &[Placed]) -> Result<Vec<Step>, StoreError> {
    let before = frontier.size();
    let mut leaves = Vec::with_capacity(placed.len());
    let mut nodes = Vec::new();
    for event in placed {
        frontier.push(event.leaf, |subtree, hash| {
            if is_stored(subtree) {
                nodes.push((subtree, hash));
            }
        });
        leaves.push(vec![
            position(frontier.size())?.into(),
            event.aggregate_type.clone().into(),
            event.aggregate_id.clone().into(),
            event.sequence.into(),
            event.leaf.as_bytes().to_vec().into(),
        ]);
    }
    let nodes = nodes.into_iter().map(|(subtree, hash)| {
        Ok(vec![
            i64::from(subtree.level).into(),
            position(subtree.index)?.into(),
            hash.as_bytes().to_vec().into(),
        ])
    });
    let nodes = nodes.collect::<Result<Vec<_>, StoreError>>()?;
    let step = Statement::new(MOVE_HEAD)
        .bind(position(before)?)
        .bind(position(frontier.size())?)
        .bind(frontier.to_bytes());
    let moved = StoreError::corrupt("the head of the log is not where it was");
    let rows = many(INSERT_LEAVES, leaves).into_iter().chain(many(INSERT_NODES, nodes));
    Ok(rows.map(Step::from).chain([Step::must_change(step, moved)]).collect())
}

/// Whether the hash of this subtree has a row of its own. Leaves are in `event_log`.
const fn is_stored(subtree: Subtree) -> bool {
    subtree.level > 0 && subtree.level.is_multiple_of(STORED_LEVELS)
}

/// As the databases count.
pub(crate) fn position(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(StoreError::corrupt)
}

/// A statement for many rows of values, as several. It comes in three sizes, so that few are prepared, and each names
/// its rows, so that an index finds them whatever the planner believes.
fn many(text: &str, rows: Vec<Vec<Value>>) -> Vec<Statement> {
    let mut rows = rows.into_iter().peekable();
    let mut statements = Vec::new();
    for size in [100, 10, 1] {
        while rows.len() >= size {
            let width = rows.peek().map_or(0, Vec::len);
            let text = format!("{text} {}", places(size, width));
            let values = rows.by_ref().take(size).flatten();
            statements.push(values.fold(Statement::new(text), Statement::bind));
        }
    }
    statements
}

/// `($1, $2), ($3, $4), …`; of one column, `($1, $2, …)`.
fn places(rows: usize, width: usize) -> String {
    if width == 1 {
        return row_of(1..=rows);
    }
    let row = |row: usize| row_of(row * width + 1..=(row + 1) * width);
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `($1, $2, …)`
fn row_of(numbers: RangeInclusive<usize>) -> String {
    let numbers: Vec<_> = numbers.map(|number| format!("${number}")).collect();
    format!("({})", numbers.join(", "))
}

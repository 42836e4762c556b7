//! One round: a node says that it is there and what it has applied, and reads what happened and what is about to happen, in
//! one statement.
//!
//! **Invariant:** the events of a round are exactly those that its snapshot sees and the one before did not. They
//! are found by the transaction that wrote them, so no event is missed that was written before another and committed
//! after it, which positions and times cannot promise.

use cqrs_es::persist::SerializedEvent;
use sqlx::postgres::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::snapshot::Snapshot;
use crate::StoreError;

/// Who answers: another cluster, another timeline after a failover, another database, or rows that were mended
/// around the events. Memory that was filled from one is worth nothing beside another.
pub(super) const IDENTITY: &str = "
(SELECT system_identifier::text FROM pg_control_system())
    || '/' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)
    || '/' || (SELECT oid::text FROM pg_database WHERE datname = current_database())
    || '/' || (SELECT epoch::text FROM replica_epoch)";

/// The question of a round. The node's row is written by the same statement; nothing it reads depends on that.
///
/// The row must outlive a failover, so that writers on the next primary know whom to wait for. Once it is there, renewals need
/// not wait for a standby: what they say is lost with the primary, and then the row says less than is so, never more. For the disk
/// they do wait: a transaction that a crash undid gives its number to another, which a snapshot that was confirmed
/// must not be taken to see.
///
/// What names a renewal never comes again, even if the row was swept meanwhile: a writer must not take a node that woke up
/// for one that is still silent. Events that were restored from another cluster's dump may bear transactions that are yet
/// to come here; a snapshot sees none from its end on.
fn question() -> String {
    format!(
        "
WITH here AS (
    SELECT {IDENTITY} AS identity, set_config('synchronous_commit', $7, true)
), renewed AS (
    INSERT INTO nodes (node_id, renewal, lease_ms, identity, confirmed)
    VALUES ($1, pg_current_xact_id()::text::bigint, $2, $6, $3::text::pg_snapshot)
    ON CONFLICT (node_id) DO UPDATE
    SET renewal = excluded.renewal,
        lease_ms = excluded.lease_ms,
        identity = excluded.identity,
        confirmed = excluded.confirmed
)
SELECT pg_current_snapshot()::text AS snapshot, here.identity, announced.intents, announced.first_intent,
       e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, e.payload, e.metadata
FROM here
CROSS JOIN (
    SELECT array_agg(DISTINCT subject) AS intents, MIN(announced) AS first_intent
    FROM intents
    WHERE announced >= $8
) AS announced
LEFT JOIN events e
  ON (e.transaction_id >= $4::text::xid8 AND e.transaction_id < pg_snapshot_xmax(pg_current_snapshot()))
  OR e.transaction_id = ANY ($5::text[]::xid8[])
ORDER BY e.aggregate_type, e.aggregate_id, e.sequence"
    )
}

/// A node, as its row says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) id: Uuid,
    /// How long its leases last, in milliseconds.
    pub(super) lease_ms: i64,
}

/// What a round brought.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) snapshot: Snapshot,
    pub(super) identity: String,
    /// Everything that is announced.
    pub(super) intents: Vec<String>,
    /// In which transaction the first of them was announced.
    first_intent: Option<i64>,
    /// In order within each aggregate.
    pub(super) events: Vec<SerializedEvent>,
}

#[derive(sqlx::FromRow)]
struct Row {
    snapshot: String,
    identity: String,
    intents: Option<Vec<String>>,
    first_intent: Option<i64>,
    aggregate_type: Option<String>,
    aggregate_id: Option<String>,
    sequence: Option<i64>,
    event_type: Option<String>,
    event_version: Option<String>,
    payload: Option<Json<serde_json::Value>>,
    metadata: Option<Json<serde_json::Value>>,
}

impl Row {
    /// `None` in the one row of a round without events.
    fn event(self) -> Option<SerializedEvent> {
        Some(SerializedEvent {
            aggregate_type: self.aggregate_type?,
            aggregate_id: self.aggregate_id?,
            sequence: usize::try_from(self.sequence?).ok()?,
            event_type: self.event_type?,
            event_version: self.event_version?,
            payload: self.payload?.0,
            metadata: self.metadata?.0,
        })
    }
}

/// What memory was filled from, and up to where it is applied.
#[derive(Clone, Debug)]
pub(super) struct Filled {
    pub(super) identity: String,
    pub(super) applied: Snapshot,
    /// No intent is there that was announced in an earlier transaction. The index has dead ones by the thousand, until they
    /// are vacuumed away.
    pub(super) open_from: u64,
}

impl Round {
    /// The first transaction whose intents may be there in the next round: those that this one saw, or could not see yet.
    pub(super) fn open_from(&self) -> u64 {
        let begin = self.snapshot.begin();
        self.first_intent.map_or(begin, |first| begin.min(first.unsigned_abs()))
    }
}

/// Goes round once. `is_visible` says whether the node's row is certainly there. What the node confirms is of the database that its memory was filled from, whichever answers.
pub(super) async fn go_round(
    connection: &mut PgConnection,
    node: Node,
    Filled { identity, applied, open_from }: &Filled,
    is_visible: bool,
) -> Result<Round, StoreError> {
    let text = question();
    let question = sqlx::query_as::<_, Row>(&text)
        .bind(node.id.to_string())
        .bind(node.lease_ms)
        .bind(applied.to_string())
        .bind(applied.end().to_string())
        .bind(applied.in_progress())
        .bind(identity)
        .bind(if is_visible { "local" } else { "on" })
        .bind(i64::try_from(*open_from).map_err(StoreError::corrupt)?);
    let rows = question.fetch_all(connection).await?;
    let first = rows.first().ok_or_else(|| StoreError::corrupt("a round without an answer"))?;
    Ok(Round {
        snapshot: first.snapshot.parse().map_err(StoreError::corrupt)?,
        identity: first.identity.clone(),
        intents: first.intents.clone().unwrap_or_default(),
        first_intent: first.first_intent,
        events: rows.into_iter().filter_map(Row::event).collect(),
    })
}

/// Says goodbye: no writer waits for this node any more.
pub(super) async fn leave(connection: &mut PgConnection, node: Node) -> Result<(), sqlx::Error> {
    let query = sqlx::query("DELETE FROM nodes WHERE node_id = $1").bind(node.id.to_string());
    query.execute(connection).await.map(drop)
}

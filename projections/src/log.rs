//! The log as auditors ask for it: what it is now, proofs about it, its events in order, and its checkpoints.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::TokenId;
use domain::log::proof::{self, TreeHead};
use domain::log::tree::complete_subtrees;
use domain::log::{LogEntry, NotCanonical, Origin, Subtree, SubtreeHashes, TreeHash, export};
use sqlx::types::Json;

use crate::deliveries::EventKey;
use crate::sequencer::{HeadRow, Numbering, STORED_LEVELS, Turn, position};
use crate::sql::{Sql, Statement};
use crate::{EventStore, Finding, StoreError};

/// A proof, with the root of the tree that it leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// From the leaf up.
    pub hashes: Vec<TreeHash>,
    /// Of the tree that is proved about; for two trees, the larger.
    pub head: TreeHead,
}

/// An event at its place.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// 1, 2, 3 …
    pub position: u64,
    /// What the log has there.
    pub leaf: TreeHash,
    /// Which event.
    pub key: EventKey,
    /// Past tense.
    pub event_type: String,
    /// Of the payload's shape.
    pub event_version: String,
    /// What happened.
    pub payload: serde_json::Value,
    /// Who did it, and in which request.
    pub metadata: serde_json::Value,
}

impl LoggedEvent {
    /// The line of an export, without its line break.
    ///
    /// # Errors
    /// `Corrupt` for an event that cannot be of this log.
    pub fn line(&self, origin: &Origin) -> Result<String, StoreError> {
        let sequence = u64::try_from(self.key.sequence).map_err(StoreError::corrupt)?;
        let entry = LogEntry::try_new(
            (&self.key.aggregate_type, &self.key.aggregate_id, sequence),
            (&self.event_type, &self.event_version),
            &self.payload,
            &self.metadata,
        )
        .map_err(|error: NotCanonical| StoreError::corrupt(error))?;
        Ok(export::line(origin, self.position, &entry, &self.leaf))
    }
}

/// A checkpoint that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptCheckpoint {
    /// What it covers.
    pub head: TreeHead,
    /// The public half of the key that signed it.
    pub verifier_key: String,
    /// As it was signed.
    pub note: String,
    /// When.
    pub made_at: DateTime<Utc>,
}

/// How many events have a position, and how many not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCount {
    /// Events in all.
    pub events: u64,
    /// Events with a position.
    pub numbered: u64,
    /// Events that wait for one.
    pub waiting: u64,
}

/// The log.
#[async_trait]
pub trait Log: Send + Sync {
    /// Numbers up to a thousand events that wait for it.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be asked; `Corrupt` when the log or an event is not as it must be.
    async fn number_events(&self, turn: Turn) -> Result<Numbering, StoreError>;

    /// Returns when this process has committed events that wait for their positions.
    async fn events_wait(&self);

    /// What the log is now.
    async fn find_log_head(&self) -> Result<TreeHead, StoreError>;

    /// How many events there are, with a position and without.
    async fn count_log(&self) -> Result<LogCount, StoreError>;

    /// That the event at leaf `index` is in the log of this size; `None` when it is not, or when the log has
    /// never been that large.
    async fn prove_inclusion(&self, index: u64, size: u64) -> Result<Option<Proof>, StoreError>;

    /// That the log of size `old` is the beginning of that of size `new`; `None` when there is no such proof.
    async fn prove_consistency(&self, old: u64, new: u64) -> Result<Option<Proof>, StoreError>;

    /// The position of an event; `None` while it has none.
    async fn find_position(&self, event: &EventKey) -> Result<Option<u64>, StoreError>;

    /// The event that made a token.
    async fn find_issue(&self, token_id: TokenId) -> Result<Option<EventKey>, StoreError>;

    /// Events after this position, in order, `limit` at most.
    async fn list_log_events(&self, after: u64, limit: u32)
    -> Result<Vec<LoggedEvent>, StoreError>;

    /// The latest checkpoint that this key signed, or any key when none is named.
    async fn find_latest_checkpoint(
        &self,
        verifier_key: Option<&str>,
    ) -> Result<Option<KeptCheckpoint>, StoreError>;

    /// A checkpoint of this size.
    async fn find_checkpoint(&self, size: u64) -> Result<Option<KeptCheckpoint>, StoreError>;

    /// Keeps a checkpoint, unless it is there.
    async fn keep_checkpoint(&self, checkpoint: &KeptCheckpoint) -> Result<(), StoreError>;
}

const SELECT_HEAD: &str = "
SELECT size, frontier
FROM log_head";

const COUNT: &str = "
SELECT (SELECT count(*) FROM events) AS events,
       (SELECT count(*) FROM event_log) AS numbered,
       (SELECT count(*) FROM log_queue) AS waiting";

const LIST_LEAVES: &str = "
SELECT position - 1 AS node_index, leaf_hash AS hash
FROM event_log
WHERE position > $1
  AND position <= $2";

const LIST_NODES: &str = "
SELECT node_index, hash
FROM log_nodes
WHERE node_index >= $1
  AND node_index < $2
  AND level = $3";

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

#[derive(sqlx::FromRow)]
struct HashRow {
    node_index: i64,
    hash: Vec<u8>,
}

/// An event at its place, as either database has it.
#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    position: i64,
    leaf_hash: Vec<u8>,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    event_version: String,
    payload: Json<serde_json::Value>,
    metadata: Json<serde_json::Value>,
}

impl TryFrom<EventRow> for LoggedEvent {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, StoreError> {
        let EventRow { aggregate_type, aggregate_id, sequence, .. } = row;
        Ok(Self {
            position: unsigned(row.position)?,
            leaf: hash(&row.leaf_hash)?,
            key: EventKey { aggregate_type, aggregate_id, sequence },
            event_type: row.event_type,
            event_version: row.event_version,
            payload: row.payload.0,
            metadata: row.metadata.0,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct CheckpointRow {
    size: i64,
    verifier_key: String,
    root_hash: Vec<u8>,
    note: String,
    made_at: DateTime<Utc>,
}

impl TryFrom<CheckpointRow> for KeptCheckpoint {
    type Error = StoreError;

    fn try_from(row: CheckpointRow) -> Result<Self, StoreError> {
        Ok(Self {
            head: TreeHead { size: unsigned(row.size)?, root: hash(&row.root_hash)? },
            verifier_key: row.verifier_key,
            note: row.note,
            made_at: row.made_at,
        })
    }
}

pub(crate) fn unsigned(number: i64) -> Result<u64, StoreError> {
    u64::try_from(number).map_err(StoreError::corrupt)
}

fn hash(bytes: &[u8]) -> Result<TreeHash, StoreError> {
    TreeHash::try_from(bytes).map_err(StoreError::corrupt)
}

/// The stored hashes that complete subtrees are computed from.
#[derive(Default)]
struct StoredHashes(HashMap<Subtree, TreeHash>);

impl SubtreeHashes for StoredHashes {
    fn hash_of(&self, subtree: Subtree) -> Option<TreeHash> {
        if let Some(hash) = self.0.get(&subtree) {
            return Some(*hash);
        }
        // Below a stored level, what is not here was not read.
        if subtree.level.is_multiple_of(STORED_LEVELS) {
            return None;
        }
        let (left, right) = subtree.halves()?;
        Some(TreeHash::node(&self.hash_of(left)?, &self.hash_of(right)?))
    }
}

/// A run of hashes that are stored side by side: all that are below one subtree of the next stored level.
fn tile(subtree: Subtree) -> Subtree {
    let above = subtree.level % STORED_LEVELS;
    Subtree { level: subtree.level - above, index: subtree.index >> (STORED_LEVELS - above) }
}

impl StoredHashes {
    async fn read(store: &impl Sql, ranges: &[Range<u64>]) -> Result<Self, StoreError> {
        let tiles: BTreeSet<Subtree> =
            ranges.iter().flat_map(|range| complete_subtrees(range.clone())).map(tile).collect();
        let mut hashes = HashMap::new();
        for Subtree { level, index } in tiles {
            let (from, to) = (index << STORED_LEVELS, (index + 1) << STORED_LEVELS);
            let question = if level == 0 {
                Statement::new(LIST_LEAVES).bind(position(from)?).bind(position(to)?)
            } else {
                let question = Statement::new(LIST_NODES);
                question.bind(position(from)?).bind(position(to)?).bind(i64::from(level))
            };
            for row in store.fetch::<HashRow>(question).await? {
                let subtree = Subtree { level, index: unsigned(row.node_index)? };
                hashes.insert(subtree, hash(&row.hash)?);
            }
        }
        Ok(Self(hashes))
    }
}

/// The proof over these runs of leaves in the tree of this size; `None` when it has never been that large.
async fn prove(
    store: &impl Sql,
    ranges: Option<Vec<Range<u64>>>,
    size: u64,
) -> Result<Option<Proof>, StoreError> {
    let Some(mut ranges) = ranges else { return Ok(None) };
    if size > find_head(store).await?.size {
        return Ok(None);
    }
    ranges.push(0..size);
    let stored = StoredHashes::read(store, &ranges).await?;
    let hashes = proof::prove(&ranges, &stored);
    let mut hashes = hashes.ok_or_else(|| StoreError::corrupt("hashes of the log are missing"))?;
    let root = hashes.pop().unwrap_or_else(TreeHash::empty);
    Ok(Some(Proof { hashes, head: TreeHead { size, root } }))
}

async fn find_head(store: &impl Sql) -> Result<TreeHead, StoreError> {
    let row = store.fetch::<HeadRow>(Statement::new(SELECT_HEAD)).await?.pop();
    let row = row.ok_or_else(|| StoreError::corrupt("the log has no head"))?;
    let frontier = row.frontier()?;
    Ok(TreeHead { size: frontier.size(), root: frontier.root() })
}

async fn checkpoint(
    store: &impl Sql,
    question: Statement,
) -> Result<Option<KeptCheckpoint>, StoreError> {
    store.fetch::<CheckpointRow>(question).await?.pop().map(KeptCheckpoint::try_from).transpose()
}

/// Whether every event is in the log, for people who operate it.
pub(crate) async fn finding(store: &impl EventStore) -> Finding {
    let (text, remedy) = match store.count_log().await {
        Err(error) => (format!("the log cannot be read: {error}"), Some("Run `symbolon migrate`.")),
        Ok(LogCount { events, numbered, waiting }) => (
            format!("log of {numbered} events, {waiting} more wait for their places"),
            (events != numbered + waiting).then_some(
                "Events came or went around this service. Verify an export against a checkpoint that \
                 was kept elsewhere (`symbolon audit verify`).",
            ),
        ),
    };
    Finding { text, remedy: remedy.map(str::to_owned) }
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

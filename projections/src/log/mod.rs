//! The log as auditors ask for it: what it is now, proofs about it, its events in order, and its checkpoints.

mod proving;
mod reading;
mod rows;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::TokenId;
use domain::log::proof::TreeHead;
use domain::log::{LogEntry, NotCanonical, Origin, TreeHash, export};

pub(crate) use reading::SELECT_CHECKPOINT;
pub(crate) use rows::{CheckpointRow, EventRow, unsigned};

use crate::deliveries::EventKey;
use crate::sequencer::{Numbering, Turn};
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

//! Rows of the log, as either database has them.

use chrono::{DateTime, Utc};
use domain::log::TreeHash;
use domain::log::proof::TreeHead;
use sqlx::types::Json;

use super::{KeptCheckpoint, LoggedEvent};
use crate::StoreError;
use crate::deliveries::EventKey;

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

pub(super) fn hash(bytes: &[u8]) -> Result<TreeHash, StoreError> {
    TreeHash::try_from(bytes).map_err(StoreError::corrupt)
}

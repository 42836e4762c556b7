//! What a leaf says: one event, whole, in bytes that nothing else has.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::canonical::{NotCanonical, canonical_json};
use super::tree::TreeHash;

/// Names the encoding. Another encoding has another name, and so never the same bytes.
const FORMAT: &str = "symbolon-event-v1";

/// An event as it stands in the log. Its encoding is its fields in this order, each with its length before
/// it in eight bytes, so that no text can run into the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry<'a> {
    /// Of what it is an event.
    pub aggregate_type: &'a str,
    /// Of which one.
    pub aggregate_id: &'a str,
    /// 1, 2, 3 … within the aggregate.
    pub sequence: u64,
    /// Past tense.
    pub event_type: &'a str,
    /// Of the payload's shape.
    pub event_version: &'a str,
    /// Canonical.
    pub payload: Cow<'a, str>,
    /// Canonical.
    pub metadata: Cow<'a, str>,
}

impl<'a> LogEntry<'a> {
    /// Puts an event together.
    ///
    /// # Errors
    /// When payload or metadata have no canonical text.
    pub fn try_new(
        (aggregate_type, aggregate_id, sequence): (&'a str, &'a str, u64),
        (event_type, event_version): (&'a str, &'a str),
        payload: &Value,
        metadata: &Value,
    ) -> Result<Self, NotCanonical> {
        Ok(Self {
            aggregate_type,
            aggregate_id,
            sequence,
            event_type,
            event_version,
            payload: canonical_json(payload)?.into(),
            metadata: canonical_json(metadata)?.into(),
        })
    }

    /// When it happened, as the payload says.
    pub fn time(&self) -> Option<&str> {
        #[derive(Deserialize)]
        struct Body<'a> {
            #[serde(borrow)]
            at: Option<&'a str>,
        }
        let bodies: BTreeMap<&str, Body<'_>> = serde_json::from_str(&self.payload).ok()?;
        bodies.get(self.event_type)?.at
    }

    /// The bytes of the leaf.
    pub fn encode(&self) -> Vec<u8> {
        let sequence = self.sequence.to_be_bytes();
        let fields: [&[u8]; 8] = [
            FORMAT.as_bytes(),
            self.aggregate_type.as_bytes(),
            self.aggregate_id.as_bytes(),
            &sequence,
            self.event_type.as_bytes(),
            self.event_version.as_bytes(),
            self.payload.as_bytes(),
            self.metadata.as_bytes(),
        ];
        let length = fields.iter().map(|field| 8 + field.len()).sum();
        let mut bytes = Vec::with_capacity(length);
        for field in fields {
            let length = u64::try_from(field.len()).unwrap_or(u64::MAX);
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }

    /// The hash of the leaf.
    pub fn leaf_hash(&self) -> TreeHash {
        TreeHash::leaf(&self.encode())
    }
}

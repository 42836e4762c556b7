//! An event as it leaves the service: one line, a CloudEvents 1.0 envelope with all that its leaf is made of.
//!
//! **Invariant:** for one event at one position of one log there is one line, to the byte. So whoever checks
//! a line writes it again and compares, and nothing in it can be changed unseen.

use serde::Deserialize;
use serde_json::Value;

use super::canonical::{NotCanonical, write_string};
use super::entry::LogEntry;
use super::note::Origin;
use super::tree::TreeHash;

/// The line of an event at `position` (1, 2, 3 …), without its line break. `leaf` is the hash that the log
/// has there, which is that of the entry unless one of the two was changed.
pub fn line(origin: &Origin, position: u64, entry: &LogEntry<'_>, leaf: &TreeHash) -> String {
    let LogEntry { aggregate_type, aggregate_id, sequence, event_type, event_version, .. } = entry;
    let mut text = String::with_capacity(entry.payload.len() + entry.metadata.len() + 512);
    text.push_str("{\"specversion\":\"1.0\",\"id\":");
    write_string(&format!("{aggregate_type}/{aggregate_id}/{sequence}"), &mut text);
    text.push_str(",\"source\":");
    write_string(&format!("//{origin}"), &mut text);
    text.push_str(",\"type\":");
    write_string(&format!("symbolon.{aggregate_type}.{event_type}"), &mut text);
    text.push_str(",\"subject\":");
    write_string(&format!("{aggregate_type}/{aggregate_id}"), &mut text);
    if let Some(time) = entry.time {
        text.push_str(",\"time\":");
        write_string(time, &mut text);
    }
    text.push_str(",\"datacontenttype\":\"application/json\",\"position\":");
    text.push_str(&position.to_string());
    text.push_str(",\"leafhash\":\"");
    text.push_str(&leaf.to_string());
    text.push_str("\",\"data\":{\"aggregateType\":");
    write_string(aggregate_type, &mut text);
    text.push_str(",\"aggregateId\":");
    write_string(aggregate_id, &mut text);
    text.push_str(",\"sequence\":");
    text.push_str(&sequence.to_string());
    text.push_str(",\"eventType\":");
    write_string(event_type, &mut text);
    text.push_str(",\"eventVersion\":");
    write_string(event_version, &mut text);
    text.push_str(",\"payload\":");
    text.push_str(&entry.payload);
    text.push_str(",\"metadata\":");
    text.push_str(&entry.metadata);
    text.push_str("}}");
    text
}

/// What a line says, before anyone believes it.
#[derive(Clone, Debug, Deserialize)]
pub struct ExportLine {
    /// Where the event stands in the log, from 1.
    pub position: u64,
    #[serde(rename = "leafhash")]
    leaf_hash: String,
    data: Data,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    aggregate_type: String,
    aggregate_id: String,
    sequence: u64,
    event_type: String,
    event_version: String,
    payload: Value,
    metadata: Value,
}

impl ExportLine {
    /// Reads a line; `None` when it is none.
    pub fn parse(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The event.
    ///
    /// # Errors
    /// When it can be none of this log's.
    pub fn entry(&self) -> Result<LogEntry<'_>, NotCanonical> {
        let data = &self.data;
        LogEntry::try_new(
            (&data.aggregate_type, &data.aggregate_id, data.sequence),
            (&data.event_type, &data.event_version),
            &data.payload,
            &data.metadata,
        )
    }

    /// The hash of its leaf, if `line` is to the byte what the log of this name has at its position.
    pub fn leaf_of(&self, origin: &Origin, line: &[u8]) -> Option<TreeHash> {
        let entry = self.entry().ok()?;
        let leaf = entry.leaf_hash();
        let is_whole = leaf.to_string() == self.leaf_hash
            && self::line(origin, self.position, &entry, &leaf).as_bytes() == line;
        is_whole.then_some(leaf)
    }
}

//! An event as it leaves the service: one line, a CloudEvents 1.0 envelope with all that its leaf is made of.
//!
//! **Invariant:** for one event at one position of one log there is one line, to the byte. So whoever checks
//! a line writes it again and compares, and nothing in it can be changed unseen.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::canonical::write_string;
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
    if let Some(time) = entry.time() {
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
pub struct ExportLine<'a> {
    /// Where the event stands in the log, from 1.
    pub position: u64,
    #[serde(rename = "leafhash", borrow)]
    leaf_hash: Cow<'a, str>,
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow)]
    aggregate_type: Cow<'a, str>,
    #[serde(borrow)]
    aggregate_id: Cow<'a, str>,
    sequence: u64,
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    event_version: Cow<'a, str>,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow)]
    metadata: &'a RawValue,
}

impl<'a> ExportLine<'a> {
    /// Reads a line; `None` when it is none.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The event. Its payload and metadata are taken for canonical: when they are not, the leaf is another.
    pub fn entry(&self) -> LogEntry<'_> {
        let data = &self.data;
        LogEntry {
            aggregate_type: &data.aggregate_type,
            aggregate_id: &data.aggregate_id,
            sequence: data.sequence,
            event_type: &data.event_type,
            event_version: &data.event_version,
            payload: data.payload.get().into(),
            metadata: data.metadata.get().into(),
        }
    }

    /// The hash of its leaf, if `line` is to the byte what the log of this name has at its position.
    pub fn leaf_of(&self, origin: &Origin, line: &[u8]) -> Option<TreeHash> {
        let entry = self.entry();
        let leaf = entry.leaf_hash();
        let is_whole = leaf.to_string() == self.leaf_hash
            && self::line(origin, self.position, &entry, &leaf).as_bytes() == line;
        is_whole.then_some(leaf)
    }
}

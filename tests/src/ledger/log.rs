//! What the log must hold, said by the events alone: computed here once more, by other means.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Event, Ledger};
use crate::sql::Row;

type Hash = [u8; 32];

/// The leaf of an event. All its keys are ASCII and all its numbers integers, so its canonical JSON is that
/// of `serde_json`, which sorts keys.
pub fn leaf(event: &Event) -> Hash {
    let json = |value: &Value| serde_json::to_vec(value).expect("it was JSON");
    let fields = [
        b"symbolon-event-v1".to_vec(),
        event.aggregate_type.clone().into(),
        event.aggregate_id.clone().into(),
        event.sequence.to_be_bytes().to_vec(),
        event.event_type.clone().into(),
        event.event_version.clone().into(),
        json(&event.payload),
        json(&event.metadata),
    ];
    let mut hasher = Sha256::new_with_prefix([0]);
    for field in fields {
        hasher.update(u64::try_from(field.len()).expect("it is short").to_be_bytes());
        hasher.update(field);
    }
    hasher.finalize().into()
}

/// MTH of RFC 6962, section 2.1.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::digest([]).into(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            let mut hasher = Sha256::new_with_prefix([1]);
            hasher.update(root(left));
            hasher.update(root(right));
            hasher.finalize().into()
        }
    }
}

fn number(text: Option<&String>) -> u64 {
    text.and_then(|text| text.parse().ok()).expect("a number")
}

impl Ledger {
    /// Expects that every event is in the log or in the queue, once; each aggregate's in order; positions are dense; and
    /// leaves, stored nodes and head are those of the events.
    #[track_caller]
    pub fn assert_log_holds_every_event(&self) {
        let keys: Vec<Row> = self.events.iter().map(Event::key).collect();
        let numbered: Vec<Row> =
            self.rows("event_log").iter().map(|row| row[1..4].to_vec()).collect();
        let queued: Vec<Row> = self.rows("log_queue").iter().map(|row| row[1..].to_vec()).collect();
        let mut last = BTreeMap::new();
        for key in numbered.iter().chain(&queued) {
            let sequence = number(key[2].as_ref());
            let before = last.insert(key[..2].to_vec(), sequence).unwrap_or_default();
            assert_eq!(before + 1, sequence, "the log is out of order at {key:?}");
        }
        let mut all = [numbered, queued].concat();
        all.sort_by_key(|key| (key[0].clone(), key[1].clone(), number(key[2].as_ref())));
        assert_eq!(all, keys, "every event has its place once");
        self.assert_tree_is_that_of_the_events();
    }

    #[track_caller]
    fn assert_tree_is_that_of_the_events(&self) {
        let events: BTreeMap<Row, &Event> =
            self.events.iter().map(|event| (event.key(), event)).collect();
        let mut leaves = Vec::new();
        for (position, row) in (1..).zip(self.rows("event_log")) {
            assert_eq!(number(row[0].as_ref()), position, "positions have a gap");
            let leaf = leaf(events[&row[1..4]]);
            assert_eq!(row[4], Some(hex::encode(leaf)), "not the leaf of {row:?}");
            leaves.push(leaf);
        }
        let mut nodes = Vec::new();
        for level in [8, 16] {
            for (index, below) in leaves.chunks_exact(1 << level).enumerate() {
                let hash = hex::encode(root(below));
                nodes.push(vec![Some(level.to_string()), Some(index.to_string()), Some(hash)]);
            }
        }
        assert_eq!(self.rows("log_nodes"), nodes);
        let (mut frontier, mut rest) = (String::new(), leaves.as_slice());
        while !rest.is_empty() {
            let (subtree, right) = rest.split_at(1 << rest.len().ilog2());
            frontier += &hex::encode(root(subtree));
            rest = right;
        }
        let head = [Some("true".to_owned()), Some(leaves.len().to_string()), Some(frontier)];
        assert_eq!(self.rows("log_head"), [head.to_vec()]);
        for row in self.rows("log_checkpoints") {
            let size = usize::try_from(number(row[0].as_ref())).expect("it is small");
            let root = root(&leaves[..size]);
            assert_eq!(row[2], Some(hex::encode(root)), "a checkpoint of another log: {row:?}");
        }
    }
}

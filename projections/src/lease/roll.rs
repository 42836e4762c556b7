//! A writer's side: which nodes may still be answering from the state before a change.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{MARGIN, Moment};

/// What a writer has seen of the nodes, on its own clock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Roll<Id: Ord> {
    nodes: BTreeMap<Id, (u64, Moment)>,
}

/// One node, as a roll call found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Whether it has confirmed the change that is to be acknowledged.
    pub confirms: bool,
    /// For how long, at least, it has not renewed its row.
    pub silence: Duration,
    /// How long its leases last.
    pub lease: Duration,
}

/// Why a change may be acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grounds {
    /// No node holds a lease.
    Nobody,
    /// Every node has confirmed the change.
    Confirmed,
    /// Those that have not were silent for longer than a lease lasts.
    Silence,
    /// The change is older than any lease that began before it.
    Time,
}

impl Grounds {
    /// Whether a change may be acknowledged that was committed at `committed` or before, judging by nodes that were
    /// seen at `seen_at`, which is later.
    ///
    /// A node that is not among them had no row, so whatever it proves after that includes the change.
    pub fn of(committed: Moment, seen_at: Moment, nodes: &[Seen]) -> Option<Self> {
        let outlived = |lease: Duration, length: Duration| length >= lease + MARGIN;
        let lagging = || nodes.iter().filter(|node| !node.confirms);
        if nodes.is_empty() {
            return Some(Self::Nobody);
        }
        if lagging().next().is_none() {
            return Some(Self::Confirmed);
        }
        if lagging().all(|node| outlived(node.lease, node.silence)) {
            return Some(Self::Silence);
        }
        lagging()
            .all(|node| outlived(node.lease, node.silence.max(seen_at.since(committed))))
            .then_some(Self::Time)
    }

    /// As metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Confirmed => "confirmed",
            Self::Silence => "silence",
            Self::Time => "time",
        }
    }
}

impl<Id: Ord> Default for Roll<Id> {
    fn default() -> Self {
        Self { nodes: BTreeMap::new() }
    }
}

impl<Id: Clone + Ord> Roll<Id> {
    /// Takes note of each node's latest renewal, and forgets nodes that are gone. What names a renewal must never name
    /// another. `begun` and `ended` are the moments before and after the question. Says how long each has been
    /// silent, in the order given.
    pub fn call(&mut self, begun: Moment, ended: Moment, renewals: &[(Id, u64)]) -> Vec<Duration> {
        let mut nodes = BTreeMap::new();
        let mut silences = Vec::with_capacity(renewals.len());
        for (id, renewal) in renewals {
            let since = match self.nodes.get(id) {
                Some((known, since)) if known == renewal => *since,
                Some(_) | None => ended,
            };
            nodes.insert(id.clone(), (*renewal, since));
            silences.push(begun.since(since));
        }
        self.nodes = nodes;
        silences
    }
}

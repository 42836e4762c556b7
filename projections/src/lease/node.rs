//! A node's side: from which rounds it may take the right to answer from memory.

use std::time::Duration;

use fail::fail_point;

use super::Moment;

/// What a node knows about its own lease.
///
/// A *round* is one statement that renews the node's row and reads every change, in one snapshot. When it is
/// answered, writers see the row. But a round that began while they did not is no proof: a writer may have looked,
/// seen nobody, and acknowledged, between the snapshot and the renewal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    length: Duration,
    /// Until when the row is certainly seen by writers.
    visible_until: Option<Moment>,
}

/// What a round came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Writers see the node from now on; it may not answer yet.
    Visible,
    /// It may answer from memory.
    Proof {
        /// Up to this moment, and not at it.
        until: Moment,
    },
}

impl Lease {
    /// No lease yet.
    pub const fn new(length: Duration) -> Self {
        Self { length, visible_until: None }
    }

    /// Whether writers certainly see the node's row at this moment.
    pub fn is_visible(&self, now: Moment) -> bool {
        self.visible_until.is_some_and(|until| now < until)
    }

    /// Takes note of a round that was answered, and whose changes are applied. `begun` and `ended` are
    /// the moments before it was asked and after it was answered.
    pub fn round(&mut self, begun: Moment, ended: Moment) -> Standing {
        fail_point!("lease_from_reply", |_| Standing::Proof { until: ended.plus(self.length) });
        let was_visible = self.is_visible(ended);
        let until = begun.plus(self.length);
        self.visible_until = Some(until);
        if was_visible { Standing::Proof { until } } else { Standing::Visible }
    }
}

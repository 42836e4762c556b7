//! When a node may answer from memory, and when a writer may acknowledge.
//!
//! Leases (Gray and Cheriton, 1989) without a clock that two machines share. A node may answer from memory for
//! a time N after a round trip to the database *began*, if that round trip said that the node exists and read every
//! change. A writer acknowledges when no node can be answering from the state before the change: each has
//! confirmed it, or its lease has run out.
//!
//! **Invariant:** a moment is never compared with one that another machine read off its clock. Only lengths of time
//! are compared, each measured on one machine.
//!
//! Nothing here does I/O. A model checks these same functions (`tests/model`).

mod clock;
mod node;
mod roll;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use clock::Moment;
pub use node::{Lease, Standing};
pub use roll::{Grounds, Roll, Seen};

/// What a writer waits beyond a lease, because clocks do not run equally fast.
pub const MARGIN: Duration = Duration::from_millis(100);

/// How long leases last, and how often they are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// N: from the beginning of a proof to the end of the lease.
    pub length: Duration,
    /// From the beginning of one round to the next, when nothing happens.
    pub renewal: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { length: Duration::from_secs(1), renewal: Duration::from_millis(250) }
    }
}

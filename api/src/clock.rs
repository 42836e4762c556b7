//! Time as a parameter.

use chrono::{DateTime, SubsecRound, Utc};

/// Tells the time of day. Nothing is ordered by it; it only says when.
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds: the finest that every database keeps.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes from")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

//! Time as a parameter.

use std::time::Instant;

use chrono::{DateTime, SubsecRound, Utc};

/// Tells the time of day. Nothing is ordered by it; it only says when.
pub trait Clock: Send + Sync {
    /// Now, in whole microseconds: the finest that every database keeps.
    fn now(&self) -> DateTime<Utc>;

    /// Now, by a clock that only goes forward: what durations are measured with. It says nothing about
    /// the time of day.
    fn instant(&self) -> Instant {
        Instant::now()
    }
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

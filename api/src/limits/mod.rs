//! How often an account may be acted in: so many requests in any minute, counted exactly, on this node.
//!
//! Ours, because `governor`, which the throttles of sign-in use, is not exact: its GCRA lets the quota grow
//! back while a burst uses it, and so admits up to twice as many in one minute. A log of the last minute
//! counts.
//!
//! **Invariant:** in no window of 60 seconds are more requests of an account admitted than the limit says;
//! a window has its beginning and not its end. **Invariant:** a refused request counts nowhere, also when
//! only one of two limits refuses it. **Invariant:** memory is for accounts that were active lately.

pub mod layers;
pub mod standing;
mod window;

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use domain::AccountId;

use self::standing::{RateLimit, Standings};
use self::window::SlidingLog;
use crate::error::ApiError;

/// The limits of accounts: whatever acts in one, and adding prospects more narrowly.
pub struct Limits(Mutex<Logs>);

struct Logs {
    account: SlidingLog,
    prospects: SlidingLog,
    /// Of all requests so far.
    latest: Option<Instant>,
}

impl Limits {
    /// Limits with these quotas.
    pub fn new(account_per_minute: NonZeroU32, prospects_per_minute: NonZeroU32) -> Self {
        let log = |name, per_minute: NonZeroU32| {
            SlidingLog::new(RateLimit { name, per_minute: per_minute.get() })
        };
        Self(Mutex::new(Logs {
            account: log("account", account_per_minute),
            prospects: log("prospects", prospects_per_minute),
            latest: None,
        }))
    }

    /// Counts a request in an account. `now` is monotonic; requests count in the order in which they get
    /// here, so one that is dated before another's is dated like that.
    ///
    /// # Errors
    /// `TooManyRequests` when the account's minute is full.
    pub fn account(&self, account_id: AccountId, now: Instant) -> Result<Standings, ApiError> {
        self.admit(account_id, now, |logs| [&mut logs.account])
    }

    /// The same for a request that adds prospects. It counts among the account's requests too, or nowhere:
    /// a route that asks here stands behind no other layer of [`layers`].
    ///
    /// # Errors
    /// `TooManyRequests` when either minute is full.
    pub fn prospects(&self, account_id: AccountId, now: Instant) -> Result<Standings, ApiError> {
        self.admit(account_id, now, |logs| [&mut logs.account, &mut logs.prospects])
    }

    fn admit<const N: usize>(
        &self,
        account_id: AccountId,
        now: Instant,
        which: impl FnOnce(&mut Logs) -> [&mut SlidingLog; N],
    ) -> Result<Standings, ApiError> {
        let mut logs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = logs.latest.map_or(now, |latest| latest.max(now));
        logs.latest = Some(now);
        let mut logs = which(&mut logs);
        let before: Standings = logs.iter_mut().map(|log| log.standing(account_id, now)).collect();
        if let Some(retry_after_seconds) = before.exhausted_for_seconds() {
            return Err(ApiError::TooManyRequests { retry_after_seconds, standings: before });
        }
        Ok(logs.into_iter().map(|log| log.count(account_id, now)).collect())
    }
}

#[cfg(test)]
mod tests;

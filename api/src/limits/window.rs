//! A log of what was admitted in the last minute, per account.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use domain::AccountId;

use super::standing::{RateLimit, Standing};

/// What the limits are about.
const WINDOW: Duration = Duration::from_mins(1);

/// When each account was admitted. Times never go back.
pub(super) struct SlidingLog {
    limit: RateLimit,
    /// Oldest first; longer than the limit never.
    admitted: HashMap<AccountId, VecDeque<Instant>>,
    /// When accounts at rest were last forgotten.
    swept: Option<Instant>,
}

impl SlidingLog {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, admitted: HashMap::new(), swept: None }
    }

    /// How the limit stands for the account.
    pub(super) fn standing(&mut self, account_id: AccountId, now: Instant) -> Standing {
        self.forget_accounts_at_rest(now);
        let (used, wait) = match self.admitted.get_mut(&account_id) {
            Some(log) => {
                while log.pop_front_if(|at| has_left(*at, now)).is_some() {}
                let wait = log.front().map_or(WINDOW, |oldest| (*oldest + WINDOW) - now);
                (u32::try_from(log.len()).unwrap_or(u32::MAX), wait)
            }
            None => (0, WINDOW),
        };
        Standing {
            limit: self.limit,
            remaining: self.limit.per_minute.saturating_sub(used),
            seconds: in_whole_seconds(wait),
        }
    }

    /// Counts a request that is admitted; how the limit stands then.
    pub(super) fn count(&mut self, account_id: AccountId, now: Instant) -> Standing {
        self.admitted.entry(account_id).or_default().push_back(now);
        self.standing(account_id, now)
    }

    /// Once per window, so that it costs each request next to nothing.
    fn forget_accounts_at_rest(&mut self, now: Instant) {
        if self.swept.is_some_and(|swept| !has_left(swept, now)) {
            return;
        }
        self.swept = Some(now);
        self.admitted.retain(|_, log| log.back().is_some_and(|newest| !has_left(*newest, now)));
        self.admitted.shrink_to_fit();
    }

    /// Accounts that memory is used for.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.admitted.len()
    }
}

fn has_left(at: Instant, now: Instant) -> bool {
    now.duration_since(at) >= WINDOW
}

/// Rounded up: whoever waits so long has waited long enough.
fn in_whole_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

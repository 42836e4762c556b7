//! Slows down whoever guesses: passwords, set-up codes and credentials.
//!
//! In memory, per node. Quotas grow back while they are used (GCRA), so a minute may see up to twice as much;
//! where a limit is promised to the request, [`crate::limits`] counts.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use metrics::Counter;
use sha2::{Digest, Sha256};

use crate::client_address::ClientAddress;
use crate::error::ApiError;
use crate::limits::standing::{RateLimit, Standings};
use crate::measures::table::FAILED_CREDENTIALS;

/// Tries for one e-mail address: ten at once, then one every six seconds.
const PER_EMAIL_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Tries from one network address.
const PER_ADDRESS_A_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Credentials from one network address that turned out to be no good.
const FAILURES_A_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Keys remembered before those that are at rest are forgotten.
const REMEMBERED: usize = 10_000;
/// How many are remembered is looked at after so many checks: to count them takes longer than one.
const CHECKS: u32 = 1_000;

/// Counts tries to sign in per e-mail address and per network address.
pub struct SignInThrottle {
    by_email: Throttle<[u8; 32]>,
    by_address: Throttle<IpAddr>,
}

impl Default for SignInThrottle {
    fn default() -> Self {
        Self {
            by_email: Throttle::new("sign-in", PER_EMAIL_A_MINUTE),
            by_address: Throttle::new("address", PER_ADDRESS_A_MINUTE),
        }
    }
}

impl SignInThrottle {
    /// Counts a try to sign in.
    ///
    /// # Errors
    /// `TooManyRequests` when there were too many.
    pub fn try_email(&self, email: &str) -> Result<(), ApiError> {
        self.by_email.check(&Sha256::digest(email).into())
    }

    /// Counts a try from an address; an unknown one is not counted.
    ///
    /// # Errors
    /// `TooManyRequests` when there were too many.
    pub fn try_address(&self, address: Option<ClientAddress>) -> Result<(), ApiError> {
        address.map_or(Ok(()), |address| self.by_address.check(&address.subscriber()))
    }
}

/// Counts credentials that failed, per network address.
///
/// **Invariant:** a good credential is never asked how often others failed: behind one office's address
/// work many integrations, and one that was forgotten with a dead token must not shut out its neighbours.
pub struct FailedCredentials {
    throttle: Throttle<IpAddr>,
    refused: Counter,
    limited: Counter,
}

impl Default for FailedCredentials {
    fn default() -> Self {
        let counter = |answer| metrics::counter!(FAILED_CREDENTIALS, "answer" => answer);
        Self {
            throttle: Throttle::new("failed-credentials", FAILURES_A_MINUTE),
            refused: counter("refused"),
            limited: counter("limited"),
        }
    }
}

impl FailedCredentials {
    /// Counts a credential that failed. What to answer: the refusal, or `TooManyRequests` when there were
    /// too many from that address. An unknown address is not counted.
    pub fn answer(&self, address: Option<ClientAddress>, refusal: ApiError) -> ApiError {
        let within = address.map_or(Ok(()), |address| self.throttle.check(&address.subscriber()));
        if within.is_ok() { &self.refused } else { &self.limited }.increment(1);
        within.err().unwrap_or(refusal)
    }
}

/// One quota per key.
struct Throttle<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    limit: RateLimit,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Throttle<K> {
    fn new(name: &'static str, per_minute: NonZeroU32) -> Self {
        Self {
            limiter: RateLimiter::keyed(Quota::per_minute(per_minute)),
            limit: RateLimit { name, per_minute: per_minute.get() },
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    fn check(&self, key: &K) -> Result<(), ApiError> {
        let checks = self.checks.fetch_add(1, Ordering::Relaxed);
        if checks.is_multiple_of(CHECKS) && self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(key).map_err(|refused| {
            let retry_after_seconds = refused.wait_time_from(self.clock.now()).as_secs() + 1;
            let standings = Standings::exhausted(self.limit, retry_after_seconds);
            ApiError::TooManyRequests { retry_after_seconds, standings }
        })
    }
}

//! Slows down whoever guesses passwords or set-up codes.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};

use crate::client_address::ClientAddress;
use crate::error::ApiError;
use crate::limits::standing::{RateLimit, Standings};

/// Tries for one e-mail address: ten at once, then one every six seconds.
const PER_EMAIL_A_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();
/// Tries from one network address.
const PER_ADDRESS_A_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();
/// Keys remembered before those that are at rest are forgotten.
const REMEMBERED: usize = 10_000;

/// Counts tries per e-mail address and per network address. In memory, per node.
pub struct SignInThrottle {
    by_email: DefaultKeyedRateLimiter<[u8; 32]>,
    by_address: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Default for SignInThrottle {
    fn default() -> Self {
        Self {
            by_email: RateLimiter::keyed(Quota::per_minute(PER_EMAIL_A_MINUTE)),
            by_address: RateLimiter::keyed(Quota::per_minute(PER_ADDRESS_A_MINUTE)),
            clock: DefaultClock::default(),
        }
    }
}

impl SignInThrottle {
    /// Counts a try to sign in.
    ///
    /// # Errors
    /// `TooManyRequests` when there were too many.
    pub fn try_email(&self, email: &str) -> Result<(), ApiError> {
        let limit = RateLimit { name: "sign-in", per_minute: PER_EMAIL_A_MINUTE.get() };
        self.check(&self.by_email, &Sha256::digest(email).into(), limit)
    }

    /// Counts a try from an address; an unknown one is not counted.
    ///
    /// # Errors
    /// `TooManyRequests` when there were too many.
    pub fn try_address(&self, address: Option<ClientAddress>) -> Result<(), ApiError> {
        match address {
            Some(address) => {
                let limit = RateLimit { name: "address", per_minute: PER_ADDRESS_A_MINUTE.get() };
                self.check(&self.by_address, &address.subscriber(), limit)
            }
            None => Ok(()),
        }
    }

    fn check<K: std::hash::Hash + Eq + Clone>(
        &self,
        limiter: &DefaultKeyedRateLimiter<K>,
        key: &K,
        limit: RateLimit,
    ) -> Result<(), ApiError> {
        if limiter.len() > REMEMBERED {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|refused| {
            let wait = refused.wait_time_from(self.clock.now());
            let retry_after_seconds = wait.as_secs() + 1;
            let standings = Standings::exhausted(limit, retry_after_seconds);
            ApiError::TooManyRequests { retry_after_seconds, standings }
        })
    }
}

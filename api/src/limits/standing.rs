//! How limits stand for one request, and the header fields that say it.
//!
//! The fields are those of draft-ietf-httpapi-ratelimit-headers-11.

use std::fmt::Write as _;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");

/// A limit as the header fields name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Names the limit.
    pub name: &'static str,
    /// Requests per minute.
    pub per_minute: u32,
}

/// One limit at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Which limit.
    pub limit: RateLimit,
    /// Requests that would be admitted now.
    pub remaining: u32,
    /// The draft's effective window (section 4.1.2): for so long no more than that, so until the oldest
    /// request that counts has left the window and one more is available.
    pub seconds: u64,
}

/// All limits that apply to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standings(Vec<Standing>);

impl FromIterator<Standing> for Standings {
    fn from_iter<T: IntoIterator<Item = Standing>>(standings: T) -> Self {
        Self(standings.into_iter().collect())
    }
}

impl Standings {
    /// A single limit that admits nothing more for so long.
    pub fn exhausted(limit: RateLimit, seconds: u64) -> Self {
        Self(vec![Standing { limit, remaining: 0, seconds }])
    }

    /// How long until each limit has something left; `None` when each has now.
    pub fn exhausted_for_seconds(&self) -> Option<u64> {
        self.0.iter().filter(|standing| standing.remaining == 0).map(|full| full.seconds).max()
    }

    /// The answer with `RateLimit-Policy` and `RateLimit`. Both fields are lists, which may be split over
    /// several lines, so limits that the answer names already stay.
    pub fn said_in(&self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        self.say_in(response.headers_mut());
        response
    }

    /// Adds the fields.
    pub fn say_in(&self, headers: &mut HeaderMap) {
        let (mut policy, mut state) = (String::new(), String::new());
        for Standing { limit: RateLimit { name, per_minute }, remaining, seconds } in &self.0 {
            let comma = if policy.is_empty() { "" } else { ", " };
            // A string takes whatever is written.
            let _ = write!(policy, "{comma}\"{name}\";q={per_minute};w=60");
            let _ = write!(state, "{comma}\"{name}\";r={remaining};t={seconds}");
        }
        for (name, text) in [(POLICY, policy), (STATE, state)] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.append(name, value);
            }
        }
    }
}

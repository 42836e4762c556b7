use std::time::Duration;

use axum::http::HeaderMap;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::standing::Standing;
use super::*;

const MINUTE: Duration = Duration::from_mins(1);
/// A nanosecond less.
const NOT_A_MINUTE: Duration = Duration::from_nanos(59_999_999_999);

fn limits(account: u32, prospects: u32) -> Limits {
    Limits::new(account.try_into().unwrap(), prospects.try_into().unwrap())
}

fn account(number: u128) -> AccountId {
    AccountId::new(Uuid::from_u128(number))
}

/// What the header fields say, and after how many seconds to come back when the request was refused.
fn told(outcome: Result<Standings, ApiError>) -> (String, Option<u64>) {
    let (standings, wait) = match outcome {
        Ok(standings) => (standings, None),
        Err(ApiError::TooManyRequests { retry_after_seconds, standings }) => {
            (standings, Some(retry_after_seconds))
        }
        Err(error) => panic!("{error:?}"),
    };
    let mut headers = HeaderMap::new();
    standings.say_in(&mut headers);
    (headers["ratelimit"].to_str().unwrap().to_owned(), wait)
}

fn admitted(state: &str) -> (String, Option<u64>) {
    (state.to_owned(), None)
}

fn refused(state: &str, seconds: u64) -> (String, Option<u64>) {
    (state.to_owned(), Some(seconds))
}

#[test]
fn the_limit_is_admitted_and_no_more_until_the_oldest_is_a_minute_old() {
    let (limits, acme, start) = (limits(2, 2), account(1), Instant::now());
    let at = |seconds: f64| told(limits.account(acme, start + Duration::from_secs_f64(seconds)));
    assert_eq!(at(0.0), admitted("\"account\";r=1;t=60"));
    assert_eq!(at(10.5), admitted("\"account\";r=0;t=50"));
    assert_eq!(at(10.5), refused("\"account\";r=0;t=50", 50));
    assert_eq!(at(59.5), refused("\"account\";r=0;t=1", 1));
    assert_eq!(at(60.0), admitted("\"account\";r=0;t=11"));
    assert_eq!(at(60.0), refused("\"account\";r=0;t=11", 11));
    assert_eq!(at(70.5), admitted("\"account\";r=0;t=50"));
    assert_eq!(at(200.0), admitted("\"account\";r=1;t=60"));
}

#[test]
fn a_window_has_its_beginning_and_not_its_end() {
    let (limits, acme, start) = (limits(1, 1), account(1), Instant::now());
    assert!(limits.account(acme, start).is_ok());
    assert!(limits.account(acme, start + NOT_A_MINUTE).is_err());
    assert!(limits.account(acme, start + MINUTE).is_ok());
}

#[test]
fn accounts_do_not_share_a_limit() {
    let (limits, now) = (limits(1, 1), Instant::now());
    assert!(limits.account(account(1), now).is_ok());
    assert!(limits.account(account(1), now).is_err());
    assert!(limits.account(account(2), now).is_ok());
}

#[test]
fn adding_prospects_counts_in_both_limits() {
    let (limits, acme, start) = (limits(5, 2), account(1), Instant::now());
    let policy = |outcome: Result<Standings, ApiError>| {
        let mut headers = HeaderMap::new();
        outcome.unwrap().say_in(&mut headers);
        headers["ratelimit-policy"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        policy(limits.prospects(acme, start)),
        "\"account\";q=5;w=60, \"prospects\";q=2;w=60"
    );
    assert_eq!(policy(limits.account(acme, start)), "\"account\";q=5;w=60");
    let later = start + MINUTE / 2;
    assert_eq!(
        told(limits.prospects(acme, later)),
        admitted("\"account\";r=2;t=30, \"prospects\";r=0;t=30")
    );
    assert_eq!(
        told(limits.prospects(acme, later)),
        refused("\"account\";r=2;t=30, \"prospects\";r=0;t=30", 30)
    );
    assert_eq!(told(limits.account(acme, later)), admitted("\"account\";r=1;t=30"));
}

#[test]
fn what_one_of_two_limits_refuses_counts_in_neither() {
    let (limits, acme, start) = (limits(2, 1), account(1), Instant::now());
    assert!(limits.prospects(acme, start).is_ok());
    for _ in 0..5 {
        assert!(limits.prospects(acme, start).is_err());
    }
    assert_eq!(told(limits.account(acme, start)), admitted("\"account\";r=0;t=60"));
    // Now the account refuses, and a minute later its prospects are as they were.
    let (other, later) = (account(2), start + MINUTE / 2);
    assert!(limits.account(other, start).is_ok());
    assert!(limits.account(other, start).is_ok());
    assert_eq!(
        told(limits.prospects(other, later)),
        refused("\"account\";r=0;t=30, \"prospects\";r=1;t=60", 30)
    );
    assert_eq!(
        told(limits.prospects(other, start + MINUTE)),
        admitted("\"account\";r=1;t=60, \"prospects\";r=0;t=60")
    );
}

#[test]
fn when_both_are_full_the_wait_is_the_longer_one() {
    let (limits, acme, start) = (limits(2, 1), account(1), Instant::now());
    assert!(limits.account(acme, start).is_ok());
    assert!(limits.prospects(acme, start + MINUTE / 3).is_ok());
    assert_eq!(
        told(limits.prospects(acme, start + MINUTE / 2)),
        refused("\"account\";r=0;t=30, \"prospects\";r=0;t=50", 50)
    );
}

#[test]
fn a_request_dated_before_another_counts_like_that_one() {
    let (limits, start) = (limits(1, 1), Instant::now());
    assert!(limits.account(account(1), start).is_ok());
    assert!(limits.account(account(2), start + MINUTE).is_ok());
    assert!(limits.account(account(1), start + MINUTE / 2).is_ok());
    assert!(limits.account(account(1), start + MINUTE + MINUTE / 2).is_err());
    assert!(limits.account(account(1), start + 2 * MINUTE).is_ok());
}

#[test]
fn accounts_at_rest_are_forgotten() {
    let (limits, start) = (limits(100, 10), Instant::now());
    for number in 0..10_000 {
        let now = start + MINUTE * u32::try_from(number / 100).unwrap();
        assert!(limits.prospects(account(number), now).is_ok());
    }
    let logs = limits.0.lock().unwrap();
    assert_eq!((logs.account.remembered(), logs.prospects.remembered()), (100, 100));
}

/// Every admitted request as (when, whether it added prospects), and nothing forgotten.
#[derive(Default)]
struct Model(Vec<(Instant, bool)>);

impl Model {
    /// Times in the minute up to `now`, oldest first.
    fn last_minute(&self, now: Instant, only_prospects: bool) -> Vec<Instant> {
        let counts = |(at, adds): &&(Instant, bool)| {
            (*adds || !only_prospects) && now.duration_since(*at) < MINUTE
        };
        self.0.iter().filter(counts).map(|(at, _)| *at).collect()
    }

    fn standing(&self, limit: RateLimit, now: Instant) -> Standing {
        let minute = self.last_minute(now, limit.name == "prospects");
        let wait = minute.first().map_or(MINUTE, |oldest| *oldest + MINUTE - now);
        let seconds = wait.as_nanos().div_ceil(1_000_000_000).try_into().unwrap();
        let remaining = limit.per_minute - u32::try_from(minute.len()).unwrap();
        Standing { limit, remaining, seconds }
    }

    /// Expects that no minute that begins with an admitted request holds more than that.
    fn assert_never_more_than(&self, per_minute: usize, only_prospects: bool) {
        let times: Vec<_> =
            self.0.iter().filter(|(_, adds)| *adds || !only_prospects).map(|(at, _)| *at).collect();
        for (number, begin) in times.iter().enumerate() {
            let in_window = times[number..].iter().filter(|at| **at - *begin < MINUTE).count();
            assert!(in_window <= per_minute, "{in_window} of {per_minute}");
        }
    }
}

/// Three accounts of a server whose limits these are, and what each of them was told.
struct Trial {
    limits: Limits,
    all: [RateLimit; 2],
    models: [Model; 3],
    now: Instant,
    accepted: usize,
    refused: usize,
}

impl Trial {
    fn new(per_minute: u32, prospects: u32) -> Self {
        let named = |name, per_minute| RateLimit { name, per_minute };
        Self {
            limits: limits(per_minute, prospects),
            all: [named("account", per_minute), named("prospects", prospects)],
            models: Default::default(),
            now: Instant::now(),
            accepted: 0,
            refused: 0,
        }
    }

    /// One request, and the same answer as by counting everything.
    fn ask(&mut self, who: usize, adds_prospects: bool) {
        let (model, now) = (&mut self.models[who], self.now);
        let applying = if adds_prospects { &self.all[..] } else { &self.all[..1] };
        let standing = |model: &Model| -> Standings {
            applying.iter().map(|limit| model.standing(*limit, now)).collect()
        };
        let before = standing(model);
        let id = account(u128::try_from(who).unwrap());
        let outcome = if adds_prospects {
            self.limits.prospects(id, now)
        } else {
            self.limits.account(id, now)
        };
        match outcome {
            Ok(told) => {
                assert_eq!(before.exhausted_for_seconds(), None);
                model.0.push((now, adds_prospects));
                assert_eq!(told, standing(model));
                self.accepted += 1;
            }
            Err(ApiError::TooManyRequests { retry_after_seconds, standings }) => {
                assert_eq!(before.exhausted_for_seconds(), Some(retry_after_seconds));
                assert_eq!(standings, before);
                // Whoever waits so long and is alone is admitted; a second less would not do.
                let free_after = |seconds| {
                    let at = now + Duration::from_secs(seconds);
                    applying.iter().all(|limit| model.standing(*limit, at).remaining > 0)
                };
                assert!(free_after(retry_after_seconds) && !free_after(retry_after_seconds - 1));
                self.refused += 1;
            }
            Err(error) => panic!("{error:?}"),
        }
    }

    fn finish(self) {
        let Self { accepted, refused, .. } = self;
        assert!(accepted > 50 && refused > 50, "{accepted} accepted, {refused} refused");
        for model in &self.models {
            for limit in self.all {
                let quota = usize::try_from(limit.per_minute).unwrap();
                model.assert_never_more_than(quota, limit.name == "prospects");
            }
        }
    }
}

/// Often at once, mostly soon, sometimes to the nanosecond at the window's edge.
fn pause(chance: &mut StdRng) -> Duration {
    match chance.random_range(0..200) {
        0..90 => Duration::ZERO,
        90..150 => Duration::from_millis(chance.random_range(0..1_000)),
        150..190 => Duration::from_nanos(chance.random_range(0..4_000_000_000)),
        190..196 => Duration::from_secs(chance.random_range(0..70)),
        196..198 => NOT_A_MINUTE,
        _ => MINUTE,
    }
}

#[test]
fn whatever_comes_the_log_admits_what_counting_everything_admits() {
    let seed = std::env::var("TEST_SEED").map_or(2_411, |text| text.parse().unwrap());
    println!("to repeat, set TEST_SEED={seed}");
    let mut chance = StdRng::seed_from_u64(seed);
    for _ in 0..40 {
        let mut trial = Trial::new(chance.random_range(1..=20), chance.random_range(1..=8));
        for _ in 0..1_500 {
            trial.now += pause(&mut chance);
            trial.ask(chance.random_range(0..3), chance.random_bool(0.4));
        }
        trial.finish();
    }
}

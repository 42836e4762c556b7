//! What the service measures of itself, for Prometheus.
//!
//! [`table`] names every metric and says what it is. One recorder serves the whole process, however many
//! services run in it; whoever has something to say uses the macros of the crate `metrics` with a name of the
//! table.
//!
//! **Invariant:** no metric tells of anybody. The values of labels are words of the program and routes as they are
//! written in the [router](crate::router): never a user, a token, an account, an address or a path.

pub mod commands;
pub mod requests;
pub mod table;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::clock::{Clock, SystemClock};

/// Upper bounds in seconds, of every duration that is counted.
const BUCKETS: [f64; 13] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Durations are kept one by one until then.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to measure, unless this process does already.
pub fn install() {
    recorder();
}

/// Everything measured so far, as Prometheus reads it.
pub fn render() -> String {
    recorder().render()
}

/// Keeps the memory small that measuring takes, until it is dropped.
pub async fn keep_small() {
    let mut rounds = tokio::time::interval(UPKEEP);
    loop {
        rounds.tick().await;
        recorder().run_upkeep();
    }
}

fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS);
        let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::error!(
                "something else in this process measures already: /metrics stays empty"
            );
        }
        table::describe();
        handle
    })
}

/// Measures how long something takes. No decision depends on it.
#[derive(Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// From now on.
    pub fn start() -> Self {
        Self(SystemClock.instant())
    }

    /// Adds what has passed to a histogram.
    pub fn stop(self, histogram: &metrics::Histogram) {
        histogram.record(SystemClock.instant().saturating_duration_since(self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installing_it_again_changes_nothing() {
        install();
        metrics::counter!(table::CHECKPOINT_FAILURES).increment(3);
        install();
        let line = format!("{} 3\n", table::CHECKPOINT_FAILURES);
        assert!(render().contains(&line), "{}", render());
    }
}

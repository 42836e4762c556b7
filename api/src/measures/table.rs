//! Every metric: its name, what kind it is and what it says. docs/OPERATIONS.md has the same, with what to do.

use metrics::Unit;
use projections::measures::{
    INTENT_WAIT, INTENTS, LEASE_AGE, LEASE_ROUNDS, REPLICA_LOADS, REPLICA_TOKENS,
    REPLICA_TRANSACTION, REPLICA_USERS, VERIFICATIONS,
};

/// See [`METRICS`], as all that follow.
pub const BUILD: &str = "symbolon_build_info";
/// By `method`, `route` and `status`.
pub const REQUESTS: &str = "symbolon_http_requests_total";
/// By `method` and `route`.
pub const REQUEST_DURATION: &str = "symbolon_http_request_duration_seconds";
/// By `aggregate` and `outcome`.
pub const COMMANDS: &str = "symbolon_commands_total";
/// By `aggregate`.
pub const COMMAND_DURATION: &str = "symbolon_command_duration_seconds";
/// By `answer`: `refused`, `limited`.
pub const FAILED_CREDENTIALS: &str = "symbolon_failed_credentials_total";
/// How long events have waited for their places in the log.
pub const LOG_LAG: &str = "symbolon_log_lag_seconds";
/// Events that this node gave their places.
pub const LOG_EVENTS: &str = "symbolon_log_events_total";
/// Checkpoints that could not be made.
pub const CHECKPOINT_FAILURES: &str = "symbolon_checkpoint_failures_total";
/// By `outcome`: `arrived`, `failed`, `dead`.
pub const DELIVERY_ATTEMPTS: &str = "symbolon_delivery_attempts_total";

/// What a metric does over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, and begins anew with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts durations.
    Histogram,
}
use Kind::{Counter, Gauge, Histogram};

/// A metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Under which it is published.
    pub name: &'static str,
    /// What it does over time.
    pub kind: Kind,
    /// Of what it is a number.
    pub unit: Unit,
    /// What it says.
    pub text: &'static str,
}

/// All of them.
pub const METRICS: &[Metric] = &[
    metric(BUILD, Gauge, Unit::Count, "1, with the version that runs."),
    metric(
        REQUESTS,
        Counter,
        Unit::Count,
        "Requests answered, by method, route and class of the status.",
    ),
    metric(
        REQUEST_DURATION,
        Histogram,
        Unit::Seconds,
        "Seconds from a request's head to its answer's, by method and route.",
    ),
    metric(COMMANDS, Counter, Unit::Count, "Commands that ended, by aggregate and outcome."),
    metric(
        COMMAND_DURATION,
        Histogram,
        Unit::Seconds,
        "Seconds that commands took, all attempts together, by aggregate.",
    ),
    metric(
        FAILED_CREDENTIALS,
        Counter,
        Unit::Count,
        "Credentials that were no good, by whether the answer was 401 (refused) or 429 (limited).",
    ),
    metric(
        LOG_LAG,
        Gauge,
        Unit::Seconds,
        "Seconds that events have waited for their places in the log, as this node sees it; 0 while none waits.",
    ),
    metric(LOG_EVENTS, Counter, Unit::Count, "Events that this node gave their places in the log."),
    metric(
        CHECKPOINT_FAILURES,
        Counter,
        Unit::Count,
        "Checkpoints that were due and could not be made.",
    ),
    metric(
        DELIVERY_ATTEMPTS,
        Counter,
        Unit::Count,
        "Attempts to tell an endpoint, by outcome: arrived, failed (tried again), dead (given up).",
    ),
    metric(
        LEASE_AGE,
        Gauge,
        Unit::Seconds,
        "Seconds since the last proof began that this node's memory is up to date.",
    ),
    metric(
        LEASE_ROUNDS,
        Counter,
        Unit::Count,
        "Rounds of the lease, by outcome: proof, visible (no proof yet), failed.",
    ),
    metric(
        REPLICA_TRANSACTION,
        Gauge,
        Unit::Count,
        "The transaction before which memory has everything (xmax of the snapshot applied).",
    ),
    metric(REPLICA_USERS, Gauge, Unit::Count, "Users in memory."),
    metric(REPLICA_TOKENS, Gauge, Unit::Count, "Live tokens in memory."),
    metric(REPLICA_LOADS, Counter, Unit::Count, "Times that memory was filled from the tables."),
    metric(
        VERIFICATIONS,
        Counter,
        Unit::Count,
        "Credentials verified, by what answered: memory, database, nowhere (503).",
    ),
    metric(
        INTENT_WAIT,
        Histogram,
        Unit::Seconds,
        "Seconds that commands waited until all nodes knew what they were about to change.",
    ),
    metric(
        INTENTS,
        Counter,
        Unit::Count,
        "Commands that announced a change, by what ended the wait: confirmed, silence, time, nobody.",
    ),
];

const fn metric(name: &'static str, kind: Kind, unit: Unit, text: &'static str) -> Metric {
    Metric { name, kind, unit, text }
}

/// Says to the recorder what each is, and begins at nought what somebody may wait for.
pub(super) fn describe() {
    for Metric { name, kind, unit, text } in METRICS.iter().copied() {
        match kind {
            Counter => metrics::describe_counter!(name, unit, text),
            Gauge => metrics::describe_gauge!(name, unit, text),
            Histogram => metrics::describe_histogram!(name, unit, text),
        }
    }
    metrics::gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION")).set(1);
    metrics::gauge!(LOG_LAG).set(0);
    for name in [LOG_EVENTS, CHECKPOINT_FAILURES] {
        metrics::counter!(name).absolute(0);
    }
    for (name, label, values) in [
        (FAILED_CREDENTIALS, "answer", &["refused", "limited"][..]),
        (DELIVERY_ATTEMPTS, "outcome", &["arrived", "failed", "dead"][..]),
    ] {
        for value in values {
            metrics::counter!(name, label => *value).absolute(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_exactly_these() {
        let documentation = include_str!("../../../docs/OPERATIONS.md");
        let listed: Vec<_> = documentation
            .lines()
            .filter_map(|line| line.strip_prefix("| `symbolon_")?.split(['`', '{']).next())
            .collect();
        let names: Vec<_> =
            METRICS.iter().filter_map(|metric| metric.name.strip_prefix("symbolon_")).collect();
        assert_eq!(listed, names);
    }

    #[test]
    fn a_name_says_what_kind_and_unit_it_has() {
        for metric in METRICS {
            let total = metric.name.ends_with("_total");
            assert_eq!(total, metric.kind == Counter, "{metric:?}");
            let seconds = metric.name.ends_with("_seconds");
            assert_eq!(seconds, metric.unit == Unit::Seconds, "{metric:?}");
        }
    }
}

//! Rules of the event store.

use super::attempt::{Attempt, POSTGRES, SQLITE};

macro_rules! event {
    ($key:literal) => {
        concat!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, ",
            "event_version, payload, metadata) VALUES (",
            $key,
            ", 'Happened', '1', '{}', '{}')"
        )
    };
}

macro_rules! context {
    ($key:literal, $salt:literal) => {
        concat!("INSERT INTO event_context VALUES (", $key, ", ", $salt, ", NULL, NULL, NULL)")
    };
}

macro_rules! queue {
    ($key:literal) => {
        concat!(
            "INSERT INTO log_queue (aggregate_type, aggregate_id, sequence) VALUES (",
            $key,
            ")"
        )
    };
}

const EVENT: &[&str] = &[event!("'token', 'a', 1")];

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice(
        "events_pkey",
        "events.aggregate_type, events.aggregate_id, events.sequence",
        event!("'token', 'a', 1"),
    )
    .given(EVENT)
    .but(&[event!("'user', 'a', 1"), event!("'token', 'b', 1"), event!("'token', 'a', 2")]),
    Attempt::value("events_sequence_range", event!("'token', 'a', 0"))
        .but(&[event!("'token', 'a', 1"), event!("'token', 'a', 2147483647")]),
    Attempt::value("events_sequence_range", event!("'token', 'a', -1")),
    Attempt::value("events_sequence_range", event!("'token', 'a', 2147483648")),
    Attempt::change("events_append_only_update", "UPDATE events SET payload = '{\"a\": 1}'")
        .on(SQLITE)
        .given(EVENT),
    Attempt::change("events_append_only_delete", "DELETE FROM events").on(SQLITE).given(EVENT),
    Attempt::change("events_append_only", "UPDATE events SET payload = '{\"a\": 1}'")
        .on(POSTGRES)
        .given(EVENT),
    Attempt::change("events_append_only", "DELETE FROM events").on(POSTGRES).given(EVENT),
    Attempt::change("events_append_only", "TRUNCATE events CASCADE").on(POSTGRES).given(EVENT),
    Attempt::twice(
        "event_context_pkey",
        "event_context.aggregate_type, event_context.aggregate_id, event_context.sequence",
        context!("'token', 'a', 1", "{16}"),
    )
    .given(&[context!("'token', 'a', 1", "{16}")])
    .but(&[context!("'token', 'a', 2", "{16}"), context!("'user', 'a', 1", "{16}")]),
    Attempt::value("event_context_salt_length", context!("'token', 'a', 1", "{15}"))
        .but(&[context!("'token', 'a', 2", "{16}")]),
    Attempt::value("event_context_salt_length", context!("'token', 'a', 1", "{17}")),
    Attempt::twice(
        "log_queue_pkey",
        "log_queue.id",
        "INSERT INTO log_queue VALUES (1, 'token', 'a', 2)",
    )
    .on(SQLITE)
    .given(&["INSERT INTO log_queue VALUES (1, 'token', 'a', 1)"]),
    Attempt::twice(
        "log_queue_pkey",
        "log_queue.id",
        "INSERT INTO log_queue OVERRIDING SYSTEM VALUE VALUES (1, 'token', 'a', 2)",
    )
    .on(POSTGRES)
    .given(&["INSERT INTO log_queue OVERRIDING SYSTEM VALUE VALUES (1, 'token', 'a', 1)"]),
    Attempt::twice(
        "log_queue_event_unique",
        "log_queue.aggregate_type, log_queue.aggregate_id, log_queue.sequence",
        queue!("'token', 'a', 1"),
    )
    .given(&[queue!("'token', 'a', 1")])
    .but(&[queue!("'token', 'a', 2"), queue!("'user', 'a', 1"), queue!("'token', 'b', 1")]),
];

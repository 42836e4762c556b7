//! Rules of the outbox: an event is told to an endpoint once.

use super::attempt::{Attempt, POSTGRES, SQLITE};

/// Endpoint, aggregate type and id, and sequence; then status, attempts and claim.
macro_rules! delivery {
    ($key:literal, $state:literal) => {
        concat!(
            "INSERT INTO deliveries (endpoint, aggregate_type, aggregate_id, sequence, status, ",
            "attempts, claimed_until, event_type, next_attempt_at, created_at, updated_at) VALUES (",
            $key,
            ", ",
            $state,
            ", 'token.revoked', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00', ",
            "'2026-01-01T00:00:00+00:00')"
        )
    };
}

const ONE: &[&str] = &[delivery!("'e', 'token', 'a', 1", "'pending', 0, NULL")];

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice(
        "deliveries_pkey",
        "deliveries.id",
        "INSERT INTO deliveries SELECT id, 'f', event_type, aggregate_type, aggregate_id, sequence, \
         status, attempts, next_attempt_at, claimed_until, last_status, last_error, created_at, \
         updated_at FROM deliveries",
    )
    .on(SQLITE)
    .given(ONE),
    Attempt::twice(
        "deliveries_pkey",
        "deliveries.id",
        "INSERT INTO deliveries OVERRIDING SYSTEM VALUE SELECT id, 'f', event_type, aggregate_type, \
         aggregate_id, sequence, status, attempts, next_attempt_at, claimed_until, last_status, \
         last_error, created_at, updated_at FROM deliveries",
    )
    .on(POSTGRES)
    .given(ONE),
    Attempt::twice(
        "deliveries_event_once",
        "deliveries.endpoint, deliveries.aggregate_type, deliveries.aggregate_id, deliveries.sequence",
        delivery!("'e', 'token', 'a', 1", "'delivered', 1, NULL"),
    )
    .given(ONE)
    .but(&[
        delivery!("'f', 'token', 'a', 1", "'pending', 0, NULL"),
        delivery!("'e', 'account', 'a', 1", "'pending', 0, NULL"),
        delivery!("'e', 'token', 'b', 1", "'pending', 0, NULL"),
        delivery!("'e', 'token', 'a', 2", "'pending', 0, NULL"),
    ]),
    Attempt::value(
        "deliveries_status_known",
        delivery!("'e', 'token', 'a', 1", "'forgotten', 0, NULL"),
    )
    .but(&[
        delivery!("'e', 'token', 'a', 2", "'pending', 0, NULL"),
        delivery!("'e', 'token', 'a', 3", "'delivered', 1, NULL"),
        delivery!("'e', 'token', 'a', 4", "'dead', 10, NULL"),
    ]),
    Attempt::value(
        "deliveries_attempts_range",
        delivery!("'e', 'token', 'a', 1", "'pending', -1, NULL"),
    )
    .but(ONE),
    Attempt::value(
        "deliveries_claimed_while_pending",
        delivery!("'e', 'token', 'a', 1", "'delivered', 1, '2026-01-01T00:00:20+00:00'"),
    )
    .but(&[delivery!("'e', 'token', 'a', 2", "'pending', 0, '2026-01-01T00:00:20+00:00'")]),
    Attempt::value(
        "deliveries_claimed_while_pending",
        delivery!("'e', 'token', 'a', 1", "'dead', 1, '2026-01-01T00:00:20+00:00'"),
    ),
];

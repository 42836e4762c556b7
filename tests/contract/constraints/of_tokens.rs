//! Rules about tokens: at most one is live, and each is issued and killed once.

use super::attempt::Attempt;

macro_rules! lookup {
    ($user:literal, $generation:literal, $digest:literal) => {
        concat!(
            "INSERT INTO token_lookup (user_id, token_id, generation, token_digest, sequence) ",
            "VALUES (",
            $user,
            ", 't', ",
            $generation,
            ", ",
            $digest,
            ", 1)"
        )
    };
}

/// User, sequence, kind, generation, the dead token, reason, digest.
macro_rules! line {
    ($user:literal, $sequence:literal, $kind:literal, $generation:literal, $dead:literal, $reason:literal, $digest:literal) => {
        concat!(
            "INSERT INTO token_history (user_id, sequence, kind, token_id, generation, ",
            "invalidated_token_id, reason, token_digest, occurred_at, actor_via) VALUES (",
            $user,
            ", ",
            $sequence,
            ", ",
            $kind,
            ", 't', ",
            $generation,
            ", ",
            $dead,
            ", ",
            $reason,
            ", ",
            $digest,
            ", '2026-01-01T00:00:00+00:00', 'session')"
        )
    };
}

/// Token, client, slot, first, last, requests.
macro_rules! refusal {
    ($token:literal, $client:literal, $slot:literal, $first:literal, $last:literal, $requests:literal) => {
        concat!(
            "INSERT INTO token_refusals (token_id, client_digest, slot, first_at, last_at, requests) ",
            "VALUES (",
            $token,
            ", ",
            $client,
            ", ",
            $slot,
            ", '2026-01-0",
            $first,
            "T00:00:00+00:00', '2026-01-0",
            $last,
            "T00:00:00+00:00', ",
            $requests,
            ")"
        )
    };
}

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice(
        "token_lookup_one_per_user",
        "token_lookup.user_id",
        lookup!("'a'", "2", "NULL"),
    )
    .given(&[lookup!("'a'", "1", "{32}")])
    .but(&[lookup!("'b'", "1", "NULL")]),
    Attempt::twice(
        "token_lookup_digest_unique",
        "token_lookup.token_digest",
        lookup!("'b'", "1", "{32}"),
    )
    .given(&[lookup!("'a'", "1", "{32}")])
    .but(&[lookup!("'c'", "1", "NULL"), lookup!("'d'", "1", "NULL")]),
    Attempt::value("token_lookup_digest_is_sha256", lookup!("'a'", "1", "{31}"))
        .but(&[lookup!("'b'", "1", "{32}")]),
    Attempt::value("token_lookup_digest_is_sha256", lookup!("'a'", "1", "{33}")),
    Attempt::value("token_lookup_digest_is_sha256", lookup!("'a'", "1", "{0}")),
    Attempt::value("token_lookup_generation_positive", lookup!("'a'", "0", "{32}"))
        .but(&[lookup!("'b'", "1", "NULL")]),
    Attempt::value("token_lookup_generation_positive", lookup!("'a'", "-1", "{32}")),
    Attempt::twice(
        "token_history_pkey",
        "token_history.user_id, token_history.sequence",
        line!("'a'", "1", "'generated'", "2", "NULL", "NULL", "{#1}"),
    )
    .given(&[line!("'a'", "1", "'generated'", "1", "NULL", "NULL", "{#2}")])
    .but(&[line!("'b'", "1", "'generated'", "1", "NULL", "NULL", "{#3}")]),
    Attempt::value(
        "token_history_kind_known",
        line!("'a'", "1", "'forgotten'", "1", "NULL", "NULL", "{#1}"),
    )
    .but(&[
        line!("'a'", "2", "'generated'", "1", "NULL", "NULL", "{#2}"),
        line!("'a'", "3", "'regenerated'", "2", "'dead'", "NULL", "{#3}"),
        line!("'a'", "4", "'revoked'", "2", "NULL", "'owner'", "NULL"),
    ]),
    Attempt::twice(
        "token_history_invalidated_once",
        "token_history.invalidated_token_id",
        line!("'b'", "3", "'regenerated'", "3", "'dead'", "NULL", "{#1}"),
    )
    .given(&[line!("'a'", "2", "'regenerated'", "2", "'dead'", "NULL", "{#2}")])
    .but(&[line!("'b'", "2", "'regenerated'", "2", "'another'", "NULL", "{#3}")]),
    Attempt::value(
        "token_history_regenerated_names_the_dead",
        line!("'a'", "1", "'regenerated'", "2", "NULL", "NULL", "{#1}"),
    ),
    Attempt::value(
        "token_history_regenerated_names_the_dead",
        line!("'a'", "1", "'generated'", "1", "'dead'", "NULL", "{#1}"),
    ),
    Attempt::value(
        "token_history_regenerated_names_the_dead",
        line!("'a'", "1", "'revoked'", "1", "'dead'", "'owner'", "NULL"),
    ),
    Attempt::value(
        "token_history_revoked_has_a_reason",
        line!("'a'", "1", "'revoked'", "1", "NULL", "NULL", "NULL"),
    ),
    Attempt::value(
        "token_history_revoked_has_a_reason",
        line!("'a'", "1", "'generated'", "1", "NULL", "'owner'", "{#1}"),
    ),
    Attempt::twice(
        "token_history_one_issue_per_generation",
        "token_history.user_id, token_history.generation",
        line!("'a'", "4", "'regenerated'", "1", "'dead'", "NULL", "{#1}"),
    )
    .given(&[line!("'a'", "1", "'generated'", "1", "NULL", "NULL", "{#2}")])
    .but(&[
        line!("'a'", "2", "'revoked'", "1", "NULL", "'owner'", "NULL"),
        line!("'a'", "3", "'generated'", "2", "NULL", "NULL", "{#3}"),
        line!("'b'", "1", "'generated'", "1", "NULL", "NULL", "{#4}"),
    ]),
    Attempt::twice(
        "token_history_digest_unique",
        "token_history.token_digest",
        line!("'b'", "1", "'generated'", "1", "NULL", "NULL", "{#1}"),
    )
    .given(&[line!("'a'", "1", "'generated'", "1", "NULL", "NULL", "{#1}")])
    .but(&[
        line!("'c'", "1", "'generated'", "1", "NULL", "NULL", "{#2}"),
        line!("'c'", "2", "'revoked'", "1", "NULL", "'owner'", "NULL"),
        line!("'d'", "2", "'revoked'", "1", "NULL", "'owner'", "NULL"),
    ]),
    Attempt::value(
        "token_history_digest_is_sha256",
        line!("'a'", "1", "'generated'", "1", "NULL", "NULL", "{31}"),
    )
    .but(&[line!("'b'", "1", "'generated'", "1", "NULL", "NULL", "{32}")]),
    Attempt::value(
        "token_history_digest_is_sha256",
        line!("'a'", "1", "'generated'", "1", "NULL", "NULL", "{33}"),
    ),
    Attempt::value(
        "token_history_made_has_a_digest",
        line!("'a'", "1", "'generated'", "1", "NULL", "NULL", "NULL"),
    ),
    Attempt::value(
        "token_history_made_has_a_digest",
        line!("'a'", "1", "'regenerated'", "2", "'dead'", "NULL", "NULL"),
    ),
    Attempt::value(
        "token_history_made_has_a_digest",
        line!("'a'", "1", "'revoked'", "2", "NULL", "'owner'", "{32}"),
    ),
    Attempt::twice(
        "token_usage_pkey",
        "token_usage.token_id",
        "INSERT INTO token_usage VALUES ('t', '2026-01-02T00:00:00+00:00')",
    )
    .given(&["INSERT INTO token_usage VALUES ('t', '2026-01-01T00:00:00+00:00')"]),
    Attempt::twice(
        "token_refusals_pkey",
        "token_refusals.token_id, token_refusals.client_digest",
        refusal!("'t'", "{32}", "2", "1", "2", "1"),
    )
    .given(&[refusal!("'t'", "{32}", "1", "1", "2", "1")])
    .but(&[refusal!("'u'", "{32}", "1", "1", "2", "1")]),
    Attempt::twice(
        "token_refusals_slot_taken_once",
        "token_refusals.token_id, token_refusals.slot",
        refusal!("'t'", "{32}", "1", "1", "2", "1"),
    )
    .given(&[refusal!("'t'", "{#1}", "1", "1", "2", "1")])
    .but(&[refusal!("'u'", "{32}", "1", "1", "2", "1")]),
    Attempt::value("token_refusals_client_is_sha256", refusal!("'t'", "{31}", "1", "1", "2", "1"))
        .but(&[refusal!("'u'", "{32}", "1", "1", "2", "1")]),
    Attempt::value("token_refusals_client_is_sha256", refusal!("'t'", "{33}", "1", "1", "2", "1")),
    Attempt::value("token_refusals_slot_range", refusal!("'t'", "{32}", "0", "1", "2", "1"))
        .but(&[refusal!("'u'", "{32}", "1", "1", "2", "1")]),
    Attempt::value("token_refusals_slot_range", refusal!("'t'", "{32}", "21", "1", "2", "1"))
        .but(&[refusal!("'u'", "{32}", "20", "1", "2", "1")]),
    Attempt::value("token_refusals_times_in_order", refusal!("'t'", "{32}", "1", "2", "1", "1"))
        .but(&[refusal!("'u'", "{32}", "1", "2", "2", "1")]),
    Attempt::value("token_refusals_requests_positive", refusal!("'t'", "{32}", "1", "1", "2", "0")),
];

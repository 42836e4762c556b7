//! Rules about what tokens are used for, and about what is done once.

use super::attempt::{Attempt, SQLITE};

macro_rules! call {
    ($id:literal) => {
        concat!(
            "INSERT INTO calls (call_id, account_id, assistant_id, triggered_at, actor_via, ",
            "sequence) VALUES (",
            $id,
            ", 'a', 'r', '2026-01-01T00:00:00+00:00', 'token', 1)"
        )
    };
}

macro_rules! details {
    ($call:literal) => {
        concat!(
            "INSERT INTO call_details (call_id, name, phone_number, from_number) VALUES (",
            $call,
            ", 'A', '+14155552671', '+14155550000')"
        )
    };
}

macro_rules! campaign {
    ($campaign:literal, $secret:literal) => {
        concat!("INSERT INTO campaign_profiles VALUES (", $campaign, ", 'A', ", $secret, ")")
    };
}

macro_rules! prospect {
    ($id:literal, $campaign:literal) => {
        concat!(
            "INSERT INTO prospects (prospect_id, campaign_id, added_at, actor_via, sequence) ",
            "VALUES (",
            $id,
            ", ",
            $campaign,
            ", '2026-01-01T00:00:00+00:00', 'webhook', 2)"
        )
    };
}

macro_rules! webhook {
    ($campaign:literal, $generation:literal, $digest:literal) => {
        concat!(
            "INSERT INTO webhooks (campaign_id, webhook_id, generation, secret_digest, sequence) ",
            "VALUES (",
            $campaign,
            ", 'w', ",
            $generation,
            ", ",
            $digest,
            ", 1)"
        )
    };
}

/// Digest of the key, of the request, first and last sequence.
macro_rules! key {
    ($key:literal, $request:literal, $first:literal, $last:literal) => {
        concat!(
            "INSERT INTO idempotency_keys VALUES (",
            $key,
            ", ",
            $request,
            ", 'call', 'c', ",
            $first,
            ", ",
            $last,
            ", '2026-01-01T00:00:00+00:00')"
        )
    };
}

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice(
        "assistants_pkey",
        "assistants.assistant_id",
        "INSERT INTO assistants VALUES ('r', 'b', TRUE, 2)",
    )
    .given(&["INSERT INTO assistants VALUES ('r', 'a', FALSE, 1)"])
    .but(&["INSERT INTO assistants VALUES ('s', 'a', FALSE, 1)"]),
    Attempt::value(
        "assistants_is_removed_boolean",
        "INSERT INTO assistants VALUES ('r', 'a', 2, 1)",
    )
    .on(SQLITE)
    .but(&["INSERT INTO assistants VALUES ('s', 'a', 0, 1), ('t', 'a', 1, 1)"]),
    Attempt::twice(
        "assistant_profiles_pkey",
        "assistant_profiles.assistant_id",
        "INSERT INTO assistant_profiles VALUES ('r', 'B', '+14155550001')",
    )
    .given(&["INSERT INTO assistant_profiles VALUES ('r', 'A', '+14155550000')"])
    .but(&["INSERT INTO assistant_profiles VALUES ('s', 'A', '+14155550000')"]),
    Attempt::twice("calls_pkey", "calls.call_id", call!("'c'"))
        .given(&[call!("'c'")])
        .but(&[call!("'d'")]),
    Attempt::twice("call_details_pkey", "call_details.call_id", details!("'c'"))
        .given(&[details!("'c'")])
        .but(&[details!("'d'")]),
    Attempt::twice(
        "campaigns_pkey",
        "campaigns.campaign_id",
        "INSERT INTO campaigns (campaign_id, account_id) VALUES ('c', 'b')",
    )
    .given(&["INSERT INTO campaigns (campaign_id, account_id) VALUES ('c', 'a')"])
    .but(&["INSERT INTO campaigns (campaign_id, account_id) VALUES ('d', 'a')"]),
    Attempt::twice(
        "campaign_profiles_pkey",
        "campaign_profiles.campaign_id",
        campaign!("'c'", "{32}"),
    )
    .given(&[campaign!("'c'", "{32}")])
    .but(&[campaign!("'d'", "{32}")]),
    Attempt::value("campaign_profiles_match_secret_length", campaign!("'c'", "{31}"))
        .but(&[campaign!("'d'", "{32}")]),
    Attempt::value("campaign_profiles_match_secret_length", campaign!("'c'", "{33}")),
    Attempt::value("campaign_profiles_match_secret_length", campaign!("'c'", "{0}")),
    Attempt::twice("prospects_pkey", "prospects.prospect_id", prospect!("'p'", "'d'"))
        .given(&[prospect!("'p'", "'c'")])
        .but(&[prospect!("'q'", "'c'")]),
    Attempt::twice(
        "prospect_profiles_pkey",
        "prospect_profiles.prospect_id",
        "INSERT INTO prospect_profiles (prospect_id, phone) VALUES ('p', '+14155552671')",
    )
    .given(&["INSERT INTO prospect_profiles (prospect_id, email) VALUES ('p', 'a@x')"])
    .but(&["INSERT INTO prospect_profiles (prospect_id, email) VALUES ('q', 'a@x')"]),
    Attempt::twice(
        "webhooks_one_per_campaign",
        "webhooks.campaign_id",
        webhook!("'c'", "2", "NULL"),
    )
    .given(&[webhook!("'c'", "1", "{32}")])
    .but(&[webhook!("'d'", "1", "NULL")]),
    Attempt::twice(
        "webhooks_digest_unique",
        "webhooks.secret_digest",
        webhook!("'d'", "1", "{32}"),
    )
    .given(&[webhook!("'c'", "1", "{32}")])
    .but(&[webhook!("'e'", "1", "NULL"), webhook!("'f'", "1", "NULL")]),
    Attempt::value("webhooks_digest_is_sha256", webhook!("'c'", "1", "{31}"))
        .but(&[webhook!("'d'", "1", "{32}")]),
    Attempt::value("webhooks_digest_is_sha256", webhook!("'c'", "1", "{33}")),
    Attempt::value("webhooks_digest_is_sha256", webhook!("'c'", "1", "{0}")),
    Attempt::value("webhooks_generation_positive", webhook!("'c'", "0", "{32}"))
        .but(&[webhook!("'d'", "1", "NULL")]),
    Attempt::value("webhooks_generation_positive", webhook!("'c'", "-1", "{32}")),
    Attempt::twice(
        "idempotency_keys_pkey",
        "idempotency_keys.key_digest",
        key!("{32}", "{32}", "2", "2"),
    )
    .given(&[key!("{32}", "{32}", "1", "1")]),
    Attempt::value("idempotency_keys_digest_is_sha256", key!("{31}", "{32}", "1", "1"))
        .but(&[key!("{32}", "{32}", "1", "1")]),
    Attempt::value("idempotency_keys_digest_is_sha256", key!("{33}", "{32}", "1", "1")),
    Attempt::value("idempotency_keys_request_is_sha256", key!("{32}", "{31}", "1", "1")),
    Attempt::value("idempotency_keys_request_is_sha256", key!("{32}", "{33}", "1", "1")),
    Attempt::value("idempotency_keys_sequences_in_order", key!("{32}", "{32}", "2", "1")),
    Attempt::value("idempotency_keys_sequences_in_order", key!("{32}", "{32}", "9", "1"))
        .but(&[key!("{32}", "{32}", "2", "9")]),
];

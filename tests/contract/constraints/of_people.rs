//! Rules about users, accounts, and how people sign in.

use super::attempt::{Attempt, POSTGRES, SQLITE};

macro_rules! profile {
    ($user:literal, $email:literal, $founder:literal) => {
        concat!(
            "INSERT INTO user_profiles (user_id, email, name, is_founder) VALUES (",
            $user,
            ", ",
            $email,
            ", 'A', ",
            $founder,
            ")"
        )
    };
}

macro_rules! member {
    ($account:literal, $user:literal, $role:literal) => {
        concat!("INSERT INTO memberships VALUES (", $account, ", ", $user, ", ", $role, ", 1)")
    };
}

macro_rules! code {
    ($digest:literal) => {
        concat!(
            "INSERT INTO setup_codes (code_digest, expires_at) VALUES (",
            $digest,
            ", '2026-01-01T00:00:00+00:00')"
        )
    };
}

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice("users_pkey", "users.user_id", "INSERT INTO users (user_id) VALUES ('a')")
        .given(&["INSERT INTO users (user_id) VALUES ('a')"])
        .but(&["INSERT INTO users (user_id) VALUES ('b')"]),
    Attempt::value(
        "users_is_admin_boolean",
        "INSERT INTO users (user_id, is_admin) VALUES ('a', 2)",
    )
    .on(SQLITE)
    .but(&["INSERT INTO users (user_id, is_admin) VALUES ('b', 0), ('c', 1)"]),
    Attempt::value(
        "users_is_auditor_boolean",
        "INSERT INTO users (user_id, is_auditor) VALUES ('a', -1)",
    )
    .on(SQLITE)
    .but(&["INSERT INTO users (user_id, is_auditor) VALUES ('b', 0), ('c', 1)"]),
    Attempt::value(
        "users_is_locked_boolean",
        "INSERT INTO users (user_id, is_locked) VALUES ('a', 2)",
    )
    .on(SQLITE)
    .but(&["INSERT INTO users (user_id, is_locked) VALUES ('b', 0), ('c', 1)"]),
    Attempt::twice(
        "accounts_pkey",
        "accounts.account_id",
        "INSERT INTO accounts VALUES ('a', TRUE, 2)",
    )
    .given(&["INSERT INTO accounts VALUES ('a', FALSE, 1)"])
    .but(&["INSERT INTO accounts VALUES ('b', FALSE, 1)"]),
    Attempt::value("accounts_is_closed_boolean", "INSERT INTO accounts VALUES ('a', 2, 1)")
        .on(SQLITE)
        .but(&["INSERT INTO accounts VALUES ('b', 0, 1), ('c', 1, 1)"]),
    Attempt::twice(
        "memberships_pkey",
        "memberships.account_id, memberships.user_id",
        member!("'a'", "'u'", "NULL"),
    )
    .given(&[member!("'a'", "'u'", "'admin'")])
    .but(&[member!("'a'", "'v'", "'admin'"), member!("'b'", "'u'", "'admin'")]),
    Attempt::value("memberships_role_known", member!("'a'", "'u'", "'owner'")).but(&[
        member!("'a'", "'v'", "'admin'"),
        member!("'a'", "'w'", "'member'"),
        member!("'a'", "'x'", "'viewer'"),
        member!("'a'", "'y'", "NULL"),
    ]),
    Attempt::value("memberships_role_known", member!("'a'", "'u'", "'Admin'")),
    Attempt::twice(
        "account_profiles_pkey",
        "account_profiles.account_id",
        "INSERT INTO account_profiles VALUES ('a', 'B')",
    )
    .given(&["INSERT INTO account_profiles VALUES ('a', 'A')"])
    .but(&["INSERT INTO account_profiles VALUES ('b', 'A')"]),
    Attempt::twice("user_profiles_pkey", "user_profiles.user_id", profile!("'a'", "'b@x'", "NULL"))
        .given(&[profile!("'a'", "'a@x'", "NULL")]),
    Attempt::twice(
        "user_profiles_email_unique",
        "user_profiles.email",
        profile!("'b'", "'a@x'", "NULL"),
    )
    .given(&[profile!("'a'", "'a@x'", "NULL")])
    .but(&[profile!("'c'", "'c@x'", "NULL")]),
    Attempt::value("user_profiles_email_lower_case", profile!("'a'", "'A@x'", "NULL"))
        .but(&[profile!("'b'", "'b@x'", "NULL")]),
    Attempt::twice(
        "user_profiles_one_founder",
        "user_profiles.is_founder",
        profile!("'b'", "'b@x'", "TRUE"),
    )
    .given(&[profile!("'a'", "'a@x'", "TRUE")])
    .but(&[profile!("'c'", "'c@x'", "NULL"), profile!("'d'", "'d@x'", "NULL")]),
    Attempt::value("user_profiles_founder_or_null", profile!("'a'", "'a@x'", "FALSE"))
        .but(&[profile!("'b'", "'b@x'", "TRUE"), profile!("'c'", "'c@x'", "NULL")]),
    Attempt::twice(
        "identities_pkey",
        "identities.issuer, identities.subject",
        "INSERT INTO identities VALUES ('i', 's', 'b')",
    )
    .given(&["INSERT INTO identities VALUES ('i', 's', 'a')"])
    .but(&["INSERT INTO identities VALUES ('i', 't', 'a'), ('j', 's', 'a')"]),
    Attempt::twice("setup_codes_pkey", "setup_codes.code_digest", code!("{32}"))
        .given(&[code!("{32}")]),
    Attempt::value("setup_codes_digest_is_sha256", code!("{31}")).but(&[code!("{32}")]),
    Attempt::value("setup_codes_digest_is_sha256", code!("{33}")),
    Attempt::twice(
        "tower_sessions_pkey",
        "tower_sessions.id",
        "INSERT INTO tower_sessions VALUES ('a', {0}, '2026-01-01T00:00:00+00:00')",
    )
    .on(SQLITE)
    .given(&["INSERT INTO tower_sessions VALUES ('a', {0}, '2026-01-01T00:00:00+00:00')"])
    .but(&["INSERT INTO tower_sessions VALUES ('b', {0}, '2026-01-01T00:00:00+00:00')"]),
    Attempt::twice(
        "session_pkey",
        "session.id",
        "INSERT INTO tower_sessions.session VALUES ('a', {0}, '2026-01-01T00:00:00+00:00')",
    )
    .on(POSTGRES)
    .given(&["INSERT INTO tower_sessions.session VALUES ('a', {0}, '2026-01-01T00:00:00+00:00')"])
    .but(&["INSERT INTO tower_sessions.session VALUES ('b', {0}, '2026-01-01T00:00:00+00:00')"]),
];

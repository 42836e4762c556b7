//! The text that adds a past, for either database: what the tests and the benchmarks fill a log with.

/// So many of its events are of one user.
pub const EACH: u32 = 5;

/// Whose SQL.
#[derive(Clone, Copy, Debug)]
pub(super) enum Dialect {
    /// That of SQLite.
    Sqlite,
    /// That of PostgreSQL.
    Postgres,
}

/// Adds so many events, all waiting for their positions: every user has generated a token and replaced it four
/// times. No read model knows of any.
pub(super) fn text(dialect: Dialect, events: u64) -> String {
    let (digest, json, salt) = match dialect {
        // Different from the first bits on, as digests are.
        Dialect::Sqlite => (
            "printf('%08x%08x%048x', n * 2654435761 % 4294967296, n * 2246822519 % 4294967296, n)",
            "",
            "x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'",
        ),
        Dialect::Postgres => (
            "lpad(to_hex(n * 2654435761 % 4294967296), 8, '0')
             || lpad(to_hex(n * 2246822519 % 4294967296), 8, '0') || lpad(to_hex(n), 48, '0')",
            "::json",
            "decode(repeat('5a', 16), 'hex')",
        ),
    };
    include_str!("past.sql")
        .replace("[events]", &events.to_string())
        .replace("[each]", &EACH.to_string())
        .replace("[user]", &id("01980000", &format!("n / {EACH}"), dialect))
        .replace("[token]", &id("01990000", "n", dialect))
        .replace("[dead]", &id("01990000", "n - 1", dialect))
        .replace("[digest]", digest)
        .replace("[json]", json)
        .replace("[salt]", salt)
}

fn id(begin: &str, number: &str, dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => format!("printf('{begin}-0000-7000-8000-%012x', {number})"),
        Dialect::Postgres => {
            format!("('{begin}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))")
        }
    }
}

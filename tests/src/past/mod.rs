//! A past that nobody lived: many events with all that belongs to them but the rows that follow from them.
//!
//! It is made by the database itself, which takes seconds where commands would take minutes.

use crate::database::Store;
use crate::sql::Connection;

/// So many of its events are of one user.
pub const EACH: u64 = 5;

/// Adds so many events, all waiting for their positions: every user has generated a token and replaced it four
/// times. No read model knows of any.
pub async fn add(connection: &mut Connection, events: u64) {
    let store = connection.store();
    let (digest, json, salt) = match store {
        // Different from the first bits on, as digests are.
        Store::Sqlite => (
            "printf('%08x%08x%048x', n * 2654435761 % 4294967296, n * 2246822519 % 4294967296, n)",
            "",
            "x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'",
        ),
        Store::Postgres => (
            "lpad(to_hex(n * 2654435761 % 4294967296), 8, '0')
             || lpad(to_hex(n * 2246822519 % 4294967296), 8, '0') || lpad(to_hex(n), 48, '0')",
            "::json",
            "decode(repeat('5a', 16), 'hex')",
        ),
    };
    let text = include_str!("past.sql")
        .replace("[events]", &events.to_string())
        .replace("[each]", &EACH.to_string())
        .replace("[user]", &id("01980000", &format!("n / {EACH}"), store))
        .replace("[token]", &id("01990000", "n", store))
        .replace("[dead]", &id("01990000", "n - 1", store))
        .replace("[digest]", digest)
        .replace("[json]", json)
        .replace("[salt]", salt);
    connection.execute(&text).await.expect("nothing is in the way");
}

fn id(begin: &str, number: &str, store: Store) -> String {
    match store {
        Store::Sqlite => format!("printf('{begin}-0000-7000-8000-%012x', {number})"),
        Store::Postgres => {
            format!("('{begin}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))")
        }
    }
}

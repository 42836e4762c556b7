//! Fills the log: many events, of users with a token that was replaced four times, that wait for their positions. Nothing is
//! made of them yet.

use projections::postgres::Postgres;
use projections::sqlite::Sqlite;

/// So many events are of one user.
pub const EACH: u32 = 5;

/// The user of this number, from 0 on.
pub fn user(number: u32) -> String {
    format!("01980000-0000-7000-8000-{number:012x}")
}

/// The token whose event is the `number`th, from 0 on.
pub fn token(number: u32) -> String {
    format!("01990000-0000-7000-8000-{number:012x}")
}

/// Adds so many to the log of a SQLite database.
pub async fn on_sqlite(store: &Sqlite, events: u32) {
    let id =
        |begin: &str, number: &str| format!("printf('{begin}-0000-7000-8000-%012x', {number})");
    let digest =
        "printf('%08x%08x%048x', n * 2654435761 % 4294967296, n * 2246822519 % 4294967296, n)";
    let text = text(events, id).replace("[digest]", digest).replace("[json]", "");
    let text = text.replace("[salt]", "x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'");
    let mut connection = store.session_pool().acquire().await.expect("it is open");
    sqlx::raw_sql(&text).execute(&mut *connection).await.expect("nothing is in the way");
}

/// Adds so many to the log of a PostgreSQL database.
pub async fn on_postgres(store: &Postgres, events: u32) {
    let id = |begin: &str, number: &str| {
        format!("('{begin}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))")
    };
    let digest = "lpad(to_hex(n * 2654435761 % 4294967296), 8, '0')
                  || lpad(to_hex(n * 2246822519 % 4294967296), 8, '0') || lpad(to_hex(n), 48, '0')";
    let text = text(events, id).replace("[digest]", digest).replace("[json]", "::json");
    let text = text.replace("[salt]", "decode(repeat('5a', 16), 'hex')");
    let mut connection = store.session_pool().acquire().await.expect("it is open");
    let text = format!("SET statement_timeout = 0; {text}; RESET statement_timeout");
    sqlx::raw_sql(&text).execute(&mut *connection).await.expect("nothing is in the way");
}

/// Makes users of all who have a token: no event says that they are, and the audit tells of users only.
const ENROL: &str = "
INSERT INTO users (user_id, registered_at, registered_sequence)
SELECT user_id, '2026-01-01T00:00:00.000000Z', 1 FROM token_lookup";

/// Makes users of all who have a token by now, on SQLite.
pub async fn enrol_on_sqlite(store: &Sqlite) {
    let enrolled = sqlx::query(ENROL).execute(&store.session_pool()).await;
    enrolled.expect("nobody is a user yet");
}

/// The same on PostgreSQL.
pub async fn enrol_on_postgres(store: &Postgres) {
    let mut connection = store.session_pool().acquire().await.expect("it is open");
    let text = format!("SET statement_timeout = 0; {ENROL}; RESET statement_timeout");
    sqlx::raw_sql(&text).execute(&mut *connection).await.expect("nobody is a user yet");
}

fn text(events: u32, id: impl Fn(&str, &str) -> String) -> String {
    include_str!("../../src/past.sql")
        .replace("[events]", &events.to_string())
        .replace("[each]", &EACH.to_string())
        .replace("[user]", &id("01980000", &format!("n / {EACH}")))
        .replace("[token]", &id("01990000", "n"))
        .replace("[dead]", &id("01990000", "n - 1"))
}

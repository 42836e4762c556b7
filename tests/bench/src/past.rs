//! Fills the log: many events, of users with a token that was replaced four times, that wait for their positions. Nothing is
//! made of them yet.

use projections::postgres::Postgres;
use projections::sqlite::Sqlite;

#[path = "../../src/past/text.rs"]
mod text;

pub use text::EACH;
use text::{Dialect, text};

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
    run_on_sqlite(store, &text(Dialect::Sqlite, events.into())).await;
}

/// Adds so many to the log of a PostgreSQL database.
pub async fn on_postgres(store: &Postgres, events: u32) {
    run_on_postgres(store, &text(Dialect::Postgres, events.into())).await;
}

/// Makes users of all who have a token: no event says that they are, and the audit tells of users only.
const ENROL: &str = "
INSERT INTO users (user_id, registered_at, registered_sequence)
SELECT user_id, '2026-01-01T00:00:00.000000Z', 1 FROM token_lookup";

/// Makes users of all who have a token by now, on SQLite.
pub async fn enrol_on_sqlite(store: &Sqlite) {
    run_on_sqlite(store, ENROL).await;
}

/// The same on PostgreSQL.
pub async fn enrol_on_postgres(store: &Postgres) {
    run_on_postgres(store, ENROL).await;
}

async fn run_on_sqlite(store: &Sqlite, text: &str) {
    let done = sqlx::raw_sql(text).execute(&store.session_pool()).await;
    done.expect("nothing is in the way");
}

/// It takes longer than a request may.
async fn run_on_postgres(store: &Postgres, text: &str) {
    let text = format!("SET statement_timeout = 0; {text}; RESET statement_timeout");
    let done = sqlx::raw_sql(&text).execute(&store.session_pool()).await;
    done.expect("nothing is in the way");
}

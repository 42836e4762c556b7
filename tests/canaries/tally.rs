//! The smallest aggregate there is: it counts, and knows how many events it has applied.

use std::path::Path;

use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent, EventEnvelope, View};
use serde::{Deserialize, Serialize};
use sqlx::{Executor, SqlitePool};

#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    pub(crate) applied: u32,
}

/// Count one more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counted;

#[derive(Debug)]
pub(crate) enum Never {}

impl std::fmt::Display for Never {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "Counted".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Aggregate for Tally {
    const TYPE: &'static str = "tally";
    type Command = Count;
    type Event = Counted;
    type Error = Never;
    type Services = ();

    async fn handle(&mut self, Count: Count, (): &(), sink: &EventSink<Self>) -> Result<(), Never> {
        sink.write(Counted, self).await;
        Ok(())
    }

    fn apply(&mut self, Counted: Counted) {
        self.applied += 1;
    }
}

/// A view of a tally.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) count: u32,
}

impl View<Tally> for Shown {
    fn update(&mut self, _: &EventEnvelope<Tally>) {
        self.count += 1;
    }
}

/// The tables that the crates expect, in words that both databases understand.
pub(crate) const TABLES: &str = "
CREATE TABLE events (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    sequence bigint NOT NULL,
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE TABLE snapshots (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    last_sequence bigint NOT NULL,
    current_snapshot bigint NOT NULL,
    payload json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
);
CREATE TABLE shown (
    view_id text NOT NULL PRIMARY KEY,
    version bigint NOT NULL,
    payload json NOT NULL
)";

/// A database as sqlite-es would have it, with these tables.
pub(crate) async fn sqlite(folder: &Path, tables: &str) -> SqlitePool {
    let url = format!("sqlite://{}", folder.join("upstream.db").display());
    let pool = sqlite_es::default_sqlite_pool(&url).await;
    pool.execute(tables).await.expect("the database is empty");
    pool
}

/// The number of stored events.
pub(crate) async fn stored(pool: &SqlitePool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await.expect("a table")
}

//! The whole content of a database in one snapshot, and the judgement that it follows from the events.
//!
//! The fold is written here once more, from the JSON of the events and the words of the migrations, and
//! shares nothing with the product.

mod fold;
pub mod log;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use serde_json::Value;

use crate::database::Database;
use crate::sql::{Connection, Row};
use tables::TABLES;

/// Rows by table, in order.
pub type Tables = BTreeMap<&'static str, Vec<Row>>;

/// A stored event.
#[derive(Clone, Debug)]
pub struct Event {
    /// `token`, `user`, `account`, `call`, `campaign` or `webhook`.
    pub aggregate_type: String,
    /// Of which one.
    pub aggregate_id: String,
    /// 1, 2, 3 …
    pub sequence: i64,
    /// Past tense.
    pub event_type: String,
    /// Of the payload's shape.
    pub event_version: String,
    /// What happened, under the name of the event.
    pub payload: Value,
    /// Who did it.
    pub metadata: Value,
}

impl Event {
    fn key(&self) -> Row {
        vec![
            Some(self.aggregate_type.clone()),
            Some(self.aggregate_id.clone()),
            Some(self.sequence.to_string()),
        ]
    }
}

/// All rows of one database at one moment. Times are in UTC with microseconds, bytes in hexadecimal.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// In order of aggregate and sequence.
    pub events: Vec<Event>,
    /// All other tables but the browser sessions and those by which servers keep their memory.
    pub tables: Tables,
}

impl Ledger {
    /// Reads everything.
    pub async fn read(database: &Database) -> Self {
        let mut connection = Connection::open(database).await;
        let ledger = Self::read_from(&mut connection).await;
        connection.close().await;
        ledger
    }

    /// Reads everything on this connection.
    pub async fn read_from(connection: &mut Connection) -> Self {
        let begin = match connection.store() {
            crate::Store::Sqlite => "BEGIN",
            crate::Store::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        };
        connection.execute(begin).await.expect("no transaction is open");
        let mut tables = Tables::new();
        for table in TABLES {
            tables.insert(table.name, table.read(connection).await);
        }
        connection.execute("COMMIT").await.expect("a transaction is open");
        let events = tables.remove("events").expect("it is one of them");
        Self { events: events.into_iter().map(tables::event).collect(), tables }
    }

    /// The rows of a table.
    pub fn rows(&self, table: &str) -> &[Row] {
        self.tables.get(table).unwrap_or_else(|| panic!("no table {table}"))
    }

    /// The events of one aggregate, oldest first.
    pub fn events_of(&self, aggregate_type: &str, aggregate_id: &str) -> Vec<&Event> {
        let of = |event: &&Event| {
            event.aggregate_type == aggregate_type && event.aggregate_id == aggregate_id
        };
        self.events.iter().filter(of).collect()
    }

    /// The tables that events alone determine.
    pub fn projected(&self) -> Tables {
        let mut tables = self.tables.clone();
        tables.retain(|name, _| fold::PROJECTED.contains(name));
        tables
    }

    /// Expects that every table which events determine holds what they say, that every event has its
    /// context and its place in the log or in the queue for it, and that sequences have no gap.
    #[track_caller]
    pub fn assert_tables_follow_from_events(&self) {
        self.assert_sequences_are_dense();
        for (name, expected) in fold::fold(&self.events) {
            assert_eq!(self.rows(name), expected, "{name} is not what the events say");
        }
        let who = |event: &Event| event.metadata["actor_id"].as_str().map(str::to_owned);
        let erased: BTreeSet<_> =
            self.rows("users").iter().filter(|row| row[7].is_some()).map(|row| &row[0]).collect();
        let known = |event: &&Event| !erased.contains(&who(event));
        let keys: Vec<Row> = (self.events.iter().filter(known))
            .map(|event| [event.key(), vec![who(event)]].concat())
            .collect();
        let contexts: Vec<Row> = (self.rows("event_context").iter())
            .map(|row| [&row[..3], &row[6..]].concat())
            .collect();
        assert_eq!(contexts, keys, "every event has its context, unless who did it was erased");
        self.assert_log_holds_every_event();
        self.assert_idempotency_keys_name_commands();
    }

    /// Expects that everything which events tell of has its rows about persons, and nothing else has.
    /// Not on a database whose rows about persons were erased, or were never written.
    #[track_caller]
    pub fn assert_everything_is_described(&self) {
        for (things, particulars) in [
            ("accounts", "account_profiles"),
            ("assistants", "assistant_profiles"),
            ("calls", "call_details"),
            ("campaigns", "campaign_profiles"),
            ("prospects", "prospect_profiles"),
        ] {
            let ids = |table| self.rows(table).iter().map(|row| &row[0]).collect::<Vec<_>>();
            assert_eq!(ids(particulars), ids(things), "{particulars} of {things}");
        }
    }

    /// What was done under a key is all that one command did.
    #[track_caller]
    fn assert_idempotency_keys_name_commands(&self) {
        let command_id = |event: &&Event| event.metadata["command_id"].clone();
        for row in self.rows("idempotency_keys") {
            let [aggregate_type, aggregate_id, first, last] =
                [2, 3, 4, 5].map(|column| row[column].as_deref().expect("not NULL"));
            let range: RangeInclusive<i64> = first.parse().unwrap()..=last.parse().unwrap();
            let events = self.events_of(aggregate_type, aggregate_id);
            let (done, others): (Vec<&Event>, Vec<&Event>) =
                events.into_iter().partition(|event| range.contains(&event.sequence));
            assert!(!done.is_empty(), "nothing was done under the key of {row:?}");
            let commands: BTreeSet<String> =
                done.iter().map(|event| command_id(event).to_string()).collect();
            assert_eq!(commands.len(), 1, "several commands under the key of {row:?}");
            assert!(!others.iter().any(|event| commands.contains(&command_id(event).to_string())));
        }
    }

    #[track_caller]
    fn assert_sequences_are_dense(&self) {
        let mut last = BTreeMap::new();
        for event in &self.events {
            let aggregate = (&event.aggregate_type, &event.aggregate_id);
            let before = last.insert(aggregate, event.sequence).unwrap_or_default();
            assert_eq!(event.sequence, before + 1, "gap in {aggregate:?}");
        }
    }
}

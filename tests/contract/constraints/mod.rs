//! Every named constraint, unique index and trigger of both folders of migrations stops what it is for,
//! and only that.

mod attempt;
mod of_audit;
mod of_campaigns;
mod of_deliveries;
mod of_events;
mod of_log;
mod of_people;
mod of_replica;
mod of_tokens;

use std::collections::BTreeSet;

use projections::{postgres::Postgres, sqlite::Sqlite};
use tests::Store;
use tests::sql::Connection;

use crate::schema::migrations;
use crate::stage::{Stage, TestStore, bytes};
use attempt::Attempt;

/// The names of all rules in the migrations of a store.
fn rules(store: Store) -> BTreeSet<String> {
    let mut rules = BTreeSet::new();
    for text in migrations(store).into_values() {
        let code: Vec<_> =
            text.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
        let words: Vec<&str> = code.iter().flat_map(|line| line.split_whitespace()).collect();
        for position in 0..words.len() {
            let before = &words[position.saturating_sub(2)..position];
            if matches!(before, [.., "CONSTRAINT" | "TRIGGER"] | ["UNIQUE", "INDEX"]) {
                rules.insert(words[position].to_owned());
            }
        }
    }
    rules
}

fn attempts(store: Store) -> Vec<Attempt> {
    let all = [
        of_events::ATTEMPTS,
        of_tokens::ATTEMPTS,
        of_people::ATTEMPTS,
        of_campaigns::ATTEMPTS,
        of_deliveries::ATTEMPTS,
        of_log::ATTEMPTS,
        of_audit::ATTEMPTS,
        of_replica::ATTEMPTS,
    ]
    .concat();
    all.into_iter().filter(|attempt| attempt.stores.contains(&store)).collect()
}

/// `{32}` stands for 32 bytes, `{#1}` for others.
fn with_bytes(store: Store, sql: &str) -> String {
    let mut sql = sql.to_owned();
    for length in [0, 15, 16, 17, 31, 32, 33] {
        sql = sql.replace(&format!("{{{length}}}"), &bytes(store, &"ab".repeat(length)));
    }
    for digest in 1..=9 {
        sql = sql.replace(&format!("{{#{digest}}}"), &bytes(store, &format!("{digest:064x}")));
    }
    sql
}

#[test]
fn every_rule_is_attempted_and_no_other() {
    for store in [Store::Sqlite, Store::Postgres] {
        let attempted: BTreeSet<_> =
            attempts(store).into_iter().map(|attempt| attempt.breaks.to_owned()).collect();
        assert_eq!(attempted, rules(store), "{store:?}: attempted and existing rules");
        println!("{store:?}: {} rules, {} attempts", attempted.len(), attempts(store).len());
    }
}

#[tokio::test]
async fn every_rule_of_sqlite_stops_what_it_is_for() {
    break_everything::<Sqlite>().await;
}

#[tokio::test]
async fn every_rule_of_postgres_stops_what_it_is_for() {
    break_everything::<Postgres>().await;
}

async fn break_everything<S: TestStore>() {
    let stage = Stage::<S>::new().await;
    let mut connection = Connection::open(&stage.database).await;
    for attempt in attempts(S::STORE) {
        let Attempt { breaks, given, allowed, forbidden, .. } = attempt;
        let sql = |text| with_bytes(S::STORE, text);
        connection.execute("BEGIN").await.unwrap();
        for text in given.iter().chain(allowed) {
            if let Err(error) = connection.execute(&sql(text)).await {
                panic!("{breaks}: {text} should be allowed: {error}");
            }
        }
        match connection.execute(&sql(forbidden)).await {
            Ok(()) => panic!("{breaks} does not stop {forbidden}"),
            Err(error) => attempt.assert_stopped_by_its_rule(S::STORE, &error),
        }
        connection.execute("ROLLBACK").await.unwrap();
    }
}

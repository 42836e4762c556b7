//! A rebuild that ends half-way, or whose rows were tampered with, changes nothing that is served.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::time::Duration;

use api::startup::{Thoroughness, rebuild};
use futures_util::FutureExt;
use projections::rebuild::{Step, Watch};
use rand::RngExt;
use tests::past;
use tests::seed::seeded;
use tests::sql::Connection;
use tests::{Database, Store, until};

use super::{attempt, damage::damage, found, live, rebuilt, scaffold_stands, settings_of};
use crate::logging::number_all;
use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    an_interrupted_one_goes_on_where_it_was,
    rows_made_otherwise_than_the_events_say_are_never_served,
    what_is_left_of_a_scaffold_is_not_gone_on_with,
    two_at_once_are_refused,
);

/// Ends a rebuild at once when so many events were made rows of, as a panic would.
struct Interruption {
    at: u64,
    is_filling: bool,
}

struct Interrupted;

impl Watch for Interruption {
    fn begins(&mut self, step: Step, _: u64, _: u64) {
        self.is_filling = step == Step::Fill;
        if !self.is_filling {
            resume_unwind(Box::new(Interrupted));
        }
    }

    fn reached(&mut self, done: u64) {
        if self.is_filling && done >= self.at {
            resume_unwind(Box::new(Interrupted));
        }
    }
}

/// Runs until then, and drops it like a connection that breaks.
async fn interrupted(database: &Database, at: u64) {
    let mut watch = Interruption { at, is_filling: false };
    let settings = settings_of(database);
    let run = AssertUnwindSafe(rebuild(&settings, Thoroughness::Rebuild, &mut watch));
    let end = run.catch_unwind().await.expect_err("it does not come to its end");
    assert!(end.is::<Interrupted>());
    if database.store() == Store::Postgres {
        wait_until_nobody_rebuilds(database).await;
    }
}

/// The server frees what a connection held when it notices that it is gone.
async fn wait_until_nobody_rebuilds(database: &Database) {
    let mut connection = Connection::open(database).await;
    let question = "SELECT COUNT(*)::text FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name = 'symbolon rebuild'";
    let has_noticed = async || connection.value(question).await == "0";
    until("the server does not notice", Duration::from_secs(10), has_noticed).await;
    connection.close().await;
}

async fn much<S: TestStore>(stage: &Stage<S>, test: &str) {
    live(stage, test).await;
    past::add(&mut Connection::open(&stage.database).await, 2_500).await;
    number_all(&stage.store).await;
    damage(&stage.database).await;
}

async fn an_interrupted_one_goes_on_where_it_was<S: TestStore>(stage: Stage<S>) {
    let mut chance = seeded("an_interrupted_one_goes_on_where_it_was");
    much(&stage, "an_interrupted_one_goes_on_where_it_was").await;
    let before = stage.ledger().await;
    for at in [1, chance.random_range(1..2_500), 100_000] {
        interrupted(&stage.database, at).await;
        assert_eq!(stage.ledger().await.tables, before.tables);
        assert!(scaffold_stands(&stage.database).await);
    }
    // What happens between the two runs is not lost.
    let user = stage.user().await;
    stage.generate(user).await;
    let report = rebuilt(&stage.database).await;
    let logged = u64::try_from(before.rows("event_log").len()).unwrap();
    assert_eq!(report.resumed_at, logged, "the last run had filled it");
    stage.ledger().await.assert_tables_follow_from_events();
    assert!(!scaffold_stands(&stage.database).await);
}

/// Executes a command in the scaffold of an interrupted run.
async fn tamper(database: &Database, command: &str) {
    match database.store() {
        Store::Sqlite => {
            let file = database.data_directory().join("symbolon.db.rebuild");
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
            let mut connection = sqlx::Connection::connect_with(&options).await.unwrap();
            sqlx::Executor::execute(&mut connection, command).await.unwrap();
            let connection: sqlx::SqliteConnection = connection;
            sqlx::Connection::close(connection).await.unwrap();
        }
        Store::Postgres => {
            let mut connection = Connection::open(database).await;
            connection.execute("SET search_path = symbolon_rebuild").await.unwrap();
            connection.execute(command).await.unwrap();
        }
    }
}

async fn rows_made_otherwise_than_the_events_say_are_never_served<S: TestStore>(stage: Stage<S>) {
    much(&stage, "rows_made_otherwise_than_the_events_say_are_never_served").await;
    let before = stage.ledger().await;
    for command in [
        "UPDATE token_lookup SET hint = 'evil' WHERE user_id = (SELECT max(user_id) FROM token_lookup)",
        "DELETE FROM users WHERE user_id = (SELECT max(user_id) FROM users)",
        "INSERT INTO users (user_id, is_admin, registered_sequence) VALUES ('invented', 1 = 1, 1)",
        "UPDATE progress SET position = position + 1",
    ] {
        interrupted(&stage.database, 1).await;
        tamper(&stage.database, command).await;
        let error = attempt(&stage.database, Thoroughness::Rebuild).await.unwrap_err().to_string();
        assert!(error.contains("otherwise than the events say"), "{command}: {error}");
        assert_eq!(stage.ledger().await.tables, before.tables, "{command}");
        assert!(!scaffold_stands(&stage.database).await, "{command}");
    }
    let report = rebuilt(&stage.database).await;
    assert_eq!(report.resumed_at, 0);
    assert!(!found(&report).is_empty());
    stage.ledger().await.assert_tables_follow_from_events();
}

/// As an interruption leaves it that comes while the scaffold is taken down.
async fn what_is_left_of_a_scaffold_is_not_gone_on_with<S: TestStore>(stage: Stage<S>) {
    much(&stage, "what_is_left_of_a_scaffold_is_not_gone_on_with").await;
    interrupted(&stage.database, 100_000).await;
    tamper(&stage.database, "DROP TABLE progress; DROP TABLE users").await;
    assert_eq!(rebuilt(&stage.database).await.resumed_at, 0);
    stage.ledger().await.assert_tables_follow_from_events();
    assert!(!scaffold_stands(&stage.database).await);
}

async fn two_at_once_are_refused<S: TestStore>(stage: Stage<S>) {
    much(&stage, "two_at_once_are_refused").await;
    let (first, second) = tokio::join!(
        attempt(&stage.database, Thoroughness::Rebuild),
        attempt(&stage.database, Thoroughness::Rebuild),
    );
    let (done, refused) = if first.is_ok() { (first, second) } else { (second, first) };
    assert!(!found(&done.unwrap()).is_empty());
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("in use by another") || error.contains("going on"), "{error}");
    stage.ledger().await.assert_tables_follow_from_events();
}

//! The settings of connections that keep what was acknowledged, whatever the server's own say.

use projections::sql::{Sql, Statement};
use projections::{postgres::Postgres, sqlite::Sqlite};
use sqlx::{Executor, Row};
use tests::postgres::Cluster;
use tests::{Database, Store};

use crate::stage::{Stage, TestStore};

#[tokio::test]
async fn every_commit_on_sqlite_is_synced_to_disk() {
    let stage = Stage::<Sqlite>::new().await;
    let writer = stage.store.session_pool();
    let ask = async |pragma: &str| -> String {
        let row = writer.fetch_one(&*format!("PRAGMA {pragma}")).await.unwrap();
        row.try_get::<i64, _>(0).map_or_else(|_| row.get(0), |number| number.to_string())
    };
    assert_eq!(ask("synchronous").await, "2", "2 = FULL");
    assert_eq!(ask("journal_mode").await, "wal");
    assert_eq!(ask("foreign_keys").await, "1");
    assert_eq!(writer.options().get_max_connections(), 1, "writes are in one order");
}

/// As `.cargo/config.toml` says.
#[tokio::test]
async fn sqlite_counts_no_allocations_and_connections_share_no_pages() {
    let stage = Stage::<Sqlite>::new().await;
    let question = "SELECT compile_options FROM pragma_compile_options";
    let options: Vec<(String,)> = stage.store.fetch(Statement::new(question)).await.unwrap();
    let has = |wanted: &str| options.iter().any(|(option,)| option == wanted);
    assert!(has("DEFAULT_MEMSTATUS=0"), "{options:?}");
    assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
}

#[tokio::test]
async fn a_new_write_connection_on_sqlite_syncs_like_the_first() {
    let stage = Stage::<Sqlite>::new().await;
    let writer = stage.store.session_pool();
    writer.acquire().await.unwrap().close().await.unwrap();
    let row = writer.fetch_one("PRAGMA synchronous").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 2);
}

#[tokio::test]
async fn connections_that_read_cannot_write_on_sqlite() {
    let stage = Stage::<Sqlite>::new().await;
    let rows: Vec<(i64,)> = stage.store.fetch(Statement::new("PRAGMA query_only")).await.unwrap();
    assert_eq!(rows, [(1,)]);
    let write = Statement::new("INSERT INTO account_profiles VALUES ('a', 'b') RETURNING name");
    assert!(stage.store.fetch::<(String,)>(write).await.is_err());
    assert_eq!(stage.ledger().await.rows("account_profiles").len(), 0);
}

/// SQLite runs no DELETE trigger for a row that gives way to another, unless told to.
#[tokio::test]
async fn an_event_on_sqlite_cannot_give_way_to_another() {
    let stage = Stage::<Sqlite>::new().await;
    stage.user().await;
    let before = stage.ledger().await;
    let forged = "INSERT OR REPLACE INTO events
                  SELECT aggregate_type, aggregate_id, sequence, 'Forged', event_version, payload,
                         metadata, recorded_at
                  FROM events";
    let outcome = stage.store.session_pool().execute(forged).await;
    let after = stage.ledger().await;
    assert_eq!(after.events[0].event_type, before.events[0].event_type);
    assert!(outcome.is_err());
}

/// What a setting is to someone who connects without wanting anything.
async fn default(database: &Database, setting: &str) -> String {
    tests::sql::Connection::open(database).await.value(&format!("SHOW {setting}")).await
}

async fn settings_of(store: &Postgres, setting: &str) -> [String; 2] {
    let question = Statement::new("SELECT current_setting($1)").bind(setting);
    let read: Vec<(String,)> = store.fetch(question).await.unwrap();
    let written = store.session_pool().fetch_one(&*format!("SHOW {setting}")).await.unwrap();
    [read[0].0.clone(), written.get(0)]
}

#[tokio::test]
async fn every_commit_on_postgres_is_synced_to_disk_whatever_database_and_role_say() {
    let database = Database::new(Store::Postgres).await;
    let name = database.url().unwrap().rsplit_once('/').unwrap().1.to_owned();
    let mut superuser = Cluster::shared().connect("postgres").await;
    for command in [
        format!("ALTER DATABASE {name} SET synchronous_commit = off"),
        format!("ALTER ROLE symbolon IN DATABASE {name} SET synchronous_commit = off"),
        format!("ALTER DATABASE {name} SET default_transaction_isolation = serializable"),
        format!("ALTER DATABASE {name} SET statement_timeout = 0"),
    ] {
        superuser.execute(&*command).await.unwrap();
    }
    assert_eq!(default(&database, "synchronous_commit").await, "off");

    let store = <Postgres as TestStore>::open(&database).await;
    for (setting, expected) in [
        ("synchronous_commit", "on"),
        ("default_transaction_isolation", "read committed"),
        ("statement_timeout", "5s"),
        ("lock_timeout", "4s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ] {
        assert_eq!(settings_of(&store, setting).await, [expected; 2], "{setting}");
    }
    store.close().await;
}

#[tokio::test]
async fn every_commit_on_postgres_is_synced_to_disk_whatever_the_role_says_everywhere() {
    let cluster = Cluster::new(&[("synchronous_commit", "off")]);
    let mut superuser = cluster.connect("postgres").await;
    superuser.execute("ALTER ROLE symbolon SET synchronous_commit = local").await.unwrap();
    let database = Database::on(&cluster).await;
    assert_eq!(default(&database, "synchronous_commit").await, "local");
    let store = <Postgres as TestStore>::open(&database).await;
    assert_eq!(settings_of(&store, "synchronous_commit").await, ["on"; 2]);
    store.close().await;
}

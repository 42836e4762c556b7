//! Databases with their tables: ours, and the crates' as they come.

use std::path::Path;

use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, SqlitePool};

/// Ours, in this file.
pub async fn sqlite(file: &Path) -> Sqlite {
    let store = Sqlite::open(file).await.expect("a new file");
    store.migrate().await.expect("the migrations run");
    store.fill_replica().await.expect("it is readable");
    store
}

/// Ours, at this URL.
pub async fn postgres(url: &str) -> Postgres {
    let store = Postgres::open(url).await.expect("the cluster runs");
    store.migrate().await.expect("the migrations run");
    store
}

/// The name of the crates' view.
pub const VIEW: &str = "token_view";

/// The crates' own tables, on a database that calls JSON so.
fn tables(json: &str) -> String {
    format!(
        "CREATE TABLE events (
             aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL,
             event_type text NOT NULL, event_version text NOT NULL, payload {json} NOT NULL, metadata {json} NOT NULL,
             PRIMARY KEY (aggregate_type, aggregate_id, sequence));
         CREATE TABLE {VIEW} (view_id text PRIMARY KEY, version bigint NOT NULL, payload {json} NOT NULL)"
    )
}

/// That of sqlite-es, with the settings of its own pool, but that a commit is on the disk.
pub async fn stock_sqlite(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(10).connect_with(options).await;
    let pool = pool.expect("a new file");
    sqlx::raw_sql(&tables("text")).execute(&pool).await.expect("an empty file");
    pool
}

/// That of postgres-es.
pub async fn stock_postgres(url: &str) -> PgPool {
    let pool = postgres_es::default_postgress_pool(url).await;
    sqlx::raw_sql(&tables("json")).execute(&pool).await.expect("an empty database");
    pool
}

//! The crates' own pools and errors.

use cqrs_es::AggregateError;
use sqlx::{Executor, Row};
use tests::reaper::Scratch;
use tests::{Database, Store};

use crate::REVISIT;
use crate::tally::{Count, TABLES, Tally, sqlite};

#[tokio::test]
async fn the_default_sqlite_pool_does_not_sync_commits() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), "").await;
    let row = pool.fetch_one("PRAGMA synchronous").await.unwrap();
    assert_eq!(row.get::<i64, _>(0), 1, "{REVISIT}: the default pool is not synchronous=NORMAL");
    pool.close().await;
}

/// Only one event in all may exist.
const ONE_EVENT: &str = "CREATE UNIQUE INDEX events_only_one ON events (event_type)";

#[tokio::test]
async fn postgres_es_takes_any_broken_unique_index_for_a_lost_race() {
    let database = Database::new(Store::Postgres).await;
    let pool = postgres_es::default_postgress_pool(database.url().unwrap()).await;
    pool.execute(&*format!("{TABLES}; {ONE_EVENT}")).await.unwrap();
    let cqrs = postgres_es::postgres_cqrs::<Tally>(pool.clone(), vec![], ());
    cqrs.execute("a", Count).await.unwrap();
    let outcome = cqrs.execute("b", Count).await;
    assert!(
        matches!(outcome, Err(AggregateError::AggregateConflict)),
        "{REVISIT}: postgres-es looks at which constraint was broken: {outcome:?}"
    );
    pool.close().await;
}

#[tokio::test]
async fn sqlite_es_takes_only_a_broken_primary_key_for_a_lost_race() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), &format!("{TABLES}; {ONE_EVENT}")).await;
    let cqrs = sqlite_es::sqlite_cqrs::<Tally>(pool.clone(), vec![], ());
    cqrs.execute("a", Count).await.unwrap();
    let outcome = cqrs.execute("b", Count).await;
    assert!(
        matches!(outcome, Err(AggregateError::UnexpectedError(_))),
        "{REVISIT}: sqlite-es maps more than the primary key: {outcome:?}"
    );
    pool.close().await;
}

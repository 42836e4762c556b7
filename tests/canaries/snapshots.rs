//! Snapshots and aggregate stores apply events twice.

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateContext, CqrsFramework, EventStore};
use sqlite_es::SqliteEventRepository;
use sqlx::SqlitePool;
use tests::reaper::Scratch;

use crate::REVISIT;
use crate::tally::{Count, TABLES, Tally, sqlite, stored};

type Store = PersistedEventStore<SqliteEventRepository, Tally>;

/// How many events the aggregate believes to have applied after so many commands.
async fn applied(pool: &SqlitePool, commands: i64, store: impl Fn() -> Store) -> u32 {
    let cqrs = CqrsFramework::new(store(), vec![], ());
    for _ in 0..commands {
        cqrs.execute("a", Count).await.expect("nothing is in the way");
    }
    assert_eq!(stored(pool).await, commands);
    store().load_aggregate("a").await.expect("it is there").aggregate().applied
}

#[tokio::test]
async fn an_aggregate_store_applies_every_event_twice() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), TABLES).await;
    let repository = || SqliteEventRepository::new(pool.clone());
    let applied = applied(&pool, 3, || Store::new_aggregate_store(repository())).await;
    assert_eq!(applied, 6, "{REVISIT}: 3 events were applied {applied} times");
    pool.close().await;
}

#[tokio::test]
async fn a_snapshot_applies_the_events_of_its_commit_twice() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), TABLES).await;
    let repository = || SqliteEventRepository::new(pool.clone());
    let applied = applied(&pool, 7, || Store::new_snapshot_store(repository(), 4)).await;
    assert_eq!(applied, 8, "{REVISIT}: 7 events were applied {applied} times");
    pool.close().await;
}

#[tokio::test]
async fn a_plain_event_store_applies_every_event_once() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), TABLES).await;
    let repository = || SqliteEventRepository::new(pool.clone());
    assert_eq!(applied(&pool, 7, || Store::new_event_store(repository())).await, 7);
    pool.close().await;
}

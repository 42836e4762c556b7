//! A replay that could not read says that it is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventRepository, QueryReplay};
use cqrs_es::{EventEnvelope, Query};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use tests::reaper::Scratch;
use tests::{Database, Store};

use crate::REVISIT;
use crate::tally::{Tally, sqlite};

#[derive(Clone, Default)]
struct Counter(Arc<AtomicUsize>);

#[async_trait]
impl Query<Tally> for Counter {
    async fn dispatch(&self, _: &str, events: &[EventEnvelope<Tally>]) {
        self.0.fetch_add(events.len(), Ordering::Relaxed);
    }
}

/// Replays what is not there. The stream's task panics, which is all that can be seen of it.
async fn assert_silence(repository: impl PersistedEventRepository) {
    let counter = Counter::default();
    let replay = QueryReplay::<_, _, Tally>::new(repository, counter.clone());
    let (all, one) = (replay.replay_all().await, replay.replay("a").await);
    assert!(all.is_ok() && one.is_ok(), "{REVISIT}: a replay reports errors: {all:?} {one:?}");
    assert_eq!(counter.0.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn replaying_a_missing_table_of_sqlite_succeeds_with_nothing() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), "").await;
    assert_silence(SqliteEventRepository::new(pool.clone())).await;
    pool.close().await;
}

#[tokio::test]
async fn replaying_a_missing_table_of_postgres_succeeds_with_nothing() {
    let database = Database::new(Store::Postgres).await;
    let pool = postgres_es::default_postgress_pool(database.url().unwrap()).await;
    assert_silence(PostgresEventRepository::new(pool.clone())).await;
    pool.close().await;
}

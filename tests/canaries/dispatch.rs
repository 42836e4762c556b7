//! Queries are told after the commit, so a crash or a dropped future leaves a view stale for ever.

use std::sync::Arc;

use async_trait::async_trait;
use cqrs_es::persist::{GenericQuery, ViewRepository};
use cqrs_es::{EventEnvelope, Query};
use sqlite_es::SqliteViewRepository;
use sqlx::SqlitePool;
use tests::reaper::Scratch;
use tokio::sync::Notify;

use crate::REVISIT;
use crate::tally::{Count, Shown, TABLES, Tally, sqlite, stored};

type Views = SqliteViewRepository<Shown, Tally>;

fn views(pool: &SqlitePool) -> Arc<Views> {
    Arc::new(Views::new("shown", pool.clone()))
}

async fn shown(pool: &SqlitePool) -> Option<u32> {
    views(pool).load("a").await.expect("a table").map(|shown| shown.count)
}

/// Stands for a crash between commit and dispatch.
struct Panics;

#[async_trait]
impl Query<Tally> for Panics {
    async fn dispatch(&self, _: &str, _: &[EventEnvelope<Tally>]) {
        panic!("the process ends here");
    }
}

/// Says that it was reached, and never comes back.
struct Hangs(Arc<Notify>);

#[async_trait]
impl Query<Tally> for Hangs {
    async fn dispatch(&self, _: &str, _: &[EventEnvelope<Tally>]) {
        self.0.notify_one();
        std::future::pending::<()>().await;
    }
}

fn queries(pool: &SqlitePool, first: impl Query<Tally> + 'static) -> Vec<Box<dyn Query<Tally>>> {
    vec![Box::new(first), Box::new(GenericQuery::new(views(pool)))]
}

#[tokio::test]
async fn a_panic_in_a_query_leaves_the_event_stored_and_the_view_stale() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), TABLES).await;
    let cqrs = sqlite_es::sqlite_cqrs::<Tally>(pool.clone(), queries(&pool, Panics), ());
    let outcome = tokio::spawn(async move { cqrs.execute("a", Count).await }).await;
    assert!(outcome.is_err_and(|error| error.is_panic()), "{REVISIT}: a query's panic is caught");
    assert_eq!(stored(&pool).await, 1, "{REVISIT}: dispatch is before the commit");
    assert_eq!(shown(&pool).await, None, "{REVISIT}: the view was updated");
    pool.close().await;
}

#[tokio::test]
async fn a_dropped_command_leaves_the_event_stored_and_the_view_stale() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), TABLES).await;
    let reached = Arc::new(Notify::new());
    let queries = queries(&pool, Hangs(reached.clone()));
    let cqrs = sqlite_es::sqlite_cqrs::<Tally>(pool.clone(), queries, ());
    tokio::select! {
        outcome = cqrs.execute("a", Count) => panic!("{REVISIT}: nobody waited: {outcome:?}"),
        () = reached.notified() => {}
    }
    assert_eq!(stored(&pool).await, 1, "{REVISIT}: dispatch is before the commit");
    assert_eq!(shown(&pool).await, None, "{REVISIT}: the view was updated");
    pool.close().await;
}

#[tokio::test]
async fn an_undisturbed_query_does_reach_its_view() {
    let folder = Scratch::new("canary");
    let pool = sqlite(folder.path(), TABLES).await;
    let queries: Vec<Box<dyn Query<Tally>>> = vec![Box::new(GenericQuery::new(views(&pool)))];
    let cqrs = sqlite_es::sqlite_cqrs::<Tally>(pool.clone(), queries, ());
    cqrs.execute("a", Count).await.expect("nothing is in the way");
    assert_eq!((stored(&pool).await, shown(&pool).await), (1, Some(1)));
    pool.close().await;
}

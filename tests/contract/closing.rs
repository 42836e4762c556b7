//! A store that is closed has no connection left: whoever copies or drops the database next is not in anybody's way.

use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use sqlx::{Database, Pool};

use crate::stage::{Stage, TestStore};

#[tokio::test]
async fn sqlite_has_no_connection_left() {
    let stage = Stage::<Sqlite>::new().await;
    nothing_is_left(&stage, &stage.store.session_pool()).await;
}

#[tokio::test]
async fn postgres_has_no_connection_left() {
    let stage = Stage::<Postgres>::new().await;
    nothing_is_left(&stage, &stage.store.session_pool()).await;
}

/// One connection is on its way back when the store is closed, and another has come back before.
async fn nothing_is_left<S: TestStore, DB: Database>(stage: &Stage<S>, pool: &Pool<DB>) {
    stage.user().await;
    drop(pool.acquire().await.expect("one is free"));
    // It has left, and waits for the database's answer before it comes back.
    tokio::task::yield_now().await;
    stage.store.close().await;
    assert_eq!(pool.size(), 0);
}

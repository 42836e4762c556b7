//! What nodes on one PostgreSQL read in their rounds, and who waits for them.

use std::time::{Duration, Instant};

use projections::postgres::Postgres;
use projections::replica::Verdict;
use tests::sql::Connection;

use crate::replica::{Node, TERMS, remembered, until};
use crate::stage::Stage;

/// What a lease is outlived by.
const MARGIN: Duration = Duration::from_millis(100);

/// Locks the second user as the first was locked, as whoever knows of no nodes does.
fn lock_like(first: domain::UserId, second: domain::UserId) -> String {
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         SELECT aggregate_type, '{second}', sequence, event_type, event_version, payload, metadata
         FROM events
         WHERE aggregate_id = '{first}' AND event_type = 'UserLocked'"
    )
}

fn nodes() -> &'static str {
    "SELECT count(*)::text FROM nodes"
}

#[tokio::test]
async fn what_is_committed_after_later_events_is_read_as_well() {
    let stage = Stage::<Postgres>::new().await;
    let [alice, bob, carol] = [stage.user().await, stage.user().await, stage.user().await];
    stage.lock(alice).await;
    let node = Node::start(&stage.store, 1).await;
    let is_locked = async |user| {
        remembered(&stage.store, |live| live.find_access(user)).await == Verdict::Nothing
    };
    let mut connection = Connection::open(&stage.database).await;
    connection.execute("SET symbolon.waits_for_nodes = 'on'").await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    connection.execute(&lock_like(alice, bob)).await.unwrap();
    // This begins later and is there sooner, and rounds go on over the one that is open.
    stage.lock(carol).await;
    assert!(is_locked(carol).await && !is_locked(bob).await);
    tokio::time::sleep(TERMS.renewal * 5).await;
    assert!(!is_locked(bob).await);
    connection.execute("COMMIT").await.unwrap();
    let began = Instant::now();
    while !is_locked(bob).await {
        assert!(began.elapsed() < Duration::from_secs(10), "the event was passed over");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    node.stop().await;
}

#[tokio::test]
async fn what_is_announced_after_later_announcements_is_read_as_well_and_remembered() {
    let stage = Stage::<Postgres>::new().await;
    let [alice, bob] = [stage.user().await, stage.user().await];
    let node = Node::start(&stage.store, 1).await;
    let answer = || stage.store.memory().ask(|live| live.find_access(bob));
    let is_known = || matches!(answer(), Some(Verdict::Live(_)));
    let is_unsettled = || matches!(answer(), Some(Verdict::Unsettled));
    let mut connection = Connection::open(&stage.database).await;
    connection.execute("BEGIN").await.unwrap();
    let announce = format!(
        "INSERT INTO intents (announced, subject) VALUES (pg_current_xact_id()::text::bigint, 'user {bob}')"
    );
    connection.execute(&announce).await.unwrap();
    // This is announced later and is there sooner, and rounds go on over the one that is open.
    for _ in 0..5 {
        stage.generate(alice).await;
        tokio::time::sleep(TERMS.renewal).await;
    }
    until("memory answers", is_known).await;
    connection.execute("COMMIT").await.unwrap();
    until("the announcement is read", is_unsettled).await;
    for _ in 0..5 {
        stage.generate(alice).await;
        tokio::time::sleep(TERMS.renewal).await;
        assert!(!is_known(), "the announcement is forgotten");
    }
    connection.execute("DELETE FROM intents").await.unwrap();
    until("it is withdrawn", is_known).await;
    node.stop().await;
}

#[tokio::test]
async fn a_node_that_was_killed_is_swept_away() {
    let stage = Stage::<Postgres>::new().await;
    let node = Node::start(&stage.store, 1).await;
    let other = Postgres::open(stage.database.url().unwrap()).await.unwrap();
    drop(Node::start(&other, 2).await);
    let mut connection = Connection::open(&stage.database).await;
    assert_eq!(connection.value(nodes()).await, "2");
    let began = Instant::now();
    while connection.value(nodes()).await != "1" {
        assert!(began.elapsed() < Duration::from_secs(15), "it is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(began.elapsed() > TERMS.length, "its lease had not ended");
    node.stop().await;
    assert_eq!(connection.value(nodes()).await, "0", "who stops says goodbye");
}

#[tokio::test]
async fn who_knows_of_no_nodes_outlives_them() {
    let stage = Stage::<Postgres>::new().await;
    let [alice, bob, carol] = [stage.user().await, stage.user().await, stage.user().await];
    stage.lock(alice).await;
    let mut connection = Connection::open(&stage.database).await;
    let began = Instant::now();
    connection.execute(&lock_like(alice, carol)).await.unwrap();
    assert!(began.elapsed() < TERMS.length, "nobody is there: {:?}", began.elapsed());

    let node = Node::start(&stage.store, 1).await;
    let before = remembered(&stage.store, |live| live.find_access(bob)).await;
    assert!(matches!(before, Verdict::Live(_)));
    let began = Instant::now();
    connection.execute(&lock_like(alice, bob)).await.unwrap();
    let answer = stage.store.memory().ask(|live| live.find_access(bob));
    assert!(matches!(answer, None | Some(Verdict::Nothing)), "{answer:?}");
    assert!(began.elapsed() >= TERMS.length + MARGIN, "only {:?}", began.elapsed());
    until("memory answers again", || stage.store.memory().is_believed()).await;
    assert_eq!(remembered(&stage.store, |live| live.find_access(bob)).await, Verdict::Nothing);
    node.stop().await;
}

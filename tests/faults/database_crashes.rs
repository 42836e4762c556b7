//! `kill -9` of PostgreSQL, all of it, while the server works on it.

use std::time::Duration;

use rand::RngExt;
use tests::postgres::Cluster;
use tests::seed::seeded;
use tests::{Database, Ledger, Settings, TestApp, until};

use crate::crew::{Crew, assert_unavailable};
use tests::processes::kill_cluster;

const KILLS: usize = 4;

#[tokio::test]
async fn a_killed_postgres_has_lost_nothing_acknowledged_and_the_server_goes_on_without_restart() {
    let mut chance = seeded("a_killed_postgres_has_lost_nothing_acknowledged");
    let cluster = Cluster::new(&[]);
    // Memory comes back a moment after the database does: tests/history kills databases under it.
    let settings = Settings::new().flag("--verifier", "direct");
    let app = TestApp::with(Database::on(&cluster).await, settings).await;
    let mut crew = Crew::of(16, &app).await;
    for _ in 0..KILLS {
        crew.work(chance.random_range(16..80)).await;
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
        kill_cluster(&cluster).await;
        crew.stopped().await;
        cluster.start(&[]);
        until_ready(&app).await;
        Ledger::read(app.database()).await.assert_tables_follow_from_events();
        crew.check(&app).await;
    }
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
    println!("{KILLS} kills of PostgreSQL, {:?}", crew.books);
    assert!(crew.books.acknowledged > 16 * KILLS, "hardly anything was under way");
}

/// Waits for the server to find its database again. Until then it may say that it cannot, nothing else.
pub(crate) async fn until_ready(app: &TestApp) {
    let is_ready = async || {
        let answer = app.anonymous().get("/readyz").send().await;
        let is_ready = answer.status == 200;
        if !is_ready {
            assert_unavailable(answer);
        }
        is_ready
    };
    let matter = "the server does not find its database again";
    until(matter, Duration::from_secs(20), is_ready).await;
}

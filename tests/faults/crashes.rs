//! `kill -9` of the server while sixteen users replace their tokens.

use std::time::Duration;

use rand::RngExt;
use tests::seed::seeded;
use tests::{Ledger, Store, TestApp, on_both_stores};

use crate::crew::Crew;

on_both_stores!(a_killed_server_has_lost_nothing_acknowledged_and_accepts_no_old_token);

const KILLS: usize = 20;

async fn a_killed_server_has_lost_nothing_acknowledged_and_accepts_no_old_token(store: Store) {
    let mut chance = seeded("a_killed_server_has_lost_nothing_acknowledged");
    let mut app = TestApp::new(store).await;
    let mut crew = Crew::of(16, &app).await;
    for _ in 0..KILLS {
        crew.work(chance.random_range(1..40)).await;
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
        app.kill();
        crew.stopped().await;
        app.start().await;
        // Before anyone writes again: what the crash left is already right.
        Ledger::read(app.database()).await.assert_tables_follow_from_events();
        crew.check(&app).await;
    }
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
    println!("{store:?}: {KILLS} kills, {:?}", crew.books);
    assert!(crew.books.acknowledged > 5 * KILLS, "hardly anything was under way");
    assert!(crew.books.in_doubt > KILLS, "hardly any kill met a request");
}

//! A crash between the lock of a user and the death of the token.

use std::sync::Arc;

use api::commands::{Commands, Executor};
use domain::{CommandId, UserCommand, UserId};
use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use projections::{Actor, EventStore, Origin, Submission, Via};
use tests::{Database, Ledger, Store, TestApp, on_both_stores};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

on_both_stores!(the_token_of_an_interrupted_lock_stays_dead_and_the_next_start_buries_it);

/// Locks the user and does nothing else.
async fn lock(store: impl EventStore, user_id: UserId) {
    let submission = Submission {
        command_id: CommandId::new(Uuid::from_u128(1)),
        request_id: "interrupted".to_owned(),
        actor: Actor { user_id: None, via: Via::CommandLine },
        origin: Origin { salt: [1; 16], address: None, user_agent: None },
        particulars: None,
        idempotency_key: None,
        subscribers: Arc::default(),
    };
    let command = UserCommand::Lock { at: "2026-01-01T00:00:00Z".parse().unwrap() };
    let commands = Executor::new(store, TaskTracker::new());
    commands.user(user_id, command, submission).await.expect("the user is known");
}

async fn lock_in(database: &Database, user_id: UserId) {
    match database.store() {
        Store::Sqlite => {
            let store = Sqlite::open(&database.sqlite_file()).await.expect("nobody serves it");
            lock(store.clone(), user_id).await;
            store.close().await;
        }
        Store::Postgres => {
            let store = Postgres::open(database.url().unwrap()).await.expect("the cluster runs");
            lock(store.clone(), user_id).await;
            store.close().await;
        }
    }
}

async fn the_token_of_an_interrupted_lock_stays_dead_and_the_next_start_buries_it(store: Store) {
    let mut app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (hers, his) = (alice.generate_token().await, bob.generate_token().await);
    app.kill();
    lock_in(app.database(), alice.id.parse().unwrap()).await;
    app.start().await;

    app.with_token(&hers).whoami().await.assert_invalid_api_token();
    app.with_token(&his).whoami().await.assert_user("bob");
    let ledger = Ledger::read(app.database()).await;
    ledger.assert_tables_follow_from_events();
    let last = ledger.events_of("token", &alice.id).pop().unwrap();
    assert_eq!(last.event_type, "TokenRevoked", "the start did not bury the token");
    assert_eq!(ledger.events_of("token", &bob.id).len(), 1);

    app.admin().unlock(&alice.id).await;
    app.with_token(&hers).whoami().await.assert_invalid_api_token();
    alice.sign_in().await.assert_status(200);
    let history = alice.history().await;
    assert_eq!(history.len(), 2, "{history:?}");
    assert_eq!(history[0]["type"], "TokenRevoked");
    assert_eq!(history[0]["reason"], "user_locked");
    assert_eq!(history[0]["actor"]["via"], "system");
    assert!(history[0]["actor"]["userId"].is_null(), "{history:?}");

    // Another start finds nothing left to do.
    app.stop().await;
    app.start().await;
    assert_eq!(alice.history().await.len(), 2);
}

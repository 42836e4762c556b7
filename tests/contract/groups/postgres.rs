//! On PostgreSQL, where commands that are alike are one transaction.

use std::sync::Arc;

use domain::token::FreshToken;
use futures_util::future::join_all;
use projections::event_store::CommitError;
use projections::postgres::Postgres;
use projections::{EventStore, IdempotencyKey, StoreError, Verifier};
use tests::sql::Connection;

use super::{Decided, MANY, first_token, first_token_of, users};
use crate::stage::Stage;

/// Has all of the commands written at the same time; says what each was told.
async fn together(store: &Postgres, commands: &[Decided]) -> Vec<Result<(), CommitError>> {
    let append = |command: &'_ Decided| {
        let (events, submission) = (command.events.clone(), command.submission.clone());
        async move { store.append(&events, &submission).await }
    };
    join_all(commands.iter().map(append)).await
}

async fn is_live(stage: &Stage<Postgres>, command: &Decided) -> bool {
    let found = stage.store.find_live_token(&command.fresh.digest).await.unwrap();
    found.is_some_and(|live| live.access.user_id == command.user_id)
}

async fn number(stage: &Stage<Postgres>, question: &str) -> usize {
    let mut connection = Connection::open(&stage.database).await;
    let number = connection.value(question).await;
    connection.close().await;
    number.parse().unwrap()
}

/// Nothing is half written, out of order or announced for ever.
async fn assert_whole(stage: &Stage<Postgres>) {
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_log_holds_every_event();
    assert_eq!(number(stage, "SELECT COUNT(*)::text FROM intents").await, 0);
}

#[tokio::test]
async fn many_commands_at_once_are_few_transactions() {
    let stage = Stage::<Postgres>::new().await;
    let commands: Vec<_> =
        users(&stage, MANY).await.into_iter().map(|user| first_token(&stage, user)).collect();
    for outcome in together(&stage.store, &commands).await {
        outcome.unwrap();
    }
    for command in &commands {
        assert!(is_live(&stage, command).await);
    }
    let transactions =
        "SELECT COUNT(DISTINCT transaction_id)::text FROM events WHERE aggregate_type = 'token'";
    let transactions = number(&stage, transactions).await;
    assert!(transactions <= MANY / 10, "{transactions} transactions");
    assert_whole(&stage).await;
}

/// The account is opened, and someone is in it.
#[tokio::test]
async fn the_events_of_one_command_stay_in_their_order() {
    let stage = Stage::<Postgres>::new().await;
    let users = users(&stage, 30).await;
    join_all(users.into_iter().map(|user| stage.account(user))).await;
    assert_whole(&stage).await;
}

#[tokio::test]
async fn a_command_that_is_refused_among_many_harms_none_of_them() {
    let stage = Stage::<Postgres>::new().await;
    let users = users(&stage, 12).await;
    let mut commands: Vec<_> = users.iter().map(|user| first_token(&stage, *user)).collect();
    // A token of someone locked; and two pairs of which one must fail: of the same user, and of the same digest.
    stage.lock(users[3]).await;
    commands.push(first_token(&stage, users[1]));
    let taken = FreshToken { digest: commands[2].fresh.digest, ..stage.fresh() };
    commands[5] = first_token_of(&stage, users[5], taken);
    // And of the same key, which is not written with others.
    let key = IdempotencyKey { digest: [7; 32], request_digest: [8; 32], at: stage.now() };
    commands[8].submission.idempotency_key = Some(key.clone());
    commands[9].submission.idempotency_key = Some(key);

    let outcomes = together(&stage.store, &commands).await;
    let mut refused = Vec::new();
    for (command, outcome) in commands.iter().zip(outcomes) {
        match outcome {
            Ok(()) => assert!(is_live(&stage, command).await),
            Err(CommitError::NotSent(error)) => {
                assert!(!is_live(&stage, command).await, "{error}");
                refused.push(error);
            }
            Err(lost @ CommitError::AnswerLost(_)) => panic!("{lost:?}"),
        }
    }
    let count = |of: fn(&StoreError) -> bool| refused.iter().filter(|error| of(error)).count();
    assert_eq!(count(|it| matches!(it, StoreError::UserNotActive)), 1, "{refused:?}");
    assert_eq!(count(|it| matches!(it, StoreError::Conflict)), 1, "{refused:?}");
    assert_eq!(count(|it| matches!(it, StoreError::Corrupt(_))), 1, "{refused:?}");
    assert_eq!(count(|it| matches!(it, StoreError::Repeated)), 1, "{refused:?}");
    assert_eq!(refused.len(), 4, "{refused:?}");
    assert_whole(&stage).await;
}

#[tokio::test]
async fn who_must_wait_for_somebody_holds_nobody_up() {
    let stage = Arc::new(Stage::<Postgres>::new().await);
    let users = users(&stage, 20).await;
    let mut commands: Vec<_> = users.iter().map(|user| first_token(&stage, *user)).collect();
    let mut somebody = Connection::open(&stage.database).await;
    somebody.execute("BEGIN").await.unwrap();
    let lock = format!("SELECT user_id FROM users WHERE user_id = '{}' FOR UPDATE", users[7]);
    somebody.execute(&lock).await.unwrap();

    let held = commands.remove(7);
    let waiting = {
        let stage = Arc::clone(&stage);
        tokio::spawn(async move {
            let outcome = stage.store.append(&held.events, &held.submission).await;
            (held, outcome)
        })
    };
    for outcome in together(&stage.store, &commands).await {
        outcome.unwrap();
    }
    assert!(!waiting.is_finished());
    somebody.execute("ROLLBACK").await.unwrap();
    somebody.close().await;
    let (held, outcome) = waiting.await.unwrap();
    outcome.unwrap();
    assert!(is_live(&stage, &held).await);
    assert_whole(&stage).await;
}

#[tokio::test]
async fn connections_that_ended_a_moment_ago_cost_no_command_its_answer() {
    let stage = Stage::<Postgres>::new().await;
    let commands: Vec<_> =
        users(&stage, 2).await.into_iter().map(|user| first_token(&stage, user)).collect();
    together(&stage.store, &commands[..1]).await.pop().unwrap().unwrap();
    let ended = "SELECT COUNT(*) FILTER (WHERE pg_terminate_backend(pid, 5000))::text
                 FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'symbolon'";
    assert!(number(&stage, ended).await > 0, "a connection was kept");

    let user_id = commands[0].user_id.to_string();
    let latest = stage.store.latest_event("token", &user_id).await.unwrap();
    assert!(latest.is_some());
    together(&stage.store, &commands[1..]).await.pop().unwrap().unwrap();
    for command in &commands {
        assert!(is_live(&stage, command).await);
    }
    assert_whole(&stage).await;
}

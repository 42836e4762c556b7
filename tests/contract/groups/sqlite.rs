//! On SQLite, where commands wait for the one connection that writes.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use domain::token::FreshToken;
use projections::event_store::CommitError;
use projections::replica::Verdict;
use projections::sqlite::Sqlite;
use projections::{EventStore, IdempotencyKey, Replica, StoreError, Verifier};
use tests::sql::Connection;

use super::{Decided, MANY, first_token, first_token_of, users};
use crate::replica::remembered;
use crate::stage::{Stage, TestStore};

type Appending<'a> = Pin<Box<dyn Future<Output = Result<(), CommitError>> + 'a>>;

/// Lets commands wait while someone else writes.
async fn queue<'a>(store: &'a Sqlite, commands: &'a [Decided]) -> Vec<Appending<'a>> {
    let mut waiting: Vec<Appending<'a>> = Vec::new();
    for command in commands {
        waiting.push(Box::pin(store.append(&command.events, &command.submission)));
    }
    let all_wait = |context: &mut std::task::Context<'_>| {
        let mut each = waiting.iter_mut();
        assert!(each.all(|append| append.as_mut().poll(context).is_pending()));
        Poll::Ready(())
    };
    poll_fn(all_wait).await;
    waiting
}

/// Has the commands written when all of them wait; says what each was told.
async fn together(store: &Sqlite, commands: &[Decided]) -> Vec<Result<(), CommitError>> {
    let held = store.session_pool().acquire().await.unwrap();
    let waiting = queue(store, commands).await;
    drop(held);
    let mut outcomes = Vec::new();
    for append in waiting {
        outcomes.push(append.await);
    }
    outcomes
}

async fn is_live(stage: &Stage<Sqlite>, command: &Decided) -> bool {
    let digest = command.fresh.digest;
    let in_memory = remembered(&stage.store, |live| live.find_live_token(&digest)).await;
    let found = stage.store.find_live_token(&digest).await.unwrap();
    assert_eq!(in_memory == Verdict::Nothing, found.is_none(), "memory and tables differ");
    found.is_some_and(|live| live.access.user_id == command.user_id)
}

/// How many events the log has; each stands in it once.
async fn log_size(stage: &Stage<Sqlite>) -> usize {
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_log_holds_every_event();
    assert_eq!(ledger.rows("log_queue").len(), 0);
    ledger.events.len()
}

#[tokio::test]
async fn many_commands_at_once_are_all_there_afterwards_and_in_the_log_once_each() {
    let stage = Stage::<Sqlite>::new().await;
    let commands: Vec<_> =
        users(&stage, MANY).await.into_iter().map(|user| first_token(&stage, user)).collect();
    stage.store.fill_replica().await.unwrap();
    for outcome in together(&stage.store, &commands).await {
        outcome.unwrap();
    }
    for command in &commands {
        assert!(is_live(&stage, command).await);
    }
    assert_eq!(log_size(&stage).await, 2 * MANY);
}

#[tokio::test]
async fn a_command_that_fails_among_many_harms_none_of_them() {
    let stage = Stage::<Sqlite>::new().await;
    let users = users(&stage, 12).await;
    let mut commands: Vec<_> = users.iter().map(|user| first_token(&stage, *user)).collect();
    // The second of its kind, a token of someone locked, a digest of another's, and a second command under one key.
    stage.lock(users[3]).await;
    commands.insert(6, first_token(&stage, users[1]));
    let taken = FreshToken { digest: commands[2].fresh.digest, ..stage.fresh() };
    commands[5] = first_token_of(&stage, users[5], taken);
    let key = IdempotencyKey { digest: [7; 32], request_digest: [8; 32], at: stage.now() };
    commands[8].submission.idempotency_key = Some(key.clone());
    commands[9].submission.idempotency_key = Some(key);
    stage.store.fill_replica().await.unwrap();

    let outcomes = together(&stage.store, &commands).await;
    let mut successes = 0;
    for (number, outcome) in outcomes.iter().enumerate() {
        let is_live = is_live(&stage, &commands[number]).await;
        match (number, outcome) {
            (6, Err(CommitError::NotSent(StoreError::Conflict)))
            | (3, Err(CommitError::NotSent(StoreError::UserNotActive)))
            | (5, Err(CommitError::NotSent(StoreError::Corrupt(_))))
            | (9, Err(CommitError::NotSent(StoreError::Repeated))) => assert!(!is_live),
            (_, Ok(())) => {
                assert!(is_live, "the command {number}");
                successes += 1;
            }
            (_, outcome) => panic!("the command {number}: {outcome:?}"),
        }
    }
    assert_eq!(successes, 9);
    assert_eq!(log_size(&stage).await, 12 + 1 + successes);
}

#[tokio::test]
async fn a_commit_that_fails_is_nobodys_success_and_memory_is_in_doubt_until_it_is_filled_again() {
    let stage = Stage::<Sqlite>::new().await;
    let users = users(&stage, 3).await;
    let mut commands: Vec<_> = users.iter().map(|user| first_token(&stage, *user)).collect();
    commands.push(first_token(&stage, users[0]));
    stage.store.fill_replica().await.unwrap();
    // What is found out at COMMIT only, and about the third.
    let mut connection = Connection::open(&stage.database).await;
    let trap = format!(
        "CREATE TABLE trap (user_id TEXT REFERENCES users (user_id) DEFERRABLE INITIALLY DEFERRED);
         CREATE TRIGGER trapped AFTER INSERT ON events WHEN new.aggregate_id = '{}'
         BEGIN INSERT INTO trap VALUES ('nobody'); END",
        users[2]
    );
    connection.execute(&trap).await.unwrap();

    let before = log_size(&stage).await;
    let outcomes = together(&stage.store, &commands).await;
    for outcome in &outcomes[..3] {
        assert!(matches!(outcome, Err(CommitError::AnswerLost(_))), "{outcome:?}");
    }
    // It was not a conflict: the other command is not there.
    let refused = &outcomes[3];
    assert!(
        matches!(refused, Err(CommitError::NotSent(StoreError::Unavailable(_)))),
        "{refused:?}"
    );
    assert!(!stage.store.memory().is_believed());
    let database: Arc<dyn Verifier> = Arc::new(stage.store.clone());
    let replica = Replica::new(stage.store.memory(), database);
    for command in &commands {
        assert_eq!(replica.find_live_token(&command.fresh.digest).await.unwrap(), None);
    }
    assert_eq!(log_size(&stage).await, before);

    connection.execute("DROP TRIGGER trapped").await.unwrap();
    connection.close().await;
    for outcome in together(&stage.store, &commands[..3]).await {
        outcome.unwrap();
    }
    stage.store.fill_replica().await.unwrap();
    for command in &commands[..3] {
        assert!(is_live(&stage, command).await);
    }
    assert_eq!(log_size(&stage).await, before + 3);
}

#[tokio::test]
async fn a_command_whose_caller_has_gone_away_is_written_and_stops_nobody() {
    let stage = Stage::<Sqlite>::new().await;
    let users = users(&stage, 3).await;
    let commands: Vec<_> = users.iter().map(|user| first_token(&stage, *user)).collect();
    stage.store.fill_replica().await.unwrap();
    let held = stage.store.session_pool().acquire().await.unwrap();
    let mut waiting = queue(&stage.store, &commands).await;
    drop(waiting.remove(1));
    drop(held);
    for append in waiting {
        append.await.unwrap();
    }
    for command in &commands {
        assert!(is_live(&stage, command).await);
    }
}

#[tokio::test]
async fn closing_the_store_writes_what_waits_and_nothing_after() {
    let stage = Stage::<Sqlite>::new().await;
    let users = users(&stage, 3).await;
    let commands: Vec<_> = users.iter().map(|user| first_token(&stage, *user)).collect();
    let held = stage.store.session_pool().acquire().await.unwrap();
    let waiting = queue(&stage.store, &commands[..2]).await;
    let store = stage.store.clone();
    let closing = tokio::spawn(async move { TestStore::close(&store).await });
    drop(held);
    for append in waiting {
        append.await.unwrap();
    }
    closing.await.unwrap();
    let late = &commands[2];
    let outcome = stage.store.append(&late.events, &late.submission).await;
    assert!(
        matches!(outcome, Err(CommitError::NotSent(StoreError::Unavailable(_)))),
        "{outcome:?}"
    );
    assert_eq!(log_size(&stage).await, 3 + 2);
}

/// Sessions, usage and sweeping write through the same connection.
#[tokio::test]
async fn whoever_else_writes_gets_a_turn_while_commands_keep_coming() {
    let stage = Arc::new(Stage::<Sqlite>::new().await);
    let users = users(&stage, 16).await;
    let busy: Vec<_> = users
        .into_iter()
        .map(|user| {
            let stage = stage.clone();
            tokio::spawn(async move {
                loop {
                    stage.generate(user).await;
                }
            })
        })
        .collect();
    for _ in 0..50 {
        drop(stage.store.session_pool().acquire().await.expect("within the time for it"));
    }
    busy.iter().for_each(tokio::task::JoinHandle::abort);
    for task in busy {
        assert!(task.await.unwrap_err().is_cancelled());
    }
    let store = &stage.store;
    TestStore::close(store).await;
    log_size(&stage).await;
}

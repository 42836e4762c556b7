//! Events and all that follows from them appear in one transaction, or none of them does.

mod of_campaigns;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use api::commands::{CommandError, Commands};
use domain::{AccountCommand, UserCommand, UserId};
use projections::particulars::SetupStep;
use projections::{NewUserProfile, Particulars, SetupCode, StoreError, Submission};
use tests::Store;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, bytes, contract_tests, refusal};

contract_tests!(
    every_command_writes_all_that_belongs_to_its_events,
    no_reader_ever_sees_an_event_without_what_follows_from_it,
    a_token_whose_context_cannot_be_written_is_not_written,
    a_token_that_cannot_get_a_place_in_the_log_is_not_written,
    a_token_whose_history_cannot_be_written_is_not_written,
    a_token_with_the_digest_of_another_is_not_written,
    an_account_whose_profile_cannot_be_written_is_not_written,
    a_user_whose_address_is_taken_is_not_written,
    a_second_founder_is_not_written,
    a_user_whose_invitation_cannot_be_issued_is_not_written,
    a_founder_whose_code_is_refused_is_not_written,
);

async fn every_command_writes_all_that_belongs_to_its_events<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let account = stage.account(alice).await;
    stage.generate(alice).await;
    stage.generate(alice).await;
    stage.revoke(alice).await;
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    let counts = |table: &str| ledger.rows(table).len();
    assert_eq!(ledger.events.len(), 6, "a user, an account and its member, three of the token");
    assert_eq!((counts("event_context"), counts("log_queue") + counts("event_log")), (6, 6));
    assert_eq!((counts("token_lookup"), counts("token_history")), (1, 3));
    assert_eq!((counts("users"), counts("user_profiles")), (1, 1));
    assert_eq!((counts("accounts"), counts("account_profiles")), (1, 1));
    assert_eq!(ledger.rows("memberships")[0][0], Some(account.to_string()));
}

async fn no_reader_ever_sees_an_event_without_what_follows_from_it<S: TestStore>(stage: Stage<S>) {
    let users = [stage.user().await, stage.user().await, stage.user().await, stage.user().await];
    let done = AtomicBool::new(false);
    let write = async {
        for _ in 0..25 {
            let [a, b, c, d] = users.map(|user| stage.generate(user));
            tokio::join!(a, b, c, d);
        }
        done.store(true, Ordering::Relaxed);
    };
    let read = async {
        let mut connection = Connection::open(&stage.database).await;
        let mut seen = BTreeSet::new();
        while !done.load(Ordering::Relaxed) {
            let rows = connection.rows(COUNTS).await;
            let [events, contexts, queued, of_tokens, lines, last] =
                &<[Option<String>; 6]>::try_from(rows[0].clone()).unwrap();
            assert_eq!((contexts, queued), (events, events));
            assert_eq!((lines, last), (of_tokens, of_tokens));
            seen.insert(events.clone());
        }
        seen.len()
    };
    let ((), seen) = tokio::join!(write, read);
    assert!(seen > 10, "only {seen} different moments were seen");
    stage.ledger().await.assert_tables_follow_from_events();
}

/// In one snapshot. All users' last sequences add up to the number of events of tokens.
const COUNTS: &str = "
SELECT CAST((SELECT count(*) FROM events) AS text),
       CAST((SELECT count(*) FROM event_context) AS text),
       CAST((SELECT count(*) FROM log_queue) + (SELECT count(*) FROM event_log) AS text),
       CAST((SELECT count(*) FROM events WHERE aggregate_type = 'token') AS text),
       CAST((SELECT count(*) FROM token_history) AS text),
       CAST((SELECT coalesce(sum(sequence), 0) FROM token_lookup) AS text)";

/// Expects that `attempt` fails as `expected` says and leaves no trace.
async fn assert_all_or_nothing<S: TestStore, T: std::fmt::Debug>(
    stage: &Stage<S>,
    attempt: impl Future<Output = Result<T, CommandError>>,
    expected: impl Fn(&StoreError) -> bool,
) {
    let before = stage.ledger().await;
    let error = refusal(attempt.await);
    assert!(expected(&error), "{error:?}");
    let after = stage.ledger().await;
    assert_eq!(after.events.len(), before.events.len());
    assert_eq!(after.tables, before.tables);
}

const fn corrupt(error: &StoreError) -> bool {
    matches!(error, StoreError::Corrupt(_))
}

/// Puts a row in the way of the second event of a user's token.
async fn token_meets<S: TestStore>(stage: &Stage<S>, obstacle: impl Fn(UserId) -> String) {
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    let mut connection = Connection::open(&stage.database).await;
    connection.execute(&obstacle(alice)).await.unwrap();
    let fresh = stage.fresh();
    assert_all_or_nothing(stage, stage.try_generate(alice, &fresh), corrupt).await;
    assert_eq!(stage.store.find_live_token(&fresh.digest).await.unwrap(), None);
    assert!(stage.store.find_live_token(&token.digest).await.unwrap().is_some());
}

async fn a_token_whose_context_cannot_be_written_is_not_written<S: TestStore>(stage: Stage<S>) {
    let salt = bytes(S::STORE, &"5a".repeat(16));
    token_meets(&stage, |user| {
        format!("INSERT INTO event_context VALUES ('token', '{user}', 2, {salt}, NULL, NULL, NULL)")
    })
    .await;
}

async fn a_token_that_cannot_get_a_place_in_the_log_is_not_written<S: TestStore>(stage: Stage<S>) {
    let leaf = bytes(S::STORE, &"5a".repeat(32));
    token_meets(&stage, |user| match S::STORE {
        // In the way of the sequencer, who will find it; and of a writer who numbers at once.
        Store::Postgres => format!(
            "INSERT INTO log_queue (aggregate_type, aggregate_id, sequence)
             VALUES ('token', '{user}', 2)"
        ),
        Store::Sqlite => {
            format!("PRAGMA foreign_keys = off; INSERT INTO event_log VALUES (3, 'token', '{user}', 9, {leaf})")
        }
    })
    .await;
}

async fn a_token_whose_history_cannot_be_written_is_not_written<S: TestStore>(stage: Stage<S>) {
    let digest = bytes(S::STORE, &"5a".repeat(32));
    token_meets(&stage, |user| {
        format!(
            "INSERT INTO token_history
                 (user_id, sequence, kind, token_id, generation, occurred_at, actor_via, token_digest)
             VALUES ('{user}', 9, 'generated', 'another', 2, '2026-01-01T00:00:00+00:00', 'system', {digest})"
        )
    })
    .await;
}

async fn a_token_with_the_digest_of_another_is_not_written<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    let hers = stage.generate(alice).await;
    let mut his = stage.fresh();
    his.digest = hers.digest;
    assert_all_or_nothing(&stage, stage.try_generate(bob, &his), corrupt).await;
    let live = stage.store.find_live_token(&hers.digest).await.unwrap().unwrap();
    assert_eq!(live.access.user_id, alice);
}

async fn an_account_whose_profile_cannot_be_written_is_not_written<S: TestStore>(stage: Stage<S>) {
    let (alice, account_id) = (stage.user().await, stage.account_id());
    let mut connection = Connection::open(&stage.database).await;
    let obstacle = format!("INSERT INTO account_profiles VALUES ('{account_id}', 'In the way')");
    connection.execute(&obstacle).await.unwrap();
    let command = AccountCommand::Open { first_admin: Some(alice), at: stage.now() };
    let particulars = Some(Particulars::Account { account_id, name: "Mine".to_owned() });
    let submission = Submission { particulars, ..stage.by(alice) };
    let attempt = stage.commands.account(account_id, command, submission);
    assert_all_or_nothing(&stage, attempt, corrupt).await;
}

async fn a_user_whose_address_is_taken_is_not_written<S: TestStore>(stage: Stage<S>) {
    let taken = stage.profile(stage.user_id());
    let email = taken.email.clone();
    stage.register(taken).await.unwrap();
    let code = SetupCode { digest: [3; 32], user_id: None, expires_at: stage.now() };
    let second =
        NewUserProfile { email, setup: SetupStep::Issue(code), ..stage.profile(stage.user_id()) };
    let taken = |error: &StoreError| matches!(error, StoreError::EmailTaken);
    assert_all_or_nothing(&stage, stage.register(second), taken).await;
}

async fn a_second_founder_is_not_written<S: TestStore>(stage: Stage<S>) {
    let founder = || NewUserProfile { is_founder: true, ..stage.profile(stage.user_id()) };
    stage.register(founder()).await.unwrap();
    let taken = |error: &StoreError| matches!(error, StoreError::AlreadySetUp);
    assert_all_or_nothing(&stage, stage.register(founder()), taken).await;
}

async fn a_user_whose_invitation_cannot_be_issued_is_not_written<S: TestStore>(stage: Stage<S>) {
    let code = SetupCode { digest: [3; 32], user_id: None, expires_at: stage.now() };
    stage.store.issue_setup_code(&code).await.unwrap();
    let profile =
        NewUserProfile { setup: SetupStep::Issue(code), ..stage.profile(stage.user_id()) };
    assert_all_or_nothing(&stage, stage.register(profile), corrupt).await;
}

async fn a_founder_whose_code_is_refused_is_not_written<S: TestStore>(stage: Stage<S>) {
    let user_id = stage.user_id();
    let setup = SetupStep::Redeem { digest: [4; 32], at: stage.now() };
    let profile = NewUserProfile { is_founder: true, setup, ..stage.profile(user_id) };
    let command = UserCommand::Register { roles: BTreeSet::new(), at: stage.now() };
    let submission =
        Submission { particulars: Some(Particulars::User(profile)), ..stage.by(user_id) };
    let attempt = stage.commands.user(user_id, command, submission);
    let refused = |error: &StoreError| matches!(error, StoreError::SetupCodeRefused);
    assert_all_or_nothing(&stage, attempt, refused).await;
    assert!(!stage.store.has_users().await.unwrap());
}

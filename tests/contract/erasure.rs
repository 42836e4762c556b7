//! Forgetting a user takes every row that tells of them, also what comes late, and nothing of anyone else's.

use api::commands::Commands;
use domain::{UserCommand, UserId};
use projections::sqlite::Sqlite;
use projections::{Erasure, Identity, SetupCode, StoreError};
use rand::seq::SliceRandom;
use tests::Store;
use tests::seed::seeded;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    every_row_that_tells_of_the_user_goes_and_no_other,
    what_comes_late_is_erased_by_the_next_round,
    nothing_is_erased_while_nobody_was,
    where_everyone_was_is_found_out_for_databases_that_are_older,
);

async fn erase<S: TestStore>(stage: &Stage<S>, user_id: UserId, by: UserId) {
    stage.lock(user_id).await;
    let command = UserCommand::Erase { at: stage.now() };
    stage.commands.user(user_id, command, stage.by(by)).await.unwrap();
}

/// Everything that can be known of a user.
async fn describe<S: TestStore>(stage: &Stage<S>, user_id: UserId) {
    let digest: [u8; 32] = *stage.fresh().digest.as_bytes();
    let at = stage.now();
    let code = SetupCode { digest, user_id: Some(user_id), expires_at: stage.now() };
    stage.store.issue_setup_code(&code).await.unwrap();
    let subject = format!("subject-{user_id}");
    let identity = Identity { issuer: "https://id.test".to_owned(), subject };
    assert!(stage.store.link_identity(&code, &identity, at).await.unwrap());
    stage.generate(user_id).await;
    let mut connection = Connection::open(&stage.database).await;
    let read = format!(
        "INSERT INTO audit_reads (read_at, request_id, reader_id, via, address, user_agent, method, route, parameters, status)
         VALUES ('2026-01-01T00:00:00+00:00', 'r', '{user_id}', 'session', '192.0.2.1', 'Lynx', 'GET', '/v1/audit/tokens', '[]', 200)"
    );
    connection.execute(&read).await.unwrap();
    let table = S::STORE.sessions();
    let bytes = match S::STORE {
        Store::Sqlite => format!("CAST('..{user_id}..' AS BLOB)"),
        Store::Postgres => format!("convert_to('..{user_id}..', 'UTF8')"),
    };
    let session = format!(
        "INSERT INTO {table} (id, data, expiry_date) VALUES ('{user_id}', {bytes}, '2027-01-01T00:00:00+00:00')"
    );
    connection.execute(&session).await.unwrap();
    connection.close().await;
}

async fn sessions<S: TestStore>(stage: &Stage<S>) -> Vec<String> {
    let table = S::STORE.sessions();
    let mut connection = Connection::open(&stage.database).await;
    let rows = connection.rows(&format!("SELECT id FROM {table} ORDER BY id")).await;
    rows.into_iter().map(|row| row[0].clone().unwrap()).collect()
}

async fn every_row_that_tells_of_the_user_goes_and_no_other<S: TestStore>(stage: Stage<S>) {
    let (gone, stays) = (stage.user().await, stage.user().await);
    for user in [gone, stays] {
        describe(&stage, user).await;
    }
    let before = stage.ledger().await;
    erase(&stage, gone, stays).await;
    let after = stage.ledger().await;
    after.assert_tables_follow_from_events();
    let (gone, stays) = (gone.to_string(), stays.to_string());
    for (table, column) in
        [("user_profiles", 0), ("identities", 2), ("setup_codes", 1), ("event_context", 6)]
    {
        let whose = |ledger: &tests::Ledger, user: &String| {
            let of = |row: &&tests::sql::Row| row[column].as_ref() == Some(user);
            ledger.rows(table).iter().filter(of).count()
        };
        assert!(whose(&before, &gone) > 0, "{table} told nothing");
        assert_eq!(whose(&after, &gone), 0, "{table} still tells");
        assert!(whose(&after, &stays) >= whose(&before, &stays), "{table} of another");
    }
    let reads: Vec<_> = (after.rows("audit_reads").iter())
        .map(|row| (row[3].clone().unwrap(), row[6].is_some(), row[7].is_some()))
        .collect();
    assert_eq!(reads, [(gone, false, false), (stays.clone(), true, true)]);
    assert_eq!(sessions(&stage).await, [stays]);
    for table in ["token_history", "memberships", "event_log"] {
        assert!(after.rows(table).len() >= before.rows(table).len(), "{table} lost a row");
    }
}

async fn what_comes_late_is_erased_by_the_next_round<S: TestStore>(stage: Stage<S>) {
    let (gone, stays) = (stage.user().await, stage.user().await);
    let (account, late) = (stage.account(stays).await, stage.by(gone));
    erase(&stage, gone, stays).await;
    // A request that was let through before the lock, and is written only now.
    stage
        .try_call(account, stage.assistant(account).await, stage.details(stage.call_id()), late)
        .await
        .unwrap();
    let known = async || {
        let ledger = stage.ledger().await;
        ledger.rows("event_context").iter().filter(|row| row[6] == Some(gone.to_string())).count()
    };
    assert_eq!(known().await, 1);
    assert_eq!(stage.store.forget_late().await.unwrap(), 1);
    assert_eq!(known().await, 0);
    assert_eq!(stage.store.forget_late().await.unwrap(), 0);
    stage.ledger().await.assert_tables_follow_from_events();
    stage.store.scrub_files().await.unwrap();
    stage.store.forget_again(gone).await.unwrap();
}

/// The code for the first user, above all.
async fn nothing_is_erased_while_nobody_was<S: TestStore>(stage: Stage<S>) {
    let code = SetupCode { digest: [7; 32], user_id: None, expires_at: stage.now() };
    stage.store.issue_setup_code(&code).await.unwrap();
    stage.user().await;
    let before = stage.ledger().await.tables;
    assert_eq!(stage.store.forget_late().await.unwrap(), 0);
    assert_eq!(stage.ledger().await.tables, before);
}

/// The migration's own words, on rows as they were before it.
async fn where_everyone_was_is_found_out_for_databases_that_are_older<S: TestStore>(
    stage: Stage<S>,
) {
    let user = stage.user().await;
    stage.generate(user).await;
    let before = stage.ledger().await;
    let text = &crate::schema::migrations(S::STORE)["0011_use.sql"];
    let (_, rest) = text.split_once("UPDATE event_context").unwrap();
    let update = format!("UPDATE event_context{}", rest.split(';').next().unwrap());
    let mut connection = Connection::open(&stage.database).await;
    connection.execute("UPDATE event_context SET user_id = NULL").await.unwrap();
    assert_ne!(stage.ledger().await.tables, before.tables);
    connection.execute(&update).await.unwrap();
    connection.close().await;
    assert_eq!(stage.ledger().await.tables, before.tables);
}

/// Rows move within a table as others come and go, and leave copies of themselves in free space. Names are
/// looked for in the whole file.
#[tokio::test]
async fn nothing_is_left_in_a_file_whose_rows_have_moved() -> Result<(), StoreError> {
    let stage = Stage::<Sqlite>::new().await;
    let mut chance = seeded("nothing_is_left_in_a_file_whose_rows_have_moved");
    let by = stage.user().await;
    let mut users = Vec::new();
    for number in 0..400_u32 {
        let mut profile = stage.profile(stage.user_id());
        // In no order, and of all lengths.
        let (hash, length) = (number.wrapping_mul(2_654_435_761), number as usize % 60);
        profile.email = format!("{hash:08x}-unmistakable{number}.@example.test");
        profile.name = format!("Unmistakable{number}. {}", "n".repeat(length));
        users.push((number, profile.user_id));
        stage.register(profile).await.unwrap();
    }
    users.shuffle(&mut chance);
    let gone = &users[..150];
    for (_, user_id) in gone {
        erase(&stage, *user_id, by).await;
    }
    stage.store.scrub_files().await?;
    let file = stage.database.sqlite_file();
    let suffixed = |suffix: &str| format!("{}{suffix}", file.display());
    assert_eq!(std::fs::metadata(suffixed("-wal")).unwrap().len(), 0);
    let bytes = [std::fs::read(&file).unwrap(), std::fs::read(suffixed("-shm")).unwrap()].concat();
    let text = String::from_utf8_lossy(&bytes).to_lowercase();
    let (mut kept, mut left) = (0, Vec::<u32>::new());
    for (number, user_id) in &users {
        let is_there = text.contains(&format!("unmistakable{number}."));
        if gone.contains(&(*number, *user_id)) {
            left.extend(is_there.then_some(*number));
        } else {
            kept += u32::from(is_there);
        }
    }
    assert_eq!((kept, left.len()), (250, 0), "{left:?} are still in the file");
    Ok(())
}

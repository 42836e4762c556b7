//! The log: every event gets its place, once and in order, whoever writes and whoever numbers; and proofs
//! about it hold.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::log::proof::{TreeHead, is_consistent, is_included};
use domain::log::{Origin, TreeHash};
use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use projections::{EventKey, EventStore, KeptCheckpoint, Numbering, StoreError, Turn};
use tests::Ledger;
use tests::ledger::log::root;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, bytes, contract_tests, refusal};

contract_tests!(
    numbered_events_follow_from_the_events,
    proofs_about_a_log_of_some_size_hold,
    there_are_no_proofs_about_what_never_was,
    events_are_listed_in_the_order_of_their_positions,
    an_event_is_found_by_its_key_and_by_the_token_it_made,
    a_checkpoint_is_kept_once,
    an_event_that_cannot_become_a_leaf_is_not_written,
    a_log_whose_head_was_moved_takes_no_event,
    every_event_is_counted,
);

/// Numbers everything that waits.
pub(crate) async fn number_all<S: TestStore>(store: &S) -> u64 {
    let mut sum = 0;
    loop {
        match store.number_batch(Turn::Await).await.unwrap() {
            Numbering::OthersTurn => panic!("nobody waits for a turn that is awaited"),
            Numbering::Done { count, more, .. } => {
                sum += count;
                if !more {
                    return sum;
                }
            }
        }
    }
}

/// So many events of one user's token, and one more of the user.
async fn events<S: TestStore>(stage: &Stage<S>, count: usize) -> domain::UserId {
    let alice = stage.user().await;
    for _ in 1..count {
        stage.generate(alice).await;
    }
    alice
}

async fn numbered_events_follow_from_the_events<S: TestStore>(stage: Stage<S>) {
    for round in 0..4 {
        events(&stage, 3 + round).await;
        stage.ledger().await.assert_tables_follow_from_events();
        number_all(&stage.store).await;
        let ledger = stage.ledger().await;
        ledger.assert_tables_follow_from_events();
        assert_eq!(ledger.rows("log_queue").len(), 0);
        assert_eq!(ledger.rows("event_log").len(), ledger.events.len());
    }
}

fn leaves(ledger: &Ledger) -> Vec<[u8; 32]> {
    let leaf = |row: &tests::sql::Row| {
        let mut leaf = [0; 32];
        hex::decode_to_slice(row[4].as_ref().unwrap(), &mut leaf).unwrap();
        leaf
    };
    ledger.rows("event_log").iter().map(leaf).collect()
}

fn head(leaves: &[[u8; 32]], size: u64) -> TreeHead {
    let leaves = &leaves[..usize::try_from(size).unwrap()];
    TreeHead { size, root: TreeHash::new(root(leaves)) }
}

/// Past the first stored node, which is at 256 events.
async fn proofs_about_a_log_of_some_size_hold<S: TestStore>(stage: Stage<S>) {
    events(&stage, 300).await;
    number_all(&stage.store).await;
    let leaves = leaves(&stage.ledger().await);
    assert_eq!(leaves.len(), 300);
    let store = &stage.store;
    assert_eq!(store.find_log_head().await.unwrap(), head(&leaves, 300));
    for size in [1, 2, 3, 17, 255, 256, 257, 299, 300] {
        let now = head(&leaves, size);
        for index in [0, 1, size / 2, size - 1] {
            let proof = store.prove_inclusion(index, size).await.unwrap();
            let Some(proof) = proof else {
                assert_eq!(size, 1);
                continue;
            };
            assert_eq!(proof.head, now);
            let leaf = TreeHash::new(leaves[usize::try_from(index).unwrap()]);
            assert!(is_included(leaf, index, size, &proof.hashes, now.root), "{index} in {size}");
        }
        for old in [1, 2, size / 2, size - 1, size] {
            let Some(proof) = store.prove_consistency(old, size).await.unwrap() else {
                assert!(old == 0 || old > size);
                continue;
            };
            assert_eq!(proof.head, now);
            assert!(is_consistent(head(&leaves, old), now, &proof.hashes), "{old} to {size}");
        }
    }
}

async fn there_are_no_proofs_about_what_never_was<S: TestStore>(stage: Stage<S>) {
    let store = &stage.store;
    let empty = TreeHead { size: 0, root: TreeHash::empty() };
    assert_eq!(store.find_log_head().await.unwrap(), empty);
    assert_eq!(store.prove_inclusion(0, 0).await.unwrap(), None);
    events(&stage, 4).await;
    number_all(store).await;
    for (index, size) in [(0, 5), (4, 4), (5, 5), (0, u64::MAX / 4)] {
        assert_eq!(store.prove_inclusion(index, size).await.unwrap(), None, "{index} in {size}");
    }
    for (old, new) in [(0, 4), (4, 3), (4, 5), (5, 5)] {
        assert_eq!(store.prove_consistency(old, new).await.unwrap(), None, "{old} to {new}");
    }
}

async fn events_are_listed_in_the_order_of_their_positions<S: TestStore>(stage: Stage<S>) {
    let origin: Origin = "log".parse().unwrap();
    events(&stage, 7).await;
    number_all(&stage.store).await;
    let (mut listed, mut after) = (Vec::new(), 0);
    loop {
        let page = stage.store.list_log_events(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = last.position;
        listed.extend(page);
    }
    assert!((1..=7).eq(listed.iter().map(|event| event.position)));
    let ledger = stage.ledger().await;
    for event in &listed {
        let key = &event.key;
        let stored = ledger.events_of(&key.aggregate_type, &key.aggregate_id);
        let stored = stored.iter().find(|stored| stored.sequence == key.sequence).unwrap();
        assert_eq!((&event.payload, &event.metadata), (&stored.payload, &stored.metadata));
        assert_eq!(event.event_type, stored.event_type);
        let line = event.line(&origin).unwrap();
        let examined = domain::log::Examined::of(format!("{line}\n").as_bytes(), &origin);
        let (position, leaf) = (event.position, event.leaf);
        assert_eq!(examined, domain::log::Examined::Whole { position, leaf });
    }
}

async fn an_event_is_found_by_its_key_and_by_the_token_it_made<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let tokens = [stage.generate(alice).await, stage.generate(alice).await];
    stage.revoke(alice).await;
    number_all(&stage.store).await;
    for (sequence, token) in (1..).zip(tokens) {
        let key = stage.store.find_issue(token.id).await.unwrap().unwrap();
        assert_eq!((&*key.aggregate_type, &key.aggregate_id), ("token", &alice.to_string()));
        assert_eq!(key.sequence, sequence);
        let position = stage.store.find_position(&key).await.unwrap();
        assert_eq!(position, Some(u64::try_from(sequence).unwrap() + 1));
    }
    assert_eq!(stage.store.find_issue(stage.fresh().id).await.unwrap(), None);
    let missing = EventKey {
        aggregate_type: "token".to_owned(),
        aggregate_id: alice.to_string(),
        sequence: 4,
    };
    assert_eq!(stage.store.find_position(&missing).await.unwrap(), None);
}

async fn a_checkpoint_is_kept_once<S: TestStore>(stage: Stage<S>) {
    events(&stage, 3).await;
    number_all(&stage.store).await;
    let leaves = leaves(&stage.ledger().await);
    let made = |size, key: &str, note: &str| KeptCheckpoint {
        head: head(&leaves, size),
        verifier_key: key.to_owned(),
        note: note.to_owned(),
        made_at: stage.now(),
    };
    let store = &stage.store;
    assert_eq!(store.find_latest_checkpoint(None).await.unwrap(), None);
    let (first, second) = (made(2, "one", "a"), made(3, "two", "b"));
    for checkpoint in [&first, &second, &made(2, "one", "c")] {
        store.keep_checkpoint(checkpoint).await.unwrap();
    }
    assert_eq!(store.find_latest_checkpoint(None).await.unwrap(), Some(second.clone()));
    assert_eq!(store.find_latest_checkpoint(Some("one")).await.unwrap(), Some(first.clone()));
    assert_eq!(store.find_latest_checkpoint(Some("three")).await.unwrap(), None);
    assert_eq!(store.find_checkpoint(2).await.unwrap(), Some(first));
    assert_eq!(store.find_checkpoint(3).await.unwrap(), Some(second));
    assert_eq!(store.find_checkpoint(1).await.unwrap(), None);
    stage.ledger().await.assert_tables_follow_from_events();
}

/// Nobody writes such an event. It would stop the log for good.
async fn an_event_that_cannot_become_a_leaf_is_not_written<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    let before = stage.ledger().await;
    let mut event = cqrs_es::persist::SerializedEvent::new(
        alice.to_string(),
        2,
        "user".to_owned(),
        "UserLocked".to_owned(),
        "1".to_owned(),
        serde_json::json!({ "UserLocked": { "at": "2026-01-01T00:00:00Z", "weight": 0.5 } }),
        serde_json::json!(stage.by(alice).metadata()),
    );
    let append =
        async |event: &_| stage.store.append(std::slice::from_ref(event), &stage.by(alice)).await;
    let outcome = append(&event).await;
    assert!(outcome.is_err(), "{outcome:?}");
    assert_eq!(stage.ledger().await.tables, before.tables);
    event.payload["UserLocked"].as_object_mut().unwrap().remove("weight");
    append(&event).await.unwrap();
}

async fn a_log_whose_head_was_moved_takes_no_event<S: TestStore>(stage: Stage<S>) {
    let alice = events(&stage, 3).await;
    number_all(&stage.store).await;
    let mut connection = Connection::open(&stage.database).await;
    let frontier = bytes(S::STORE, &"ab".repeat(32));
    let moved = format!("UPDATE log_head SET size = 2, frontier = {frontier}");
    connection.execute(&moved).await.unwrap();
    let outcome = stage.try_generate(alice, &stage.fresh()).await;
    let error = match S::STORE {
        tests::Store::Sqlite => refusal(outcome),
        tests::Store::Postgres => {
            outcome.unwrap();
            stage.store.number_batch(Turn::Await).await.unwrap_err()
        }
    };
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    assert_eq!(stage.ledger().await.rows("event_log").len(), 3);
}

async fn every_event_is_counted<S: TestStore>(stage: Stage<S>) {
    events(&stage, 5).await;
    let count = stage.store.count_log().await.unwrap();
    assert_eq!((count.events, count.numbered + count.waiting), (5, 5));
    number_all(&stage.store).await;
    let count = stage.store.count_log().await.unwrap();
    assert_eq!((count.events, count.numbered, count.waiting), (5, 5, 0));
}

#[tokio::test]
async fn on_sqlite_an_event_has_its_position_when_it_is_there() {
    let stage = Stage::<Sqlite>::new().await;
    events(&stage, 5).await;
    let ledger = stage.ledger().await;
    assert_eq!((ledger.rows("log_queue").len(), ledger.rows("event_log").len()), (0, 5));
    let nothing = Numbering::Done { count: 0, more: false, oldest: None };
    assert_eq!(stage.store.number_batch(Turn::Try).await.unwrap(), nothing);
}

/// What a version without a log left: more than a batch of events, all in the queue.
const BEFORE_THE_LOG: &str = "
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
WITH RECURSIVE old (number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM old WHERE number < 1099)
SELECT 'token', 'old-' || (number / 3), number % 3 + 1, 'Happened', '1', '{\"Happened\": {\"n\": ' || number || '}}', '{}'
FROM old;
INSERT INTO log_queue (aggregate_type, aggregate_id, sequence)
SELECT aggregate_type, aggregate_id, sequence FROM events ORDER BY sequence, aggregate_id";

#[tokio::test]
async fn events_that_are_older_than_the_log_get_their_places_at_the_start() {
    let stage = Stage::<Sqlite>::new().await;
    let mut connection = Connection::open(&stage.database).await;
    connection.execute(BEFORE_THE_LOG).await.unwrap();
    let before = stage.ledger().await;
    before.assert_log_holds_every_event();
    assert_eq!(before.rows("log_queue").len(), 1_100);
    stage.store.migrate().await.unwrap();
    let after = stage.ledger().await;
    after.assert_log_holds_every_event();
    let keys = |table: &str, first| -> Vec<_> {
        let ledger = if table == "event_log" { &after } else { &before };
        ledger.rows(table).iter().map(|row| row[first..first + 3].to_vec()).collect()
    };
    assert_eq!(keys("event_log", 1), keys("log_queue", 1), "in the order of the queue");
}

#[tokio::test]
async fn a_node_does_not_wait_for_the_turn_of_another_unless_it_means_to() {
    let stage = Stage::<Postgres>::new().await;
    events(&stage, 3).await;
    let mut other = Connection::open(&stage.database).await;
    other.execute("BEGIN; SELECT FROM log_head FOR UPDATE").await.unwrap();
    assert_eq!(stage.store.number_batch(Turn::Try).await.unwrap(), Numbering::OthersTurn);
    let store = stage.store.clone();
    let awaiting = tokio::spawn(async move { store.number_batch(Turn::Await).await });
    let mut observer = Connection::open(&stage.database).await;
    while observer.value("SELECT count(*)::text FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()").await == "0" {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    other.execute("ROLLBACK").await.unwrap();
    let done = awaiting.await.unwrap().unwrap();
    assert!(matches!(done, Numbering::Done { count: 3, more: false, oldest: Some(_) }), "{done:?}");
    assert_eq!(number_all(&stage.store).await, 0);
}

#[tokio::test]
async fn an_event_that_is_missing_stops_the_numbering_until_it_is_back() {
    let stage = Stage::<Postgres>::new().await;
    let alice = events(&stage, 3).await;
    let mut connection = Connection::open(&stage.database).await;
    let hide = |from: &str, to: &str| {
        format!(
            "ALTER TABLE events DISABLE TRIGGER events_append_only;
             UPDATE events SET aggregate_id = '{to}' WHERE aggregate_id = '{from}' AND aggregate_type = 'token' AND sequence = 2;
             ALTER TABLE events ENABLE TRIGGER events_append_only"
        )
    };
    connection.execute(&hide(&alice.to_string(), "hidden")).await.unwrap();
    let error = stage.store.number_batch(Turn::Try).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    assert_eq!(stage.ledger().await.rows("event_log").len(), 0);
    connection.execute(&hide("hidden", &alice.to_string())).await.unwrap();
    assert_eq!(number_all(&stage.store).await, 3);
    stage.ledger().await.assert_tables_follow_from_events();
}

const WRITERS: usize = 16;
const EACH: usize = 60;

/// Two sequencers on connections of their own, without a pause, until they are told to stop.
#[tokio::test]
async fn two_sequencers_racing_against_sixteen_writers_number_every_event_once_and_in_order() {
    let stage = Arc::new(Stage::<Postgres>::new().await);
    let mut users = Vec::new();
    for _ in 0..WRITERS {
        users.push(stage.user().await);
    }
    let done = Arc::new(AtomicBool::new(false));
    let mut sequencers = tokio::task::JoinSet::new();
    for _ in 0..2 {
        let url = stage.database.url().unwrap().to_owned();
        let done = done.clone();
        sequencers.spawn(async move {
            let store = Postgres::open(&url).await.unwrap();
            let (mut numbered, mut batches, mut refused) = (0, 0, 0);
            while !done.load(Ordering::Relaxed) {
                match store.number_batch(Turn::Try).await.unwrap() {
                    Numbering::OthersTurn => refused += 1,
                    Numbering::Done { count, .. } => {
                        numbered += count;
                        batches += u64::from(count > 0);
                    }
                }
            }
            store.close().await;
            (numbered, batches, refused)
        });
    }
    let mut writers = tokio::task::JoinSet::new();
    for user in users {
        let stage = stage.clone();
        writers.spawn(async move {
            for _ in 0..EACH {
                stage.generate(user).await;
            }
        });
    }
    writers.join_all().await;
    done.store(true, Ordering::Relaxed);
    let shares = sequencers.join_all().await;
    number_all(&stage.store).await;
    println!("numbered, batches, not their turn: {shares:?}");
    let ledger = stage.ledger().await;
    assert_eq!(ledger.rows("event_log").len(), WRITERS * (EACH + 1));
    ledger.assert_tables_follow_from_events();
    assert!(
        shares.iter().all(|(numbered, ..)| *numbered > 0),
        "one of them did nothing: {shares:?}"
    );
}

/// A sequencer is dropped wherever it is, again and again, as a crash would leave it.
#[tokio::test]
async fn a_sequencer_that_dies_in_the_middle_leaves_nothing_half_done() {
    let stage = Arc::new(Stage::<Postgres>::new().await);
    let alice = stage.user().await;
    let writer = {
        let stage = stage.clone();
        tokio::spawn(async move {
            for _ in 0..200 {
                stage.generate(alice).await;
            }
        })
    };
    let mut interrupted = 0;
    // From at once to well after a batch should be through, in steps that hit every place in between.
    let delays = (0..9_000).step_by(170).cycle().map(Duration::from_micros);
    for delay in delays.take_while(|_| !writer.is_finished()) {
        let batch = stage.store.number_batch(Turn::Try);
        interrupted += u32::from(tokio::time::timeout(delay, batch).await.is_err());
    }
    writer.await.unwrap();
    number_all(&stage.store).await;
    println!("{interrupted} batches were interrupted");
    assert!(interrupted > 10, "hardly any was interrupted: {interrupted}");
    let ledger = stage.ledger().await;
    assert_eq!(ledger.rows("event_log").len(), 201);
    ledger.assert_tables_follow_from_events();
}

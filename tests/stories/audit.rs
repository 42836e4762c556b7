//! An auditor gets what the log is, signed, and proofs about it; and checks them without the service.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use domain::log::note::notes;
use domain::log::proof::{TreeHead, is_consistent, is_included};
use domain::log::{Checkpoint, TreeHash, VerifierKey};
use http::StatusCode;
use serde_json::Value;
use tests::binary::{self, finish};
use tests::reaper::Scratch;
use tests::{
    Answer, Client, Database, Ledger, Server, Settings, Store, TestApp, on_both_stores, until,
};

on_both_stores!(
    a_fresh_checkpoint_covers_everything_acknowledged_before,
    the_latest_checkpoint_is_shown_until_another_is_made,
    an_event_is_proved_to_be_in_the_log,
    a_log_is_proved_to_have_only_grown,
    proofs_of_what_never_was_are_refused,
    only_auditors_are_shown_the_log,
    checkpoints_are_made_on_schedule_when_something_came,
    the_log_goes_on_under_its_key_after_a_restart,
    a_stop_in_good_order_leaves_nothing_uncovered,
);

/// What the log's signatures are checked with.
pub(crate) async fn key(client: &Client) -> VerifierKey {
    let answer = client.get("/v1/audit/key").send().await.assert_status(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    answer.text().trim_end().parse().unwrap()
}

async fn checkpoint(client: &Client, target: &str) -> Checkpoint {
    let answer = client.get(target).send().await.assert_status(200);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    Checkpoint::open(&answer.text(), &[key(client).await]).unwrap()
}

/// A checkpoint of everything so far.
pub(crate) async fn fresh(client: &Client) -> Checkpoint {
    checkpoint(client, "/v1/audit/checkpoint?fresh=true").await
}

pub(crate) async fn a_fresh_checkpoint_covers_everything_acknowledged_before(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = app.user("alice").await;
    let mut last = 0;
    for _ in 0..5 {
        alice.generate_token().await;
        let now = fresh(&audrey).await;
        assert_eq!(now.origin.as_str(), "127.0.0.1", "the host of the address");
        let ledger = Ledger::read(app.database()).await;
        assert_eq!(now.head.size, u64::try_from(ledger.events.len()).unwrap());
        assert_eq!(ledger.rows("log_queue").len(), 0);
        ledger.assert_tables_follow_from_events();
        assert!(now.head.size > last);
        last = now.head.size;
        assert_eq!(fresh(&audrey).await, now, "nothing came");
    }
}

pub(crate) async fn the_latest_checkpoint_is_shown_until_another_is_made(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let now = fresh(&audrey).await;
    app.user("alice").await.generate_token().await;
    assert_eq!(checkpoint(&audrey, "/v1/audit/checkpoint").await, now);
    assert_eq!(checkpoint(&audrey, "/v1/audit/checkpoint?fresh=false").await, now);
    let later = fresh(&audrey).await;
    assert_ne!(later, now);
    assert_eq!(checkpoint(&audrey, "/v1/audit/checkpoint").await, later);
    for one in [&now, &later] {
        let target = format!("/v1/audit/checkpoint?size={}", one.head.size);
        assert_eq!(checkpoint(&audrey, &target).await, *one);
    }
    let target = format!("/v1/audit/checkpoint?size={}", now.head.size + 1);
    assert!(now.head.size + 1 < later.head.size);
    audrey.get(&target).send().await.assert_not_found();
    for bad in [
        "fresh=1",
        "fresh=",
        "fresh",
        "old=true",
        "fresh=true&fresh=true",
        "size=0",
        "size=-1",
        "size=one",
        "size=1&fresh=true",
    ] {
        let answer = audrey.get(&format!("/v1/audit/checkpoint?{bad}")).send().await;
        answer.assert_validation_error();
    }
}

fn hash(value: &Value) -> TreeHash {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{value}"))
}

fn hashes(answer: &Answer) -> Vec<TreeHash> {
    answer.json()["proof"].as_array().unwrap().iter().map(hash).collect()
}

/// Checks it as an auditor does, who trusts the key and nothing else.
async fn assert_proved(client: &Client, answer: Answer) -> Value {
    let answer = answer.assert_status(200).assert_fields(&[
        "position",
        "leafIndex",
        "treeSize",
        "leafHash",
        "rootHash",
        "proof",
        "event",
        "checkpoint",
    ]);
    let body = answer.json();
    let note = body["checkpoint"].as_str().expect("a checkpoint of that size");
    let Checkpoint { head, origin } = Checkpoint::open(note, &[key(client).await]).unwrap();
    assert_eq!(body["treeSize"], head.size);
    assert_eq!(hash(&body["rootHash"]), head.root);
    // The leaf is that of the event that is shown.
    let text = answer.text();
    let start = text.find("\"event\":").unwrap() + "\"event\":".len();
    let end = text.rfind(",\"checkpoint\":").unwrap();
    let line = format!("{}\n", &text[start..end]);
    let index = body["leafIndex"].as_u64().unwrap();
    let (position, leaf) = (index + 1, hash(&body["leafHash"]));
    assert_eq!(body["position"], position);
    let examined = domain::log::Examined::of(line.as_bytes(), &origin);
    assert_eq!(examined, domain::log::Examined::Whole { position, leaf });
    assert!(is_included(leaf, index, head.size, &hashes(&answer), head.root), "{answer:?}");
    body["event"].clone()
}

pub(crate) async fn an_event_is_proved_to_be_in_the_log(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = app.user("alice").await;
    let first = alice.post("/v1/user/api-token").send().await.string("tokenId");
    let second = alice.post("/v1/user/api-token").send().await.string("tokenId");
    alice.revoke_token().await;

    // Nothing has been signed yet that covers it.
    for (token, kind) in [(&first, "TokenGenerated"), (&second, "TokenRegenerated")] {
        let target = format!("/v1/audit/proofs/inclusion?tokenId={token}");
        let event = assert_proved(&audrey, audrey.get(&target).send().await).await;
        assert_eq!(event["data"]["eventType"], kind);
        assert_eq!(event["data"]["payload"][kind]["token_id"], **token);
        assert_eq!(event["subject"], format!("token/{}", alice.id));
    }
    let size = fresh(&audrey).await.head.size;
    for position in 1..=size {
        let target = format!("/v1/audit/proofs/inclusion?position={position}");
        let event = assert_proved(&audrey, audrey.get(&target).send().await).await;
        assert_eq!(event["position"], position);
        let target = format!("{target}&size={size}");
        assert_eq!(assert_proved(&audrey, audrey.get(&target).send().await).await, event);
    }
    // Of this size there is no checkpoint, and the proof holds against a root from elsewhere.
    let target = format!("/v1/audit/proofs/inclusion?position=1&size={}", size - 1);
    let answer = audrey.get(&target).send().await.assert_status(200);
    let body = answer.json();
    assert_eq!((&body["checkpoint"], &body["treeSize"]), (&Value::Null, &(size - 1).into()));
    let (leaf, root) = (hash(&body["leafHash"]), hash(&body["rootHash"]));
    assert!(is_included(leaf, 0, size - 1, &hashes(&answer), root));
}

pub(crate) async fn a_log_is_proved_to_have_only_grown(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = app.user("alice").await;
    let mut kept = vec![fresh(&audrey).await.head];
    for _ in 0..4 {
        alice.generate_token().await;
        kept.push(fresh(&audrey).await.head);
    }
    let latest = *kept.last().unwrap();
    for old in &kept {
        let target = format!("/v1/audit/proofs/consistency?from={}", old.size);
        let answer = audrey.get(&target).send().await.assert_status(200);
        let answer = answer.assert_fields(&["from", "to", "rootHash", "proof", "checkpoint"]);
        assert_eq!(hash(&answer.json()["rootHash"]), latest.root);
        assert!(is_consistent(*old, latest, &hashes(&answer)), "{answer:?}");
        for new in kept.iter().filter(|new| new.size >= old.size) {
            let answer = audrey.get(&format!("{target}&to={}", new.size)).send().await;
            let answer = answer.assert_status(200);
            assert!(is_consistent(*old, *new, &hashes(&answer)), "{answer:?}");
            let note = answer.string("checkpoint");
            assert_eq!(Checkpoint::open(&note, &[key(&audrey).await]).unwrap().head, *new);
            let other = TreeHead { root: TreeHash::empty(), ..*old };
            assert!(!is_consistent(other, *new, &hashes(&answer)));
        }
    }
}

pub(crate) async fn proofs_of_what_never_was_are_refused(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let size = fresh(&audrey).await.head.size;
    let token = "00000000-0000-4000-8000-000000000000";
    let ask = async |target: String| audrey.get(&format!("/v1/audit/proofs/{target}")).send().await;
    ask(format!("inclusion?position={}", size + 1)).await.assert_not_found();
    ask(format!("inclusion?position={}", u64::MAX)).await.assert_validation_error();
    ask(format!("inclusion?tokenId={token}")).await.assert_not_found();
    for bad in [
        "inclusion".to_owned(),
        "inclusion?position=0".to_owned(),
        "inclusion?position=-1".to_owned(),
        "inclusion?position=one".to_owned(),
        "inclusion?tokenId=one".to_owned(),
        format!("inclusion?position=1&tokenId={token}"),
        "inclusion?position=1&size=0".to_owned(),
        format!("inclusion?position=1&size={}", size + 1),
        format!("inclusion?position=1&size={}", u64::MAX),
        format!("inclusion?position={size}&size={}", size - 1),
        "inclusion?position=1&limit=1".to_owned(),
        "consistency".to_owned(),
        "consistency?from=0".to_owned(),
        format!("consistency?from={}", size + 1),
        format!("consistency?from={}", u64::MAX),
        format!("consistency?from={size}&to={}", size - 1),
        format!("consistency?from=1&to={}", size + 1),
        "consistency?from=1&to=0".to_owned(),
        "consistency?to=1".to_owned(),
    ] {
        ask(bad).await.assert_validation_error();
    }
}

pub(crate) async fn only_auditors_are_shown_the_log(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let token = app.with_token(&audrey.generate_token().await);
    let alice = app.user("alice").await;
    let size = fresh(&audrey).await.head.size;
    for target in [
        "/v1/audit/checkpoint",
        "/v1/audit/checkpoint?fresh=true",
        &format!("/v1/audit/checkpoint?size={size}"),
        "/v1/audit/events",
        "/v1/audit/export",
        "/v1/audit/export?format=csv",
        "/v1/audit/export?format=ocsf",
        "/v1/audit/key",
        "/v1/audit/proofs/inclusion?position=1",
        "/v1/audit/proofs/consistency?from=1",
    ] {
        let by_session: &Client = &audrey;
        for client in [by_session, &token] {
            let answer = client.get(target).send().await.assert_status(200);
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
        app.admin().get(target).send().await.assert_forbidden();
        alice.get(target).send().await.assert_forbidden();
        app.anonymous().get(target).send().await.assert_no_credential();
        app.with_token("nonsense").get(target).send().await.assert_invalid_api_token();
    }
}

pub(crate) async fn checkpoints_are_made_on_schedule_when_something_came(store: Store) {
    let folder = Scratch::new("checkpoints");
    let file: PathBuf = folder.path().join("notes");
    let settings = Settings::new()
        .flag("--checkpoint-seconds", "1")
        .flag("--checkpoint-file", file.to_str().unwrap())
        .flag("--log-origin", "tokens.example.com/log");
    let mut app = TestApp::with(Database::new(store).await, settings).await;
    let audrey = app.auditor().await;
    let key = key(&audrey).await;
    let alice = app.user("alice").await;
    for _ in 0..2 {
        alice.generate_token().await;
        let size = Ledger::read(app.database()).await.events.len();
        let is_made = async || {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            let last = notes(&text).pop().map(str::to_owned);
            last.is_some_and(|last| {
                let last = Checkpoint::open(&last, std::slice::from_ref(&key)).unwrap();
                last.head.size == u64::try_from(size).unwrap()
            })
        };
        until("no checkpoint is made", Duration::from_secs(30), is_made).await;
    }
    // Two periods in which nothing comes.
    let before = Ledger::read(app.database()).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    let after = Ledger::read(app.database()).await;
    assert_eq!(after.rows("log_checkpoints"), before.rows("log_checkpoints"));
    after.assert_tables_follow_from_events();

    // In the file, in the database and in the log stream there are the same.
    let text = std::fs::read_to_string(&file).unwrap();
    let in_file = notes(&text);
    let in_database: Vec<_> =
        after.rows("log_checkpoints").iter().map(|row| row[3].clone().unwrap()).collect();
    assert_eq!(in_file, in_database);
    assert!(in_file.iter().all(|note| note.starts_with("tokens.example.com/log\n")));
    let said = app.stop().await.stderr;
    let logged: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for note in &in_file {
        let lines = logged.iter().filter(|line| line["fields"]["note"] == **note);
        assert_eq!(lines.count(), 1, "{note} in {said}");
    }
}

pub(crate) async fn the_log_goes_on_under_its_key_after_a_restart(store: Store) {
    let mut app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let (key_before, before) = (key(&audrey).await, fresh(&audrey).await);
    let file = app.database().data_directory().join("symbolon-log.key");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    app.kill();
    app.start().await;
    assert_eq!(key(&audrey).await, key_before);
    app.user("alice").await.generate_token().await;
    let after = fresh(&audrey).await;
    let target = format!("/v1/audit/proofs/consistency?from={}", before.head.size);
    let proof = hashes(&audrey.get(&target).send().await.assert_status(200));
    assert!(is_consistent(before.head, after.head, &proof));
    let secret = std::fs::read_to_string(&file).unwrap();
    let said = app.stop().await;
    assert!(!said.stderr.contains(secret.trim()) && !said.stdout.contains(secret.trim()));
}

pub(crate) async fn a_stop_in_good_order_leaves_nothing_uncovered(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    for _ in 0..5 {
        alice.generate_token().await;
    }
    app.stop().await;
    let ledger = Ledger::read(app.database()).await;
    ledger.assert_tables_follow_from_events();
    let last = ledger.rows("log_checkpoints").last().unwrap();
    assert_eq!(last[0], Some(ledger.events.len().to_string()));
}

fn run(arguments: &[&str]) -> tests::server::Ended {
    let mut command = binary::command();
    command.args(arguments);
    finish(command, "")
}

#[tokio::test]
async fn a_key_that_the_operator_made_is_used_by_every_node() {
    let folder = Scratch::new("key");
    let file = folder.path().join("log.key");
    let file = file.to_str().unwrap();
    let ended = run(&["audit", "make-key", file, "--log-origin", "tokens.example.com"]);
    assert!(ended.status.success(), "{ended:?}");
    let again = run(&["audit", "make-key", file, "--log-origin", "tokens.example.com"]);
    assert!(!again.status.success() && again.stderr.contains("there already"), "{again:?}");

    let database = Database::new(Store::Postgres).await;
    let second = Database::at(database.url().unwrap().to_owned());
    let settings = Settings::new().flag("--log-key-file", file);
    let app = TestApp::with(database, settings.clone()).await;
    let audrey = app.auditor().await;
    let key = key(&audrey).await;
    assert_eq!(key.name().as_str(), "tokens.example.com");
    let other = Server::start(&second, &settings).await;
    let token = audrey.generate_token().await;
    let there = Client::at(other.address()).with_token(&token);
    assert_eq!(self::key(&there).await, key);
    assert_eq!(fresh(&there).await, fresh(&audrey).await);
    assert!(!second.data_directory().join("symbolon-log.key").exists());
}

#[tokio::test]
async fn a_key_that_cannot_be_used_is_a_reason_not_to_start() {
    let folder = Scratch::new("key");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, public, missing) = (path("good"), path("public"), path("missing"));
    run(&["audit", "make-key", &good, "--log-origin", "one"]);
    std::fs::write(&public, "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
        .unwrap();
    let key_file = |file: &str| Settings::new().flag("--log-key-file", file);
    for (settings, says) in [
        (key_file(&missing), "make-key"),
        (key_file(&public), "no signing key"),
        (key_file(&good).flag("--log-origin", "two"), "--log-origin one"),
        (Settings::new().flag("--log-origin", "a b"), "log_origin"),
        (Settings::new().flag("--checkpoint-seconds", "0"), "checkpoint_seconds"),
    ] {
        let database = Database::new(Store::Sqlite).await;
        let ended = Server::try_start(&database, &settings).await.expect_err(says);
        assert!(ended.stderr.contains(says), "{}", ended.stderr);
    }
    let database = Database::new(Store::Sqlite).await;
    Server::start(&database, &key_file(&good).flag("--log-origin", "one")).await;
}

#[tokio::test]
async fn the_doctor_shows_the_public_key_and_warns_of_a_key_that_others_can_read() {
    let app = TestApp::new(Store::Sqlite).await;
    let audrey = app.auditor().await;
    let key = key(&audrey).await;
    let arguments = app.database().arguments();
    let doctor = || {
        let mut command = binary::command();
        command.arg("doctor").args(&arguments);
        finish(command, "")
    };
    let ended = doctor();
    assert!(ended.status.success() && ended.stdout.contains(&key.to_string()), "{ended:?}");
    let file = app.database().data_directory().join("symbolon-log.key");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    let ended = doctor();
    assert!(!ended.status.success() && ended.stdout.contains("chmod 600"), "{ended:?}");
    let secret = std::fs::read_to_string(&file).unwrap();
    assert!(!ended.stdout.contains(secret.trim()));
}

#[tokio::test]
async fn the_doctor_says_when_events_went_around_the_log() {
    let mut app = TestApp::new(Store::Sqlite).await;
    app.user("alice").await.generate_token().await;
    app.stop().await;
    let arguments = app.database().arguments();
    let doctor = || {
        let mut command = binary::command();
        command.arg("doctor").args(&arguments);
        finish(command, "")
    };
    let ended = doctor();
    assert!(ended.status.success() && ended.stdout.contains("0 more wait"), "{ended:?}");
    let mut connection = tests::sql::Connection::open(app.database()).await;
    let forged = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
                  SELECT aggregate_type, 'forged', sequence, event_type, event_version, payload, metadata FROM events LIMIT 1";
    connection.execute(forged).await.unwrap();
    connection.close().await;
    let ended = doctor();
    assert!(!ended.status.success() && ended.stdout.contains("around this service"), "{ended:?}");
}

/// What cannot be signed any more is not answered as if it were.
#[tokio::test]
async fn a_history_that_was_changed_underneath_is_not_signed() {
    let mut app = TestApp::new(Store::Postgres).await;
    let audrey = app.auditor().await;
    let before = fresh(&audrey).await;
    let mut connection = tests::sql::Connection::open(app.database()).await;
    let forge = "ALTER TABLE event_log DISABLE TRIGGER event_log_append_only;
                 UPDATE event_log SET leaf_hash = decode(repeat('ab', 32), 'hex') WHERE position = 2";
    connection.execute(forge).await.unwrap();
    app.user("alice").await;
    let answer = audrey.get("/v1/audit/checkpoint?fresh=true").send().await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{answer:?}");
    assert_eq!(checkpoint(&audrey, "/v1/audit/checkpoint").await, before);
    let log = app.stop().await.stderr;
    assert!(log.contains("its history was changed"), "{log}");
}

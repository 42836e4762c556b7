//! An auditor takes the log home: whole, in parts, as a table, as events of OCSF, or a piece at a time.

mod collecting;
mod command;
mod load;
mod mapping;
mod size;

use std::io::Write;
use std::process::{Command, Stdio};

use domain::log::Checkpoint;
use serde_json::Value;
use tests::binary::{self, finish};
use tests::python::python;
use tests::reaper::Scratch;
use tests::server::Ended;
use tests::sql::Connection;
use tests::{Actor, Answer, Client, Store, TestApp, on_both_stores};

use crate::audit::{fresh, key};

pub(crate) use collecting::a_collector_that_polls_gets_everything_once_and_in_order;

on_both_stores!(
    an_export_is_what_its_checkpoint_says,
    parts_of_the_log_are_exported_and_verify_together,
    what_cannot_be_exported_is_refused,
    a_table_survives_every_cell_and_no_cell_is_a_formula,
    some_events_are_chosen_for_a_table,
    every_exported_event_is_one_of_ocsf,
    an_export_that_breaks_off_is_seen_as_broken,
    a_log_that_is_not_signed_any_more_is_exported_up_to_what_was,
);

/// Someone who does a bit of everything.
async fn history(app: &TestApp) -> Actor {
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    alice.regenerate_token().await;
    assert_ne!(token, alice.regenerate_token().await);
    let assistant = app.assistant().await;
    alice.trigger_call(&assistant).await.assert_status(200);
    let campaign = alice.create_campaign("Spring").await;
    alice.rotate_webhook(&campaign).await;
    let url = alice.rotate_webhook(&campaign).await;
    let prospect = tests::integration::prospect("ada");
    app.anonymous().post_to_webhook(&url, &prospect).await.assert_status(202);
    alice.revoke_webhook(&campaign).await;
    alice.archive_campaign(&campaign).await.assert_status(204);
    app.admin().put_member(app.account_id(), &alice.id, "viewer").await;
    app.admin().lock(&alice.id).await;
    app.admin().unlock(&alice.id).await;
    app.admin().remove_assistant(app.account_id(), &assistant).await;
    app.admin().remove_member(app.account_id(), &alice.id).await;
    alice
}

async fn export(client: &Client, query: &str) -> Answer {
    client.get(&format!("/v1/audit/export{query}")).send().await.assert_status(200)
}

fn header(answer: &Answer, name: &str) -> u64 {
    answer.header(name).unwrap_or_else(|| panic!("{name}: {answer:?}")).parse().unwrap()
}

/// `symbolon audit verify` on these bytes.
fn verify(export: &[u8], note: &str, key: &str) -> Ended {
    let folder = Scratch::new("export");
    let (file, checkpoint) = (folder.path().join("export"), folder.path().join("note"));
    std::fs::write(&file, export).unwrap();
    std::fs::write(&checkpoint, note).unwrap();
    let mut command = binary::command();
    command.args(["audit", "verify"]).arg(&file).arg("--checkpoint").arg(&checkpoint);
    command.args(["--key", key]);
    finish(command, "")
}

/// What a program of Python says about these bytes.
fn by_python(program: &str, input: &[u8]) -> String {
    let mut command = python();
    command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program}");
    String::from_utf8(output.stdout).unwrap()
}

async fn note_of(client: &Client, size: u64) -> String {
    let target = format!("/v1/audit/checkpoint?size={size}");
    client.get(&target).send().await.assert_status(200).text()
}

pub(crate) async fn an_export_is_what_its_checkpoint_says(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    history(&app).await;
    let key = key(&audrey).await;
    let answer = export(&audrey, "").await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let size = header(&answer, "x-checkpoint-size");
    assert_eq!(header(&answer, "x-total-count"), size);
    let name = format!("attachment; filename=\"symbolon-log-1-{size}.ndjson\"");
    assert_eq!(answer.header("content-disposition"), Some(&*name));
    assert_eq!(answer.text().lines().count() as u64, size);
    let events = tests::Ledger::read(app.database()).await.events.len();
    assert_eq!(events as u64, size, "everything acknowledged is in it");

    let note = note_of(&audrey, size).await;
    let head = Checkpoint::open(&note, std::slice::from_ref(&key)).unwrap().head;
    assert_eq!(answer.header("x-checkpoint-root"), Some(&*head.root.to_string()));
    let ended = verify(&answer.body, &note, &key.to_string());
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains(&format!("{size} events")), "{ended:?}");
    assert_eq!(export(&audrey, "?format=ndjson").await.body, answer.body);

    let changed = answer.text().replacen("TokenRegenerated", "TokenRegenerateD", 1);
    assert_eq!(verify(changed.as_bytes(), &note, &key.to_string()).status.code(), Some(3));
}

pub(crate) async fn parts_of_the_log_are_exported_and_verify_together(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    history(&app).await;
    let size = fresh(&audrey).await.head.size;
    app.user("bob").await;
    let mut parts = Vec::new();
    for (from, to) in [(1, 1), (2, 7), (8, size)] {
        let part = export(&audrey, &format!("?from={from}&to={to}")).await;
        assert_eq!(header(&part, "x-total-count"), to + 1 - from);
        assert!(header(&part, "x-checkpoint-size") >= to);
        parts.extend_from_slice(&part.body);
    }
    assert_eq!(export(&audrey, &format!("?to={size}")).await.body, parts);
    let (note, key) = (note_of(&audrey, size).await, key(&audrey).await.to_string());
    let ended = verify(&parts, &note, &key);
    assert!(ended.status.success(), "{ended:?}");
    // Whoever has everything asks for what is new, and nothing is.
    let now = fresh(&audrey).await.head.size;
    let nothing = export(&audrey, &format!("?from={}", now + 1)).await;
    assert_eq!((header(&nothing, "x-total-count"), nothing.body.len()), (0, 0));
}

pub(crate) async fn what_cannot_be_exported_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let size = fresh(&audrey).await.head.size;
    for bad in [
        "format=xml".to_owned(),
        "format=".to_owned(),
        "from=0".to_owned(),
        "to=0".to_owned(),
        "from=one".to_owned(),
        format!("from={}", size + 2),
        format!("to={}", size + 1),
        format!("to={}", u64::MAX),
        "from=3&to=1".to_owned(),
        "limit=1".to_owned(),
        format!("user={}", audrey.id),
        "format=ndjson&type=TokenRevoked".to_owned(),
        "since=2026-01-01T00:00:00Z".to_owned(),
        "format=csv&type=TokenEaten".to_owned(),
        "format=csv&since=yesterday".to_owned(),
        "format=ocsf&user=audrey".to_owned(),
    ] {
        let target = format!("/v1/audit/export?{bad}");
        audrey.get(&target).send().await.assert_validation_error();
    }
    // There, a body ends when the connection does, however that ends.
    let cookie = audrey.cookie_header().unwrap();
    let request = format!("GET /v1/audit/export HTTP/1.0\r\nCookie: {cookie}\r\n\r\n");
    let answer = tests::raw::exchange(app.server().address(), request.as_bytes()).await;
    assert_eq!(answer.status, 400);
    assert!(String::from_utf8_lossy(&answer.body).contains("HTTP/1.1"), "{answer:?}");
}

/// What clients call themselves, and none of it may do anything in a spreadsheet.
const USER_AGENTS: [&str; 16] = [
    "=HYPERLINK(\"http://evil.test\",\"click\")",
    "+1+1",
    "-1",
    "@SUM(A1:A9)",
    "\tafter a tab",
    "\r\nafter a line break",
    "\n=1+1",
    "＝wide",
    "'quoted",
    "''=twice",
    "\"double\", quoted",
    "semi;colon, comma",
    "two\nlines",
    "🦀 crab",
    "plain",
    "",
];

/// Every row as an object, with the marks taken away; and a complaint about each cell that is a formula.
const READ_TABLE: &str = r"
import csv, io, json, sys
text = sys.stdin.buffer.read().decode('utf-8')
assert text.endswith('\r\n')
rows = list(csv.reader(io.StringIO(text, newline=''), strict=True))
head, rows = rows[0], rows[1:]
formulas = [cell for row in rows for cell in row if cell[:1] in tuple('=+-@\t\r\n＝＋－＠')]
assert not formulas, formulas
bare = lambda cell: cell[1:] if cell[:1] == chr(39) else cell
assert all(len(row) == len(head) for row in rows)
json.dump([dict(zip(head, map(bare, row))) for row in rows], sys.stdout)
";

fn table(answer: &Answer) -> Vec<Value> {
    assert_eq!(
        answer.header("content-type"),
        Some("text/csv; charset=utf-8; header=present"),
        "{answer:?}"
    );
    serde_json::from_str(&by_python(READ_TABLE, &answer.body)).unwrap()
}

pub(crate) async fn a_table_survives_every_cell_and_no_cell_is_a_formula(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = app.user("alice").await;
    for _ in USER_AGENTS {
        alice.post("/v1/user/api-token").header("user-agent", "in a moment").send().await;
    }
    // Of these, no header can carry all.
    let mut connection = Connection::open(app.database()).await;
    for (sequence, user_agent) in (1..).zip(USER_AGENTS) {
        let quoted = user_agent.replace('\'', "''");
        let change = format!(
            "UPDATE event_context SET user_agent = '{quoted}'
             WHERE aggregate_type = 'token' AND aggregate_id = '{}' AND sequence = {sequence}",
            alice.id
        );
        connection.execute(&change).await.unwrap();
    }
    connection.close().await;
    let answer = export(&audrey, "?format=csv").await;
    let rows = table(&answer);
    assert_eq!(rows.len() as u64, header(&answer, "x-total-count"));
    let rows: Vec<_> = rows.iter().filter(|row| row["aggregate_type"] == "token").collect();
    let read: Vec<_> = rows.iter().map(|row| row["user_agent"].as_str().unwrap()).collect();
    assert_eq!(read, USER_AGENTS);

    // The rest of a row is what the history says.
    let history = alice.history().await;
    assert_eq!(history.len(), rows.len());
    for (entry, row) in history.iter().rev().zip(&rows) {
        for (column, value) in [
            ("type", &entry["type"]),
            ("token_id", &entry["tokenId"]),
            ("actor_id", &entry["actor"]["userId"]),
            ("actor_via", &entry["actor"]["via"]),
            ("address", &entry["address"]),
            ("user_agent", &entry["userAgent"]),
        ] {
            assert_eq!(row[column], *value, "{column}: {row}");
        }
        let invalidated = entry["invalidatedTokenId"].as_str().unwrap_or_default();
        assert_eq!(row["invalidated_token_id"], invalidated);
        assert_eq!(row["generation"], entry["generation"].to_string());
        assert_eq!(row["user_id"], alice.id);
    }
}

pub(crate) async fn some_events_are_chosen_for_a_table(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = history(&app).await;
    app.user("bob").await.generate_token().await;
    let all = table(&export(&audrey, "?format=csv").await);
    let chosen = async |query: &str| {
        let answer = export(&audrey, &format!("?format=csv&{query}")).await;
        assert_eq!(answer.header("x-total-count"), None);
        table(&answer)
    };
    let those = |wanted: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|row| wanted(row)).cloned().collect()
    };
    let revoked = chosen("type=TokenRevoked").await;
    assert_eq!(revoked, those(&|row| row["type"] == "TokenRevoked"));
    assert_eq!(revoked[0]["reason"], "user_locked");
    let hers = chosen(&format!("user={}", alice.id)).await;
    assert_eq!(hers, those(&|row| row["user_id"] == alice.id || row["actor_id"] == alice.id));
    assert!(hers.iter().any(|row| row["type"] == "CallTriggered"));
    assert!(hers.iter().any(|row| row["type"] == "MemberRoleChanged" && row["role"] == "viewer"));
    let middle = all[all.len() / 2]["time"].as_str().unwrap();
    let (early, late) =
        (chosen(&format!("until={middle}")).await, chosen(&format!("since={middle}")).await);
    assert_eq!(early, those(&|row| row["time"].as_str().unwrap() < middle));
    assert_eq!(late, those(&|row| row["time"].as_str().unwrap() >= middle));
    assert!(!early.is_empty() && !late.is_empty());
    let both = chosen(&format!("user={}&type=TokenRevoked&from=2", alice.id)).await;
    assert_eq!(both, revoked);
}

/// Holds every line against the schema of its class, and says how many of each class there were.
pub(crate) const VALIDATE_OCSF: &str = r"
import collections, json, sys
import jsonschema_rs
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
schemas = OcsfJsonSchemaEmbedded(get_ocsf_schema(version='1.8.0'))
validators, seen = {}, collections.Counter()
for line in sys.stdin.buffer:
    event = json.loads(line)
    assert event['metadata']['version'] == '1.8.0'
    name = schemas.lookup_class_name_from_uid(event['class_uid'])
    if name not in validators:
        validators[name] = jsonschema_rs.validator_for(schemas.get_class_schema(name))
    errors = [f'{error.instance_path}: {error.message}' for error in validators[name].iter_errors(event)]
    assert not errors, (event, errors)
    seen[name] += 1
json.dump(seen, sys.stdout)
";

pub(crate) async fn every_exported_event_is_one_of_ocsf(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = history(&app).await;
    // Of whom nothing is known any more.
    let mut connection = Connection::open(app.database()).await;
    let forget = format!("DELETE FROM event_context WHERE aggregate_id = '{}'", alice.id);
    connection.execute(&forget).await.unwrap();
    connection.execute("DELETE FROM event_context WHERE aggregate_type = 'call'").await.unwrap();
    connection.close().await;
    let answer = export(&audrey, "?format=ocsf").await;
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    let events: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len() as u64, header(&answer, "x-total-count"));
    let said = by_python(VALIDATE_OCSF, &answer.body);
    let seen: Value = serde_json::from_str(&said).unwrap();
    assert!(seen.get("base_event").is_none(), "{seen}");

    // Nothing of the log is lost on the way.
    let lines = export(&audrey, &format!("?to={}", events.len())).await.text();
    for (event, line) in events.iter().zip(lines.lines()) {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(event["metadata"]["uid"], line["id"]);
        assert_eq!(event["metadata"]["sequence"], line["position"]);
        assert_eq!(event["unmapped"]["leaf_hash"], line["leafhash"]);
        assert_eq!(event["unmapped"]["payload"], line["data"]["payload"]);
        assert_eq!(event["unmapped"]["metadata"], line["data"]["metadata"]);
    }
    let of = |code: &str| {
        events.iter().find(|event| event["metadata"]["event_code"] == code).unwrap_or(&Value::Null)
    };
    let locked = of("UserLocked");
    assert_eq!((&locked["class_uid"], &locked["activity_id"]), (&3001.into(), &9.into()));
    assert_eq!(locked["user"]["uid"], alice.id);
    assert_eq!(locked["actor"]["user"]["uid"], app.admin().id);
    let replaced = of("TokenRegenerated");
    assert_eq!(replaced["entity"]["user"]["uid"], alice.id);
    assert_eq!(replaced["entity"]["uid"], of("TokenGenerated")["entity"]["uid"]);
    assert_ne!(replaced["entity"]["uid"], replaced["entity_result"]["uid"]);
}

fn curl(app: &TestApp, token: &str, target: &str, arguments: &[&str]) -> std::process::Output {
    let mut command = Command::new("curl");
    command.args([
        "--silent",
        "--show-error",
        "--header",
        &format!("Authorization: Bearer {token}"),
    ]);
    command.args(arguments).arg(format!("http://{}{target}", app.server().address()));
    command.output().unwrap()
}

/// Takes an event away, past all that stands before it.
async fn lose_event(app: &TestApp, position: u64) {
    let mut connection = Connection::open(app.database()).await;
    let lose = match app.database().store() {
        Store::Sqlite => "PRAGMA foreign_keys = OFF; DROP TRIGGER events_append_only_delete; ",
        Store::Postgres => {
            "ALTER TABLE events DISABLE TRIGGER USER;
             ALTER TABLE event_log DROP CONSTRAINT event_log_of_an_event; "
        }
    };
    let lose = format!(
        "{lose} DELETE FROM events WHERE aggregate_type || '/' || aggregate_id || '/' || sequence =
         (SELECT aggregate_type || '/' || aggregate_id || '/' || sequence FROM event_log WHERE position = {position})"
    );
    connection.execute(&lose).await.unwrap();
    connection.close().await;
}

pub(crate) async fn an_export_that_breaks_off_is_seen_as_broken(store: Store) {
    let mut app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let token = audrey.generate_token().await;
    history(&app).await;
    let whole = curl(&app, &token, "/v1/audit/export", &[]);
    assert_eq!(whole.status.code(), Some(0), "{whole:?}");
    lose_event(&app, 9).await;
    for format in ["ndjson", "csv", "ocsf"] {
        let target = format!("/v1/audit/export?format={format}");
        let broken = curl(&app, &token, &target, &[]);
        assert_eq!(broken.status.code(), Some(18), "{broken:?}");
        let lines = broken.stdout.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(lines, if format == "csv" { 9 } else { 8 });
        // What comes before the place is whole.
        let before = curl(&app, &token, &format!("{target}&to=8"), &[]);
        assert_eq!(before.status.code(), Some(0), "{before:?}");
    }
    // Whoever collects piece by piece is not led past it either.
    let answer = audrey.get("/v1/audit/events?limit=20").send().await.assert_status(200);
    assert_eq!((&answer.json()["next"], &answer.json()["hasMore"]), (&"8".into(), &true.into()));
    let answer = audrey.get("/v1/audit/events?after=8").send().await;
    answer.assert_refused(500, "InternalServerError");
    let said = app.stop().await.stderr;
    assert!(said.contains("an export broke off after position 8"), "{said}");
    assert!(said.contains("position 9 of the log is gone"), "{said}");
}

pub(crate) async fn a_log_that_is_not_signed_any_more_is_exported_up_to_what_was(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    history(&app).await;
    let before = fresh(&audrey).await.head.size;
    let (note, key) = (note_of(&audrey, before).await, key(&audrey).await.to_string());
    let mut connection = Connection::open(app.database()).await;
    let forge = match store {
        Store::Sqlite => {
            "DROP TRIGGER event_log_append_only_update; UPDATE event_log SET leaf_hash = zeroblob(32) WHERE position = 2"
        }
        Store::Postgres => {
            "ALTER TABLE event_log DISABLE TRIGGER event_log_append_only;
             UPDATE event_log SET leaf_hash = decode(repeat('00', 32), 'hex') WHERE position = 2"
        }
    };
    connection.execute(forge).await.unwrap();
    connection.close().await;
    app.user("bob").await;
    let answer = audrey.get("/v1/audit/export").send().await;
    answer.assert_refused(500, "InternalServerError");
    let part = export(&audrey, &format!("?to={before}")).await;
    let ended = verify(&part.body, &note, &key);
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    assert!(ended.stderr.contains("position 2 "), "{ended:?}");
}

//! Whatever is done to a copy of the database, or to an export of it, is found, at its place, by whoever kept
//! checkpoints.

use std::ops::RangeInclusive;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};

use api::audit::{Notary, NotaryError};
use domain::log::{Audit, BadPlace, Checkpoint, Examined, Flaw, LogKey, Verified, VerifierKey};
use projections::{KeptCheckpoint, Log, LoggedEvent};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use tests::postgres::Cluster;
use tests::reaper::Scratch;
use tests::seed::seeded;
use tests::sql::Connection;
use tests::{Database, Store, binary};

use crate::stage::{Stage, TestStore, bytes, contract_tests};

contract_tests!(
    every_tampering_with_a_copy_of_the_database_is_found_at_its_place,
    every_tampering_with_an_export_is_found_at_its_place,
    a_history_that_was_written_anew_is_found_by_a_checkpoint_that_was_kept,
    the_notary_signs_no_history_that_was_changed,
    the_command_line_finds_what_was_tampered_with,
);

/// Half of them with the database and half with an export. `SYMBOLON_TAMPERINGS` asks for more.
fn tamperings() -> usize {
    std::env::var("SYMBOLON_TAMPERINGS").map_or(100, |text| text.parse().expect("a number")) / 2
}

/// A checkpoint comes after so many events.
const PERIOD: u64 = 10;
const EVENTS: u64 = 60;

/// A log with checkpoints all along, kept outside.
struct Kept {
    key: LogKey,
    checkpoints: Vec<Checkpoint>,
    notes: Vec<String>,
}

/// Where the last checkpoint before and the first at or after this position are.
fn around(position: u64) -> RangeInclusive<u64> {
    let before = (position - 1) / PERIOD * PERIOD;
    before + 1..=before + PERIOD
}

fn new_key(seed: u64) -> LogKey {
    LogKey::generate("tokens.example.com".parse().unwrap(), &mut StdRng::seed_from_u64(seed))
}

async fn signed<S: TestStore>(notary: &Notary, stage: &Stage<S>) -> KeptCheckpoint {
    notary.sign_everything(&stage.store, stage.now()).await.unwrap()
}

/// Things happen, and checkpoints are kept.
async fn live<S: TestStore>(stage: &Stage<S>) -> Kept {
    let key = new_key(1);
    let notary = Notary::new(key.clone(), None);
    let mut users = Vec::new();
    let (mut checkpoints, mut notes) = (Vec::new(), Vec::new());
    for number in 1..=EVENTS {
        if number % 5 == 1 {
            users.push(stage.user().await);
        } else {
            stage.generate(*users.last().unwrap()).await;
        }
        if number % PERIOD == 0 {
            let made = signed(&notary, stage).await;
            let keys = [key.verifier().clone()];
            checkpoints.push(Checkpoint::open(&made.note, &keys).unwrap());
            notes.push(made.note);
        }
    }
    assert!(checkpoints.iter().map(|it| it.head.size).eq((1..=6).map(|n| n * PERIOD)));
    Kept { key, checkpoints, notes }
}

async fn events(store: &impl Log) -> Vec<LoggedEvent> {
    store.list_log_events(0, 1_000).await.unwrap()
}

fn export(events: &[LoggedEvent], key: &VerifierKey) -> Vec<String> {
    events.iter().map(|event| event.line(key.name()).unwrap() + "\n").collect()
}

fn verify(lines: &[String], kept: &Kept) -> Result<Verified, BadPlace> {
    let mut audit = Audit::new(&kept.checkpoints);
    for line in lines {
        audit.take(Examined::of(line.as_bytes(), kept.key.verifier().name()))?;
    }
    audit.finish(false)
}

/// What may be said of a tampering: any of these, somewhere in these positions.
type Expected = (Vec<Flaw>, RangeInclusive<u64>);

#[track_caller]
fn assert_found(lines: &[String], kept: &Kept, (flaws, positions): &Expected, what: &str) {
    let found = match verify(lines, kept) {
        Ok(verified) => panic!("{what} was not found: {verified:?}"),
        Err(found) => found,
    };
    let in_place = positions.contains(found.positions.start());
    assert!(flaws.contains(&found.flaw) && in_place, "{what} is said to be {found}");
}

/// Changes something in the tables, as someone does who owns the database. Says what was done.
#[expect(clippy::too_many_lines, reason = "one arm for each kind of tampering")]
async fn tamper(connection: &mut Connection, chance: &mut StdRng) -> (String, Expected) {
    let store = connection.store();
    let at = chance.random_range(1..=EVENTS);
    let event = format!(
        "(aggregate_type, aggregate_id, sequence) = (SELECT aggregate_type, aggregate_id, sequence FROM event_log WHERE position = {at})"
    );
    let somewhere = around(at);
    let leaf = bytes(store, &hex::encode(chance.random::<[u8; 32]>()));
    let (what, sql, expected) = match chance.random_range(0..10) {
        0 => (
            "an event's payload",
            format!("UPDATE events SET payload = '{{\"UserLocked\": {{\"at\": \"2026-01-01T00:00:00Z\"}}}}' WHERE {event}"),
            (vec![Flaw::Changed], at..=at),
        ),
        1 => (
            "who did it",
            format!("UPDATE events SET metadata = '{{\"actor_via\": \"system\"}}' WHERE {event}"),
            (vec![Flaw::Changed], at..=at),
        ),
        2 => (
            "an event's type",
            format!("UPDATE events SET event_type = 'UserUnlocked' WHERE {event}"),
            (vec![Flaw::Changed], at..=at),
        ),
        3 => (
            "a leaf",
            format!("UPDATE event_log SET leaf_hash = {leaf} WHERE position = {at}"),
            (vec![Flaw::Changed], at..=at),
        ),
        4 => (
            "an event that is deleted",
            format!("DELETE FROM events WHERE {event}"),
            (vec![Flaw::Missing, Flaw::Truncated], at..=at),
        ),
        5 => (
            "an event that is deleted, and all behind it moved up",
            format!(
                "DELETE FROM events WHERE {event};
                 DELETE FROM event_log WHERE position = {at};
                 UPDATE event_log SET position = -position WHERE position > {at};
                 UPDATE event_log SET position = -position - 1 WHERE position < 0"
            ),
            // Of the last run, what is left is too short to be compared.
            (vec![Flaw::Rewritten, Flaw::Truncated], *somewhere.start()..=EVENTS),
        ),
        6 => (
            "an event that is put in, and all behind it moved down",
            format!(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
                 SELECT aggregate_type, 'forged', sequence, event_type, event_version, payload, metadata FROM events WHERE {event};
                 UPDATE event_log SET position = -position WHERE position > {at};
                 UPDATE event_log SET position = -position + 1 WHERE position < 0;
                 INSERT INTO event_log SELECT {at} + 1, aggregate_type, 'forged', sequence, leaf_hash FROM event_log WHERE position = {at}"
            ),
            (vec![Flaw::Changed], at + 1..=at + 1),
        ),
        7 => (
            "an event that is put in at the end",
            format!(
                "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
                 SELECT aggregate_type, aggregate_id, sequence + 1000, event_type, event_version, payload, metadata FROM events WHERE {event};
                 INSERT INTO event_log SELECT {EVENTS} + 1, aggregate_type, aggregate_id, sequence + 1000, leaf_hash FROM event_log WHERE position = {at}"
            ),
            (vec![Flaw::Changed, Flaw::NotCovered], EVENTS + 1..=EVENTS + 1),
        ),
        8 => {
            let other = (1..=EVENTS).filter(|other| *other != at).collect::<Vec<_>>();
            let other = *other.choose(chance).unwrap();
            let first = at.min(other);
            (
                "two events that changed places, with their leaves",
                format!(
                    "UPDATE event_log SET position = -{at} WHERE position = {at};
                     UPDATE event_log SET position = {at} WHERE position = {other};
                     UPDATE event_log SET position = {other} WHERE position = -{at}"
                ),
                (vec![Flaw::Rewritten], around(first)),
            )
        }
        _ => (
            "a log that is cut off",
            format!("DELETE FROM event_log WHERE position >= {at}"),
            (vec![Flaw::Truncated], at..=at),
        ),
    };
    let unguard = match store {
        // Whoever owns the file switches off what guards it.
        Store::Sqlite => {
            "PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on;
             DROP TRIGGER events_append_only_update; DROP TRIGGER events_append_only_delete;
             DROP TRIGGER event_log_append_only_update; DROP TRIGGER event_log_append_only_delete;"
        }
        Store::Postgres => {
            "ALTER TABLE event_log DROP CONSTRAINT event_log_of_an_event, DROP CONSTRAINT event_log_position_positive;
             DROP TRIGGER events_append_only ON events; DROP TRIGGER event_log_append_only ON event_log;"
        }
    };
    let sql = format!("{unguard}{sql}");
    if let Err(error) = connection.execute(&sql).await {
        panic!("{what} at {at}: {error}\n{sql}");
    }
    (format!("{what} (at {at})"), expected)
}

/// The same content at another place. The original must be closed. It goes with its cluster: to drop a database waits for
/// a checkpoint.
async fn copy(original: &Database) -> Database {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    match original.store() {
        Store::Sqlite => {
            let copy = Database::new(Store::Sqlite).await;
            std::fs::copy(original.sqlite_file(), copy.sqlite_file()).unwrap();
            copy
        }
        Store::Postgres => {
            let (server, name) = original.url().unwrap().rsplit_once('/').unwrap();
            let copy = format!("copy_{}", COUNT.fetch_add(1, Ordering::Relaxed));
            let command = format!("CREATE DATABASE {copy} TEMPLATE {name} OWNER symbolon");
            let mut connection = Cluster::shared().connect("postgres").await;
            sqlx::Executor::execute(&mut connection, &*command).await.unwrap();
            Database::at(format!("{server}/{copy}"))
        }
    }
}

async fn every_tampering_with_a_copy_of_the_database_is_found_at_its_place<S: TestStore>(
    stage: Stage<S>,
) {
    let mut chance = seeded("every_tampering_with_a_copy_of_the_database_is_found_at_its_place");
    let kept = live(&stage).await;
    assert!(verify(&export(&events(&stage.store).await, kept.key.verifier()), &kept).is_ok());
    stage.store.close().await;
    for _ in 0..tamperings() {
        let database = copy(&stage.database).await;
        let mut connection = Connection::open(&database).await;
        let (what, expected) = tamper(&mut connection, &mut chance).await;
        connection.close().await;
        let store = S::open(&database).await;
        let lines = export(&events(&store).await, kept.key.verifier());
        store.close().await;
        assert_found(&lines, &kept, &expected, &what);
    }
}

/// Changes an export, as someone does through whose hands it goes.
fn spoil(
    lines: &mut Vec<String>,
    events: &[LoggedEvent],
    kept: &Kept,
    chance: &mut StdRng,
) -> (String, Expected) {
    let at = chance.random_range(1..=EVENTS);
    let index = usize::try_from(at).unwrap() - 1;
    // An event as the log would write it, had it happened.
    let forged = |position: u64, chance: &mut StdRng| {
        let mut event = events.choose(chance).unwrap().clone();
        event.position = position;
        event.metadata["request_id"] = format!("forged-{}", chance.random::<u32>()).into();
        let line = event.line(kept.key.verifier().name()).unwrap();
        let parsed = domain::log::export::ExportLine::parse(line.as_bytes()).unwrap();
        event.leaf = parsed.entry().leaf_hash();
        event.line(kept.key.verifier().name()).unwrap() + "\n"
    };
    let (what, expected) = match chance.random_range(0..8) {
        0 => {
            let mut bytes = std::mem::take(&mut lines[index]).into_bytes();
            let length = bytes.len() - 1;
            let byte = &mut bytes[chance.random_range(0..length)];
            *byte = if *byte == b'0' { b'1' } else { b'0' };
            lines[index] = String::from_utf8(bytes).unwrap();
            // The position, or the name of the log, may be what was changed.
            let flaws = vec![Flaw::Changed, Flaw::Missing, Flaw::ForeignLog];
            ("a byte", (flaws, at..=at))
        }
        1 => {
            let last = (at + chance.random_range(0..4)).min(EVENTS);
            lines.drain(index..usize::try_from(last).unwrap());
            let flaw = if last == EVENTS { Flaw::Truncated } else { Flaw::Missing };
            ("lines that are left out", (vec![flaw], at..=at))
        }
        2 => {
            let position = chance.random_range(1..=EVENTS);
            lines.insert(index, forged(position, chance));
            // Before its place it stands where another belongs, after it where it was already.
            let place = position.min(at);
            ("a line that is put in", (vec![Flaw::Inserted, Flaw::Swapped], place..=place))
        }
        3 => {
            let other = (index + chance.random_range(1..lines.len())) % lines.len();
            lines.swap(index, other);
            let first = u64::try_from(index.min(other)).unwrap() + 1;
            ("two lines that changed places", (vec![Flaw::Swapped], first..=first))
        }
        4 => {
            lines.truncate(index);
            ("an end that is cut off", (vec![Flaw::Truncated], at..=at))
        }
        5 => {
            lines.truncate(index + 1);
            let length = lines[index].len();
            lines[index].truncate(chance.random_range(1..length - 1));
            ("an end that is cut off within a line", (vec![Flaw::Truncated], at..=at))
        }
        6 => {
            lines[index] = forged(at, chance);
            ("an event that is replaced, leaf and all", (vec![Flaw::Rewritten], around(at)))
        }
        _ => {
            lines.push(forged(EVENTS + 1, chance));
            ("a line at the end", (vec![Flaw::NotCovered], EVENTS + 1..=EVENTS + 1))
        }
    };
    (format!("{what} (at {at})"), expected)
}

async fn every_tampering_with_an_export_is_found_at_its_place<S: TestStore>(stage: Stage<S>) {
    let mut chance = seeded("every_tampering_with_an_export_is_found_at_its_place");
    let kept = live(&stage).await;
    let events = events(&stage.store).await;
    let original = export(&events, kept.key.verifier());
    for _ in 0..tamperings() {
        let mut lines = original.clone();
        let (what, expected) = spoil(&mut lines, &events, &kept, &mut chance);
        assert_found(&lines, &kept, &expected, &what);
    }
    assert_eq!(verify(&original, &kept).unwrap().checkpoints, kept.checkpoints.len());
}

/// By someone who owns the database and the key: a whole new history, with a new tree and new checkpoints.
async fn a_history_that_was_written_anew_is_found_by_a_checkpoint_that_was_kept<S: TestStore>(
    stage: Stage<S>,
) {
    let kept = live(&stage).await;
    let anew = Stage::<S>::new().await;
    // The same happens, a moment later.
    anew.now();
    let forged = live(&anew).await;
    let lines = export(&events(&anew.store).await, kept.key.verifier());
    assert!(verify(&lines, &forged).is_ok(), "it is whole in itself");
    for checkpoint in &kept.checkpoints {
        let one = Kept {
            key: kept.key.clone(),
            checkpoints: vec![checkpoint.clone()],
            notes: Vec::new(),
        };
        let found = verify(&lines, &one).unwrap_err();
        assert_eq!((found.flaw, found.positions), (Flaw::Rewritten, 1..=checkpoint.head.size));
    }
}

async fn the_notary_signs_no_history_that_was_changed<S: TestStore>(stage: Stage<S>) {
    let kept = live(&stage).await;
    let mut connection = Connection::open(&stage.database).await;
    let leaf = bytes(S::STORE, &"ab".repeat(32));
    let unguard = match S::STORE {
        Store::Sqlite => "DROP TRIGGER event_log_append_only_update",
        Store::Postgres => "DROP TRIGGER event_log_append_only ON event_log",
    };
    connection.execute(unguard).await.unwrap();
    let forge = format!("UPDATE event_log SET leaf_hash = {leaf} WHERE position = 7");
    connection.execute(&forge).await.unwrap();
    stage.user().await;
    // One that knows what it signed before from the database only.
    let notary = Notary::new(kept.key.clone(), None);
    for _ in 0..2 {
        let error = notary.sign_everything(&stage.store, stage.now()).await.unwrap_err();
        assert!(matches!(error, NotaryError::Broken { then: EVENTS, .. }), "{error:?}");
    }
    let latest = stage.store.find_latest_checkpoint(None).await.unwrap().unwrap();
    assert_eq!(latest.head.size, EVENTS);
    // Another key does not help.
    let other = Notary::new(new_key(2), None);
    assert!(other.sign(&stage.store, stage.now()).await.is_err());
}

/// Runs `symbolon audit verify`; says how it ended and what it said.
fn command_line(arguments: &[&str], stdin: Option<&str>) -> (Option<i32>, String) {
    let mut command = binary::command();
    command.args(["audit", "verify"]).args(arguments).stdin(Stdio::null());
    let ended = binary::finish(command, stdin.unwrap_or_default());
    (ended.status.code(), ended.stdout + &ended.stderr)
}

async fn the_command_line_finds_what_was_tampered_with<S: TestStore>(stage: Stage<S>) {
    let kept = live(&stage).await;
    let lines = export(&events(&stage.store).await, kept.key.verifier());
    let folder = Scratch::new("audit");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let good = write("good", &lines.concat());
    let all = write("all", &kept.notes.concat());
    let last = write("last", kept.notes.last().unwrap());
    let (key, other_key) = (kept.key.verifier().to_string(), new_key(2).verifier().to_string());
    let root = kept.checkpoints.last().unwrap().head.root.to_string();

    let (code, said) = command_line(&[&good, "--checkpoint", &all, "--key", &key], None);
    assert_eq!(code, Some(0), "{said}");
    for part in
        ["60 events of the log tokens.example.com", &root, "6 of 6 checkpoints", "signed by"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    let (code, said) = command_line(&["-", "--checkpoint", &last], Some(&lines.concat()));
    assert_eq!((code, said.contains("was not checked")), (Some(0), true), "{said}");
    let keys = ["--key", &other_key, "--key", &key];
    let (code, said) = command_line(&[&[&*good, "--checkpoint", &last], &keys[..]].concat(), None);
    assert_eq!(code, Some(0), "{said}");

    let mut changed = lines.clone();
    changed[36] = changed[36].replace("session", "system");
    let mut missing = lines.clone();
    missing.remove(12);
    let mut longer = lines.clone();
    longer.push(lines[59].replace("\"position\":60", "\"position\":61"));
    let first = write("first", &kept.notes[0]);
    let foreign = write(
        "foreign",
        &kept.checkpoints[0].sign(&LogKey::generate(
            "elsewhere.example.com".parse().unwrap(),
            &mut StdRng::seed_from_u64(3),
        )),
    );
    let other_log = {
        let mut checkpoint = kept.checkpoints[0].clone();
        checkpoint.origin = "elsewhere.example.com".parse().unwrap();
        write("other", &checkpoint.sign(&new_key(1)))
    };
    let spoiled = write("spoiled", &kept.notes[0].replace("\n10\n", "\n11\n"));
    for (export, checkpoint, keys, says) in [
        (write("changed", &changed.concat()), &all, vec![&key], "position 37 (line 37): changed"),
        (write("missing", &missing.concat()), &last, vec![&key], "position 13 (line 13): missing"),
        (write("longer", &longer.concat()), &last, vec![], "position 61 (line 61): not covered"),
        (
            write("shorter", &lines[..50].concat()),
            &last,
            vec![],
            "positions 51 to 60 (line 50): truncated",
        ),
        (write("nothing", ""), &last, vec![], "truncated"),
        (good.clone(), &first, vec![&key], "positions 11 to 60 (line 60): not covered"),
        (good.clone(), &last, vec![&other_key], "none of the given keys signed it"),
        (good.clone(), &foreign, vec![&key], "none of the given keys signed it"),
        (good.clone(), &other_log, vec![], "not of this log"),
        (good.clone(), &spoiled, vec![&key], "signature is wrong"),
        (good.clone(), &good, vec![], "not a signed note"),
    ] {
        let mut arguments = vec![&*export, "--checkpoint", checkpoint];
        for key in keys {
            arguments.extend(["--key", key]);
        }
        let (code, said) = command_line(&arguments, None);
        assert_eq!((code, said.contains(says)), (Some(3), true), "{says}: {said}");
    }
    let arguments = [&*good, "--checkpoint", &first, "--up-to-checkpoint", "--key", &key];
    let (code, said) = command_line(&arguments, None);
    assert_eq!((code, said.contains("10 events")), (Some(0), true), "{said}");

    // What cannot be looked at is not a finding.
    for arguments in [&[&*good, "--checkpoint", "nowhere"][..], &["nowhere", "--checkpoint", &last]]
    {
        let (code, said) = command_line(arguments, None);
        assert_eq!((code, said.contains("cannot read nowhere")), (Some(1), true), "{said}");
    }
    let private = kept.key.expose();
    let (code, said) = command_line(&[&good, "--checkpoint", &last, "--key", &private], None);
    assert_eq!(code, Some(2), "{said}");
}

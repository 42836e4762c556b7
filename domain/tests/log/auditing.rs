//! Whatever is done to an export is found, at its place.

use std::ops::RangeInclusive;

use domain::log::export::{ExportLine, line};
use domain::log::proof::TreeHead;
use domain::log::{
    Audit, BadPlace, Checkpoint, Examined, Flaw, Frontier, LogEntry, Origin, TreeHash, Verified,
};
use serde_json::{Value, json};

const EVENTS: u64 = 40;

fn origin() -> Origin {
    "tokens.example.com".parse().unwrap()
}

fn payload(number: u64) -> Value {
    json!({ "TokenRevoked": {
        "token_id": format!("01980000-0000-7000-8000-{number:012x}"),
        "generation": number,
        "reason": "owner",
        "at": format!("2026-01-02T03:04:{:02}Z", number % 60),
    } })
}

/// The line of an event, at this position.
fn written_at(position: u64, number: u64) -> String {
    let (payload, metadata) = (payload(number), json!({ "actor_via": "system" }));
    let key = ("token", "01980000-0000-7000-8000-000000000001", number);
    let entry = LogEntry::try_new(key, ("TokenRevoked", "1"), &payload, &metadata).unwrap();
    line(&origin(), position, &entry, &entry.leaf_hash()) + "\n"
}

fn export() -> Vec<String> {
    (1..=EVENTS).map(|number| written_at(number, number)).collect()
}

fn leaf(line: &str) -> TreeHash {
    match Examined::of(line.as_bytes(), &origin()) {
        Examined::Whole { leaf, .. } => leaf,
        other @ (Examined::Broken { .. } | Examined::Foreign { .. } | Examined::CutOff) => {
            panic!("{other:?}: {line}")
        }
    }
}

/// The checkpoint after so many lines.
fn checkpoint(lines: &[String], size: usize) -> Checkpoint {
    let mut frontier = Frontier::new();
    for line in &lines[..size] {
        frontier.push(leaf(line), |_, _| {});
    }
    let head = TreeHead { size: frontier.size(), root: frontier.root() };
    Checkpoint { origin: origin(), head }
}

/// At 10, 20, 30 and the end.
fn checkpoints() -> Vec<Checkpoint> {
    [30, 10, 40, 20].map(|size| checkpoint(&export(), size)).to_vec()
}

fn audit(lines: &[String], checkpoints: &[Checkpoint]) -> Result<Verified, BadPlace> {
    conclude(&examined(lines), checkpoints)
}

fn examined(lines: &[String]) -> Vec<Examined> {
    lines.iter().map(|line| Examined::of(line.as_bytes(), &origin())).collect()
}

fn conclude(lines: &[Examined], checkpoints: &[Checkpoint]) -> Result<Verified, BadPlace> {
    let mut audit = Audit::new(checkpoints);
    for line in lines {
        audit.take(*line)?;
    }
    audit.finish(false)
}

#[track_caller]
fn assert_found(lines: &[String], flaw: Flaw, positions: RangeInclusive<u64>) -> BadPlace {
    let found = audit(lines, &checkpoints()).unwrap_err();
    assert_eq!((found.flaw, &found.positions), (flaw, &positions), "{found}");
    found
}

/// Computed by other means; docs/AUDIT.md shows the same.
#[test]
fn the_documented_event_has_the_documented_line() {
    let user = "01980000-0000-7000-8000-000000000001";
    let payload = json!({ "TokenRevoked": {
        "token_id": "01980000-0000-7000-8000-00000000000a",
        "generation": 2,
        "reason": "owner",
        "at": "2026-01-02T03:04:05.678901Z",
    } });
    let metadata = json!({
        "command_id": "01980000-0000-7000-8000-0000000000c1",
        "request_id": "r-1",
        "actor_via": "session",
        "actor_id": user,
        "origin_sha256": "0".repeat(64),
    });
    let entry =
        LogEntry::try_new(("token", user, 3), ("TokenRevoked", "1"), &payload, &metadata).unwrap();
    let line = line(&origin(), 2, &entry, &entry.leaf_hash());
    assert_eq!(line, include_str!("line.json").trim_end());
    assert!(include_str!("../../../docs/AUDIT.md").contains(&line));
}

#[test]
fn a_line_is_a_cloud_event() {
    let event: Value = serde_json::from_str(&written_at(7, 3)).unwrap();
    assert_eq!(event["specversion"], "1.0");
    assert_eq!(event["id"], "token/01980000-0000-7000-8000-000000000001/3");
    assert_eq!(event["source"], "//tokens.example.com");
    assert_eq!(event["type"], "symbolon.token.TokenRevoked");
    assert_eq!(event["time"], "2026-01-02T03:04:03Z");
    assert_eq!(event["datacontenttype"], "application/json");
    assert_eq!(event["position"], 7);
    assert_eq!(event["data"]["payload"], payload(3));
    // Names of attributes are lower-case letters and digits.
    let names = event.as_object().unwrap().keys();
    assert!(names.flat_map(|name| name.chars()).all(|c| c.is_ascii_lowercase()), "{event}");
}

#[test]
fn a_line_without_a_time_says_none() {
    let (payload, metadata) = (json!({ "Happened": {} }), json!({}));
    let entry = LogEntry::try_new(("a", "b", 1), ("Happened", "1"), &payload, &metadata).unwrap();
    let text = line(&origin(), 1, &entry, &entry.leaf_hash());
    assert!(!text.contains("\"time\""), "{text}");
    let parsed = ExportLine::parse(text.as_bytes()).unwrap();
    assert_eq!(parsed.leaf_of(&origin(), text.as_bytes()), Some(entry.leaf_hash()));
}

#[test]
fn an_export_as_it_was_written_is_verified() {
    let verified = audit(&export(), &checkpoints()).unwrap();
    assert_eq!(verified, Verified { head: checkpoint(&export(), 40).head, checkpoints: 4 });
    let mut without_last_break = export();
    without_last_break.last_mut().unwrap().pop();
    assert_eq!(audit(&without_last_break, &checkpoints()), Ok(verified));
    let empty = Checkpoint { head: checkpoint(&[], 0).head, origin: origin() };
    assert_eq!(audit(&[], &[empty]).unwrap().checkpoints, 0);
}

#[test]
fn every_changed_byte_of_a_line_is_found_at_its_place() {
    let (lines, checkpoints) = (export(), checkpoints());
    let text = &lines[16];
    let mut examined = examined(&lines);
    for at in 0..text.len() - 1 {
        for change in [0x01, 0x02, 0x10, 0x20] {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= change;
            examined[16] = Examined::of(&bytes, &origin());
            let found = conclude(&examined, &checkpoints).unwrap_err();
            let changed = String::from_utf8_lossy(&bytes);
            assert_eq!((found.positions.clone(), found.line), (17..=17, 17), "{found}: {changed}");
        }
    }
}

#[test]
fn a_line_that_is_written_otherwise_is_not_what_the_log_wrote() {
    let line = &export()[16];
    let value: Value = serde_json::from_str(line).unwrap();
    let body = &line[1..line.len() - 2];
    for other in [
        format!("{value}\n"),
        format!(" {line}"),
        line.replace("\":", "\": "),
        format!("{{{body},\"more\":1}}\n"),
        format!("{{\"position\":17,{body}}}\n"),
        line.replace("\"reason\":\"owner\"", "\"reason\":\"bearer\",\"reason\":\"owner\""),
        line.replace("owner", "own\\u0065r"),
        line.replace("\"generation\":17", "\"generation\":17.0"),
        "\n".to_owned(),
        "{}\n".to_owned(),
        "null\n".to_owned(),
    ] {
        assert_ne!(&other, line);
        let mut export = export();
        export[16] = other;
        assert_found(&export, Flaw::Changed, 17..=17);
    }
}

#[test]
fn a_missing_event_is_found_at_its_place() {
    for at in 0..39 {
        let mut lines = export();
        lines.remove(at);
        let position = u64::try_from(at).unwrap() + 1;
        assert_eq!(assert_found(&lines, Flaw::Missing, position..=position).line, position);
    }
    let mut lines = export();
    lines.drain(10..15);
    assert_found(&lines, Flaw::Missing, 11..=15);
}

#[test]
fn swapped_events_are_found_at_the_first_of_their_places() {
    for (one, other) in [(0, 1), (4, 9), (12, 13), (20, 39), (38, 39)] {
        let mut lines = export();
        lines.swap(one, other);
        let position = u64::try_from(one).unwrap() + 1;
        assert_found(&lines, Flaw::Swapped, position..=position);
    }
    let mut moved = export();
    let line = moved.remove(4);
    moved.insert(9, line);
    assert_found(&moved, Flaw::Swapped, 5..=5);
}

#[test]
fn an_inserted_line_is_found_at_its_place() {
    for (at, position) in [(5, 5), (5, 1), (40, 40), (40, 12)] {
        let mut lines = export();
        lines.insert(at, written_at(position, 99));
        assert_found(&lines, Flaw::Inserted, position..=position);
    }
    let mut instead = export();
    instead[5] = instead[2].clone();
    assert_found(&instead, Flaw::Changed, 6..=6);
    instead[5] = instead[30].clone();
    assert_found(&instead, Flaw::Changed, 6..=6);
    let mut before_its_place = export();
    before_its_place.insert(5, written_at(30, 99));
    assert_found(&before_its_place, Flaw::Inserted, 6..=6);
    let mut in_its_place = export();
    in_its_place.insert(5, written_at(6, 99));
    assert_eq!(assert_found(&in_its_place, Flaw::Inserted, 6..=6).line, 7);
}

#[test]
fn an_event_after_the_last_checkpoint_is_covered_by_none() {
    let mut lines = export();
    lines.push(written_at(41, 99));
    lines.push(written_at(42, 100));
    assert_found(&lines, Flaw::NotCovered, 41..=42);
    // Whoever asks about an earlier checkpoint only may say so.
    let mut audit = Audit::new(&checkpoints()[..1]);
    for (number, line) in lines.iter().enumerate() {
        assert_eq!(audit.is_covered(), number >= 30);
        audit.take(Examined::of(line.as_bytes(), &origin())).unwrap();
    }
    assert_eq!(audit.size(), 42);
    assert_eq!(audit.finish(true).unwrap().checkpoints, 1);
}

#[test]
fn an_export_that_ends_early_is_found_where_it_ends() {
    for size in 0..40 {
        let lines = &export()[..size];
        assert_found(lines, Flaw::Truncated, u64::try_from(size).unwrap() + 1..=40);
    }
    let mut cut_off = export()[..12].to_vec();
    let length = cut_off[11].len();
    cut_off[11].truncate(length / 2);
    assert_eq!(assert_found(&cut_off, Flaw::Truncated, 12..=40).line, 12);
}

#[test]
fn an_event_that_was_replaced_with_its_leaf_is_found_between_two_checkpoints() {
    for (number, positions) in [(1, 1..=10), (10, 1..=10), (11, 11..=20), (35, 31..=40)] {
        let mut lines = export();
        lines[number - 1] = written_at(u64::try_from(number).unwrap(), 99);
        assert_found(&lines, Flaw::Rewritten, positions);
    }
}

#[test]
fn a_history_that_was_written_anew_from_some_place_on_is_found_there() {
    let anew = |from: u64, shift: u64| -> Vec<String> {
        let number = |position| if position < from { position } else { position + shift };
        (1..=EVENTS).map(|position| written_at(position, number(position))).collect()
    };
    // Event 15 left out and all behind it renumbered; then all of it new.
    assert_found(&anew(15, 1), Flaw::Rewritten, 11..=20);
    assert_found(&anew(1, 100), Flaw::Rewritten, 1..=10);
    // Its own new checkpoints do not help against one that was kept.
    let lines = anew(15, 1);
    let mut mixed = vec![checkpoint(&lines, 40), checkpoints()[0].clone()];
    assert_eq!(audit(&lines, &mixed[..1]).unwrap().checkpoints, 1);
    let found = audit(&lines, &mixed).unwrap_err();
    assert_eq!((found.flaw, found.positions), (Flaw::Rewritten, 1..=30));
    mixed.swap(0, 1);
    assert!(audit(&lines, &mixed).is_err());
}

#[test]
fn an_export_of_another_log_is_told_from_a_changed_one() {
    let lines: Vec<_> =
        export().iter().map(|line| line.replace("//tokens.example.com", "//other")).collect();
    let found = assert_found(&lines, Flaw::ForeignLog, 1..=1);
    assert!(found.to_string().contains("not of this log"), "{found}");
    let mut one = export();
    one[4] = one[4].replace("//tokens.example.com", "//other log");
    assert_found(&one, Flaw::Changed, 5..=5);
}

#[test]
fn the_place_is_told_in_words() {
    let mut lines = export();
    lines.drain(10..15);
    let said = audit(&lines, &checkpoints()).unwrap_err().to_string();
    assert_eq!(said, "positions 11 to 15 (line 11): missing");
    lines = export();
    lines.remove(3);
    let said = audit(&lines, &checkpoints()).unwrap_err().to_string();
    assert_eq!(said, "position 4 (line 4): missing");
}

//! Every kind of event there is has its class in OCSF and its choice in an export.

use std::fmt::Write as _;

use std::collections::BTreeSet;
use std::path::Path;

use api::audit::export::selection::EVENT_TYPES;
use api::audit::ocsf;
use domain::log::TreeHash;
use projections::{EventKey, ExportedEvent, LoggedEvent};
use serde_json::{Value, json};

use super::{VALIDATE_OCSF, by_python};

const ID: &str = "01980000-0000-7000-8000-000000000001";

/// Everyone who can have done it.
fn actors() -> Vec<Value> {
    let by = |via: &str, more: Value| {
        let mut metadata = json!({ "command_id": ID, "request_id": "r-1", "actor_via": via });
        metadata.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        metadata
    };
    vec![
        by("session", json!({ "actor_id": ID })),
        by("token", json!({ "actor_id": ID, "token_id": ID, "token_generation": "3" })),
        by("webhook", json!({ "webhook_id": ID, "webhook_generation": "2" })),
        by("setup", json!({})),
        by("command_line", json!({})),
        by("system", json!({})),
    ]
}

fn event(aggregate: &str, event_type: &str, payload: &Value, metadata: &Value) -> ExportedEvent {
    ExportedEvent {
        logged: LoggedEvent {
            position: 7,
            leaf: TreeHash::empty(),
            key: EventKey {
                aggregate_type: aggregate.to_owned(),
                aggregate_id: ID.to_owned(),
                sequence: 1,
            },
            event_type: event_type.to_owned(),
            event_version: "1".to_owned(),
            payload: payload.clone(),
            metadata: metadata.clone(),
        },
        recorded_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        address: Some("192.0.2.1".to_owned()),
        user_agent: Some("🦀".to_owned()),
    }
}

/// Aggregate, type and payload of every stored event that ever was.
fn fixtures() -> Vec<(String, String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/events/v1");
    let mut all = Vec::new();
    for aggregate in std::fs::read_dir(folder).unwrap() {
        let aggregate = aggregate.unwrap();
        for file in std::fs::read_dir(aggregate.path()).unwrap() {
            let file = file.unwrap();
            let payload = serde_json::from_slice(&std::fs::read(file.path()).unwrap()).unwrap();
            let name = file.file_name().into_string().unwrap();
            let event_type = name.split('.').next().unwrap().to_owned();
            all.push((aggregate.file_name().into_string().unwrap(), event_type, payload));
        }
    }
    assert!(all.len() >= 23, "{all:?}");
    all
}

#[test]
fn every_event_that_ever_was_has_a_class_of_ocsf_and_is_valid() {
    let origin = "tokens.example.com/log".parse().unwrap();
    let mut lines = String::new();
    for (aggregate, event_type, payload) in fixtures() {
        for metadata in actors() {
            let whole = event(&aggregate, &event_type, &payload, &metadata);
            let erased = ExportedEvent { address: None, user_agent: None, ..whole.clone() };
            let behind = ExportedEvent { address: Some("a\nproxy".to_owned()), ..whole.clone() };
            let six = ExportedEvent { address: Some("2001:db8::1".to_owned()), ..whole.clone() };
            for event in [whole, erased, behind, six] {
                let mapped = ocsf::event(&event, &origin);
                assert_ne!(mapped["class_uid"], 0, "{event_type} has no class: {mapped}");
                assert_eq!(mapped["unmapped"]["payload"], payload);
                let at = payload[&event_type]["at"].as_str().unwrap();
                let at: chrono::DateTime<chrono::Utc> = at.parse().unwrap();
                assert_eq!(mapped["time"], at.timestamp_millis());
                writeln!(lines, "{mapped}").unwrap();
            }
        }
    }
    let seen: Value = serde_json::from_str(&by_python(VALIDATE_OCSF, lines.as_bytes())).unwrap();
    let count: u64 = seen.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(usize::try_from(count).unwrap(), lines.lines().count());
}

/// Of a later version, or of nobody that is known.
#[test]
fn an_event_that_is_not_known_is_a_base_event_and_not_lost() {
    let origin = "tokens.example.com".parse().unwrap();
    let payload = json!({ "TokenEaten": { "by": "a crab" } });
    let strange = json!({ "actor_via": "telepathy" });
    let mut lines = String::new();
    for (aggregate, event_type, metadata) in [
        ("token", "TokenEaten", &actors()[0]),
        ("crab", "TokenEaten", &actors()[1]),
        ("token", "TokenEaten", &strange),
        ("token", "TokenEaten", &json!({})),
    ] {
        let mapped = ocsf::event(&event(aggregate, event_type, &payload, metadata), &origin);
        assert_eq!((&mapped["class_uid"], &mapped["type_uid"]), (&0.into(), &99.into()));
        assert_eq!(mapped["activity_name"], "TokenEaten");
        assert_eq!(mapped["unmapped"]["payload"], payload);
        assert_eq!(mapped["unmapped"]["metadata"], *metadata);
        writeln!(lines, "{mapped}").unwrap();
    }
    assert_eq!(by_python(VALIDATE_OCSF, lines.as_bytes()), r#"{"base_event": 4}"#);
}

#[test]
fn every_type_of_event_can_be_chosen() {
    let stored: BTreeSet<_> = fixtures().into_iter().map(|(_, event_type, _)| event_type).collect();
    assert_eq!(stored, EVENT_TYPES.map(String::from).into());
}

//! A rebuild knows every table that events make, by construction.

use std::collections::BTreeSet;
use std::path::Path;

use cqrs_es::persist::SerializedEvent;
use projections::recorded::RecordedEvent;
use projections::{changes, projector, rebuild};
use serde_json::{Value, json};
use tests::Store;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    every_table_either_follows_from_events_or_is_left_alone,
    nothing_hangs_on_the_tables,
);

/// Tables whose rows are no consequence of events alone. Whoever adds a table decides where it belongs.
const LEFT_ALONE: [&str; 19] = [
    "account_profiles",
    "assistant_profiles",
    "audit_reads",
    "call_details",
    "campaign_profiles",
    "deliveries",
    "event_context",
    "event_log",
    "idempotency_keys",
    "identities",
    "log_checkpoints",
    "log_head",
    "log_nodes",
    "log_queue",
    "prospect_profiles",
    "setup_codes",
    "token_refusals",
    "token_usage",
    "user_profiles",
];

async fn every_table_either_follows_from_events_or_is_left_alone<S: TestStore>(stage: Stage<S>) {
    let ledger = stage.ledger().await;
    let rebuilt: BTreeSet<_> = rebuild::tables().unwrap().into_iter().collect();
    let projected: BTreeSet<_> = ledger.projected().into_keys().collect();
    assert_eq!(rebuilt, projected, "a rebuild makes what the fold of the events says");
    let all: BTreeSet<_> = ledger.tables.keys().copied().collect();
    let decided: BTreeSet<_> = rebuilt.iter().copied().chain(LEFT_ALONE).collect();
    assert_eq!(all, decided);
    assert!(rebuilt.is_disjoint(&LEFT_ALONE.into()));
}

/// Rows are deleted and inserted: nobody may depend on one that is, and nothing may happen on the way.
async fn nothing_hangs_on_the_tables<S: TestStore>(stage: Stage<S>) {
    let mut connection = Connection::open(&stage.database).await;
    for table in rebuild::tables().unwrap() {
        let questions = match S::STORE {
            Store::Sqlite => [
                format!(
                    "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = '{table}'"
                ),
                format!(
                    "SELECT m.name FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
                     WHERE m.type = 'table' AND (f.\"table\" = '{table}' OR m.name = '{table}')"
                ),
            ],
            Store::Postgres => [
                format!("SELECT tgname::text FROM pg_trigger WHERE tgrelid = '{table}'::regclass"),
                format!(
                    "SELECT conname::text FROM pg_constraint
                     WHERE contype = 'f' AND '{table}'::regclass IN (conrelid, confrelid)"
                ),
            ],
        };
        for question in questions {
            let found = connection.rows(&question).await;
            assert!(found.is_empty(), "{table}: {found:?}");
        }
    }
}

/// One of every event there is.
fn every_event() -> Vec<SerializedEvent> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../domain/tests/events/v1");
    let mut events = Vec::new();
    for aggregate in std::fs::read_dir(folder).unwrap() {
        let aggregate = aggregate.unwrap();
        for file in std::fs::read_dir(aggregate.path()).unwrap() {
            let payload: Value =
                serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
            let name = payload.as_object().unwrap().keys().next().unwrap().clone();
            events.push(SerializedEvent {
                aggregate_id: "0198c0de-1001-7000-8000-000000000001".to_owned(),
                sequence: 1,
                aggregate_type: aggregate.file_name().into_string().unwrap(),
                event_type: name,
                event_version: "1".to_owned(),
                payload,
                metadata: json!({ "actor_via": "system" }),
            });
        }
    }
    events
}

#[test]
fn every_change_of_every_event_is_written_by_a_statement_that_a_rebuild_knows() {
    let known: BTreeSet<_> = changes::STATEMENTS.into_iter().collect();
    let mut used = BTreeSet::new();
    for event in every_event() {
        let recorded = RecordedEvent::read(&event).unwrap();
        let kind = (event.event_type.clone(), event.event_version.clone());
        assert_eq!(recorded.happening.kind(), kind);
        for change in projector::changes(&recorded) {
            let text = changes::statement(&change).text;
            assert!(known.contains(&*text), "{}: {text}", event.event_type);
            used.insert(text.into_owned());
        }
    }
    assert_eq!(used.len(), known.len(), "a statement that no event uses");
}

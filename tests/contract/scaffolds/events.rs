//! An event that cannot be applied stops a rebuild, which names it and changes nothing.

use api::startup::Thoroughness;
use tests::sql::Connection;

use super::{attempt, scaffold_stands};
use crate::life::Life;
use crate::logging::number_all;
use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    an_event_that_cannot_be_applied_stops_it_and_is_named,
    an_event_that_is_in_no_log_stops_it,
);

const AT: &str = r#"{"at":"2026-02-04T00:00:00Z"}"#;

/// Type, sequence, name, version, payload, and what the complaint says.
type Case = (&'static str, u32, &'static str, &'static str, String, &'static str);

fn cases() -> Vec<Case> {
    let event = |name: &str| format!(r#"{{"{name}":{AT}}}"#);
    vec![
        ("weather", 1, "Rained", "1", event("Rained"), "unknown aggregate type"),
        ("user", 2, "UserTeleported", "1", event("UserTeleported"), "unknown variant"),
        ("user", 2, "UserLocked", "2", event("UserLocked"), "version 2"),
        ("user", 2, "UserUnlocked", "1", event("UserLocked"), "its payload is that of UserLocked"),
        ("user", 2, "UserLocked", "1", r#"{"UserLocked":{"at":7}}"#.to_owned(), "expected"),
        ("user", 2, "UserLocked", "1", r#"{"UserLocked":{}}"#.to_owned(), "missing field"),
        ("user", 3, "UserLocked", "1", event("UserLocked"), "it is missing, and 3 is there"),
    ]
}

/// Writes an event past the service.
async fn insert(
    connection: &mut Connection,
    id: &str,
    (kind, sequence, name, version, payload, _): &Case,
) {
    let metadata = r#"{"command_id":"x","request_id":"x","actor_via":"system"}"#;
    let text = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         VALUES ('{kind}', '{id}', {sequence}, '{name}', '{version}', '{payload}', '{metadata}');
         INSERT INTO log_queue (aggregate_type, aggregate_id, sequence) VALUES ('{kind}', '{id}', {sequence})"
    );
    connection.execute(&text).await.unwrap();
}

async fn an_event_that_cannot_be_applied_stops_it_and_is_named<S: TestStore>(stage: Stage<S>) {
    drop(stage);
    for (number, case) in cases().into_iter().enumerate() {
        let stage = Stage::<S>::new().await;
        Life::begin(&stage).await;
        let id = stage.user().await.to_string();
        let mut connection = Connection::open(&stage.database).await;
        connection.execute("UPDATE users SET is_admin = NOT is_admin").await.unwrap();
        insert(&mut connection, &id, &case).await;
        // With a position, and still waiting for one.
        if number % 2 == 0 {
            number_all(&stage.store).await;
        }
        let before = stage.ledger().await;
        let at = if case.1 == 3 { 2 } else { case.1 };
        for how in [Thoroughness::Rebuild, Thoroughness::Check, Thoroughness::Rebuild] {
            let error = attempt(&stage.database, how).await.unwrap_err().to_string();
            assert!(error.contains(&format!("the event {}/{id}/{at} ", case.0)), "{error}");
            assert!(error.contains(case.5), "{case:?}: {error}");
            assert!(error.contains("nothing was changed"), "{error}");
            assert_eq!(stage.ledger().await.tables, before.tables, "{case:?}");
        }
        assert!(scaffold_stands(&stage.database).await, "the next run begins anew");
    }
}

async fn an_event_that_is_in_no_log_stops_it<S: TestStore>(stage: Stage<S>) {
    Life::begin(&stage).await;
    let id = stage.user().await.to_string();
    let mut connection = Connection::open(&stage.database).await;
    let payload = format!(r#"{{"UserLocked":{AT}}}"#);
    insert(&mut connection, &id, &("user", 2, "UserLocked", "1", payload, "")).await;
    let forget = format!("DELETE FROM log_queue WHERE aggregate_id = '{id}' AND sequence = 2");
    connection.execute(&forget).await.unwrap();
    let before = stage.ledger().await;
    for how in [Thoroughness::Rebuild, Thoroughness::Check] {
        let error = attempt(&stage.database, how).await.unwrap_err().to_string();
        let count = before.events.len();
        assert!(error.contains(&format!("{} events, and there are {count}", count - 1)), "{error}");
        assert_eq!(stage.ledger().await.tables, before.tables);
    }
}

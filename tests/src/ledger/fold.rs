//! What the tables must hold, said by the events alone.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, Tables, tables};
use crate::sql::Row;

/// The tables that events alone determine.
pub(super) const PROJECTED: [&str; 5] =
    ["users", "accounts", "memberships", "token_lookup", "token_history"];

type Keyed = BTreeMap<Vec<String>, Row>;

/// Folds events, each aggregate's in order.
pub(super) fn fold(events: &[Event]) -> Tables {
    let mut folded: BTreeMap<_, Keyed> =
        PROJECTED.iter().map(|name| (*name, Keyed::new())).collect();
    for event in events {
        let body = &event.payload[&event.event_type];
        assert!(body.is_object(), "the payload is not that of {}: {event:?}", event.event_type);
        match event.aggregate_type.as_str() {
            "user" => user(folded.get_mut("users").unwrap(), event, body),
            "account" if event.event_type.starts_with("Member") => {
                membership(folded.get_mut("memberships").unwrap(), event, body);
            }
            "account" => account(folded.get_mut("accounts").unwrap(), event),
            "token" => {
                lookup(folded.get_mut("token_lookup").unwrap(), event, body);
                history(folded.get_mut("token_history").unwrap(), event, body);
            }
            unknown => panic!("unknown aggregate {unknown}"),
        }
    }
    let in_order = |(name, rows): (_, Keyed)| (name, rows.into_values().collect());
    folded.into_iter().map(in_order).collect()
}

fn text(value: &Value) -> Option<String> {
    let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    (!value.is_null()).then(text)
}

fn time(value: &Value) -> Option<String> {
    value.as_str().map(tables::time)
}

#[expect(clippy::unnecessary_wraps, reason = "the columns of a row may be NULL")]
fn some(text: &impl ToString) -> Option<String> {
    Some(text.to_string())
}

fn user(users: &mut Keyed, event: &Event, body: &Value) {
    let id = &event.aggregate_id;
    let row = users.entry(vec![id.clone()]).or_insert_with(|| {
        vec![some(&id), some(&false), some(&false), None, some(&0), some(&false), some(&0)]
    });
    match event.event_type.as_str() {
        "UserRegistered" => {
            let roles = body["roles"].as_array().expect("a list");
            row[1] = some(&roles.contains(&"admin".into()));
            row[2] = some(&roles.contains(&"auditor".into()));
            row[3] = time(&body["at"]);
            row[4] = some(&event.sequence);
        }
        "UserLocked" | "UserUnlocked" => {
            row[5] = some(&(event.event_type == "UserLocked"));
            row[6] = some(&event.sequence);
        }
        unknown => panic!("unknown event {unknown}"),
    }
}

fn account(accounts: &mut Keyed, event: &Event) {
    let is_closed = match event.event_type.as_str() {
        "AccountOpened" => false,
        "AccountClosed" => true,
        unknown => panic!("unknown event {unknown}"),
    };
    let id = event.aggregate_id.clone();
    accounts.insert(vec![id.clone()], vec![some(&id), some(&is_closed), some(&event.sequence)]);
}

fn membership(memberships: &mut Keyed, event: &Event, body: &Value) {
    let role = match event.event_type.as_str() {
        "MemberAdded" | "MemberRoleChanged" => text(&body["role"]),
        "MemberRemoved" => None,
        unknown => panic!("unknown event {unknown}"),
    };
    let user_id = text(&body["user_id"]).expect("a member");
    let key = vec![event.aggregate_id.clone(), user_id];
    let row = vec![some(&key[0]), some(&key[1]), role, some(&event.sequence)];
    memberships.insert(key, row);
}

fn lookup(tokens: &mut Keyed, event: &Event, body: &Value) {
    let digest =
        body["digest"].as_str().map(|text| text.strip_prefix("sha256:").expect("named").to_owned());
    let created_at = digest.as_ref().and_then(|_| time(&body["at"]));
    let row = vec![
        some(&event.aggregate_id),
        text(&body["token_id"]),
        text(&body["generation"]),
        digest,
        text(&body["hint"]),
        created_at,
        some(&event.sequence),
    ];
    tokens.insert(vec![event.aggregate_id.clone()], row);
}

fn history(lines: &mut Keyed, event: &Event, body: &Value) {
    let kind = match event.event_type.as_str() {
        "TokenGenerated" => "generated",
        "TokenRegenerated" => "regenerated",
        "TokenRevoked" => "revoked",
        unknown => panic!("unknown event {unknown}"),
    };
    let row = vec![
        some(&event.aggregate_id),
        some(&event.sequence),
        some(&kind),
        text(&body["token_id"]),
        text(&body["generation"]),
        text(&body["hint"]),
        text(&body["invalidated_token_id"]),
        text(&body["reason"]),
        time(&body["at"]),
        text(&event.metadata["actor_id"]),
        text(&event.metadata["actor_via"]),
    ];
    // So that the text order of keys is the order of sequences.
    lines.insert(vec![event.aggregate_id.clone(), format!("{:010}", event.sequence)], row);
}

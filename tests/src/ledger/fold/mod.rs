//! What the tables must hold, said by the events alone.

mod of_campaigns;
mod of_people;
mod of_tokens;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Event, Tables, tables};
use crate::sql::Row;

/// The tables that events alone determine.
pub(super) const PROJECTED: [&str; 10] = [
    "users",
    "accounts",
    "memberships",
    "token_lookup",
    "token_history",
    "assistants",
    "calls",
    "campaigns",
    "prospects",
    "webhooks",
];

type Keyed = BTreeMap<Vec<String>, Row>;

/// Folds events, each aggregate's in order.
pub(super) fn fold(events: &[Event]) -> Tables {
    let mut folded: BTreeMap<_, Keyed> =
        PROJECTED.iter().map(|name| (*name, Keyed::new())).collect();
    for event in events {
        let body = &event.payload[&event.event_type];
        assert!(body.is_object(), "the payload is not that of {}: {event:?}", event.event_type);
        let mut into = |table: &str, change: Change| {
            change(folded.get_mut(table).expect("it is one of them"), event, body);
        };
        match event.aggregate_type.as_str() {
            "user" => into("users", of_people::user),
            "account" if event.event_type.starts_with("Member") => {
                into("memberships", of_people::membership);
            }
            "account" if event.event_type.starts_with("Assistant") => {
                into("assistants", of_campaigns::assistant);
            }
            "account" => into("accounts", of_people::account),
            "token" => {
                into("token_lookup", of_tokens::lookup);
                into("token_history", of_tokens::history);
            }
            "call" => into("calls", of_campaigns::call),
            "campaign" if event.event_type == "ProspectsAdded" => {
                into("prospects", of_campaigns::prospects);
            }
            "campaign" => into("campaigns", of_campaigns::campaign),
            "webhook" => into("webhooks", of_campaigns::webhook),
            unknown => panic!("unknown aggregate {unknown}"),
        }
    }
    let in_order = |(name, rows): (_, Keyed)| (name, rows.into_values().collect());
    folded.into_iter().map(in_order).collect()
}

/// What an event does to the rows of a table.
type Change = fn(&mut Keyed, &Event, &Value);

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

/// The digest of what became live, without the name of its algorithm.
fn digest(body: &Value) -> Option<String> {
    body["digest"].as_str().map(|text| text.strip_prefix("sha256:").expect("named").to_owned())
}

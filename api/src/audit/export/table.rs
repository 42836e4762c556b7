//! The log as a table: RFC 4180, with a header, one row for each event, safe to open in a spreadsheet.
//!
//! **Invariant:** no cell begins with what a spreadsheet takes for a formula. Whoever takes one `'` from the
//! beginning of every cell that has it gets back what was there.

use std::borrow::Cow;

use axum::BoxError;
use domain::log::canonical_json;
use domain::token::RevocationReason;
use projections::ExportedEvent;

use super::facts::Facts;
use super::selection::occurred_at;

/// The names of the columns.
pub const COLUMNS: [&str; 24] = [
    "position",
    "time",
    "type",
    "aggregate_type",
    "aggregate_id",
    "sequence",
    "user_id",
    "account_id",
    "token_id",
    "generation",
    "invalidated_token_id",
    "reason",
    "role",
    "actor_id",
    "actor_via",
    "actor_credential_id",
    "request_id",
    "command_id",
    "address",
    "user_agent",
    "recorded_at",
    "version",
    "leaf_hash",
    "payload",
];

/// What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection"), in the wide forms of East
/// Asian keyboards, too; and the mark itself, so that taking it away is exact.
const MARKED: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠', '\''];

/// The first line.
pub fn header() -> String {
    COLUMNS.join(",") + "\r\n"
}

/// The rows of these events.
///
/// # Errors
/// For an event that cannot be of this log.
pub fn rows<'a>(events: impl Iterator<Item = &'a ExportedEvent>) -> Result<Vec<u8>, BoxError> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for event in events {
        let row = row(event)?;
        writer.write_record(row.iter().map(|cell| safe(cell).into_owned()))?;
    }
    Ok(writer.into_inner()?)
}

fn safe(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(MARKED) { format!("'{cell}").into() } else { cell.into() }
}

fn row(event: &ExportedEvent) -> Result<[Cow<'_, str>; COLUMNS.len()], BoxError> {
    fn text<'a, T: ToString>(value: Option<T>) -> Cow<'a, str> {
        value.map(|value| value.to_string()).unwrap_or_default().into()
    }
    let logged = &event.logged;
    // An event of a later version has its row, too: all of it is in the payload.
    let facts = event.read().map(|read| Facts::of(&read.happening)).unwrap_or_default();
    let said = |key: &str| logged.metadata.get(key).and_then(serde_json::Value::as_str);
    let credential = said("token_id").or(said("webhook_id"));
    let payload = canonical_json(&logged.payload)?;
    Ok([
        logged.position.to_string().into(),
        text(occurred_at(logged).map(rfc3339)),
        logged.event_type.as_str().into(),
        logged.key.aggregate_type.as_str().into(),
        logged.key.aggregate_id.as_str().into(),
        logged.key.sequence.to_string().into(),
        text(facts.user_id),
        text(facts.account_id),
        text(facts.token_id),
        text(facts.generation),
        text(facts.invalidated_token_id),
        text(facts.reason.map(RevocationReason::as_str)),
        text(facts.role),
        text(said("actor_id")),
        text(said("actor_via")),
        text(credential),
        text(said("request_id")),
        text(said("command_id")),
        text(event.address.as_deref()),
        text(event.user_agent.as_deref()),
        rfc3339(event.recorded_at).into(),
        logged.event_version.as_str().into(),
        logged.leaf.to_string().into(),
        payload.into(),
    ])
}

fn rfc3339(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

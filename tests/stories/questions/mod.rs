//! What auditors ask of the history of tokens, what they are told, and that their asking is recorded.

pub(crate) mod actions;
pub(crate) mod identify;
pub(crate) mod past;
pub(crate) mod reads;
pub(crate) mod standing;
pub(crate) mod tokens;

use serde_json::Value;
use tests::Client;

/// The entries of a list that is asked for at once.
async fn list(client: &Client, target: &str) -> Vec<Value> {
    let answer = client.get(target).send().await.assert_status(200);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let answer = answer.assert_fields(&["data", "hasMore", "next", "previous"]).json();
    assert_eq!(answer["hasMore"], false, "{target}: more than one page");
    answer["data"].as_array().unwrap().clone()
}

/// One page, and where the next begins.
async fn page(client: &Client, target: &str, cursor: Option<&str>) -> (Vec<Value>, Option<String>) {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let answer = client.get(&format!("{target}{cursor}")).send().await.assert_status(200).json();
    let next = answer["next"].as_str().map(str::to_owned);
    (answer["data"].as_array().unwrap().clone(), next)
}

/// What the entries say under one key.
fn column(entries: &[Value], key: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    entries.iter().map(|entry| text(&entry[key])).collect()
}

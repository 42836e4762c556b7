//! What tokens are used for: assistants, calls, campaigns, prospects, webhook URLs.

use serde_json::Value;

use super::{Event, Keyed, digest, some, text, time};
use crate::sql::Row;

pub(super) fn assistant(assistants: &mut Keyed, event: &Event, body: &Value) {
    let is_removed = match event.event_type.as_str() {
        "AssistantAdded" => false,
        "AssistantRemoved" => true,
        unknown => panic!("unknown event {unknown}"),
    };
    let id = text(&body["assistant_id"]).expect("an assistant");
    let row = vec![some(&id), some(&event.aggregate_id), some(&is_removed), some(&event.sequence)];
    assistants.insert(vec![id], row);
}

pub(super) fn call(calls: &mut Keyed, event: &Event, body: &Value) {
    assert_eq!(event.event_type, "CallTriggered");
    let about = [
        some(&event.aggregate_id),
        text(&body["account_id"]),
        text(&body["assistant_id"]),
        time(&body["at"]),
    ];
    let row = [&about[..], &actor(event), &[some(&event.sequence)]].concat();
    let before = calls.insert(vec![event.aggregate_id.clone()], row);
    assert_eq!(before, None, "one call phones once");
}

pub(super) fn campaign(campaigns: &mut Keyed, event: &Event, body: &Value) {
    let id = &event.aggregate_id;
    let row = campaigns
        .entry(vec![id.clone()])
        .or_insert_with(|| vec![some(&id), None, None, some(&0), None, some(&0)]);
    match event.event_type.as_str() {
        "CampaignCreated" => {
            row[1] = text(&body["account_id"]);
            row[2] = time(&body["at"]);
            row[3] = some(&event.sequence);
        }
        "CampaignArchived" => {
            row[4] = time(&body["at"]);
            row[5] = some(&event.sequence);
        }
        unknown => panic!("unknown event {unknown}"),
    }
}

pub(super) fn prospects(prospects: &mut Keyed, event: &Event, body: &Value) {
    for record in body["records"].as_array().expect("a list") {
        let id = text(&record["prospect_id"]).expect("a prospect");
        match record["status"].as_str().expect("a text") {
            "added" => {
                let about = [some(&id), some(&event.aggregate_id), time(&body["at"])];
                let row = [&about[..], &actor(event), &[some(&event.sequence)]].concat();
                let before = prospects.insert(vec![id], row);
                assert_eq!(before, None, "a prospect is added once");
            }
            "duplicate" => {
                let row = prospects.get(&vec![id]).expect("whom the campaign knows");
                assert_eq!(row[1], some(&event.aggregate_id), "of another campaign");
            }
            unknown => panic!("unknown outcome {unknown}"),
        }
    }
}

pub(super) fn webhook(webhooks: &mut Keyed, event: &Event, body: &Value) {
    assert!(matches!(event.event_type.as_str(), "WebhookIssued" | "WebhookRevoked"));
    let digest = digest(body);
    let created_at = digest.as_ref().and_then(|_| time(&body["at"]));
    let row = vec![
        some(&event.aggregate_id),
        text(&body["webhook_id"]),
        text(&body["generation"]),
        digest,
        text(&body["hint"]),
        created_at,
        some(&event.sequence),
    ];
    webhooks.insert(vec![event.aggregate_id.clone()], row);
}

/// Who did it, by what right, and with exactly which credential.
fn actor(event: &Event) -> Row {
    let credential = match event.metadata["actor_via"].as_str().expect("a text") {
        "token" => text(&event.metadata["token_id"]),
        "webhook" => text(&event.metadata["webhook_id"]),
        _ => None,
    };
    vec![text(&event.metadata["actor_id"]), text(&event.metadata["actor_via"]), credential]
}

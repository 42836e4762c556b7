//! The live tokens, and what happened to every one.

use serde_json::Value;

use super::{Event, Keyed, digest, some, text, time};

pub(super) fn lookup(tokens: &mut Keyed, event: &Event, body: &Value) {
    let digest = digest(body);
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

pub(super) fn history(lines: &mut Keyed, event: &Event, body: &Value) {
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
        digest(body),
    ];
    // So that the text order of keys is the order of sequences.
    lines.insert(vec![event.aggregate_id.clone(), format!("{:010}", event.sequence)], row);
}

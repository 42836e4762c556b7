//! What happened to a token, told to its owner.

use serde_json::{Value, json};
use tests::answer::keys;
use tests::{Store, TestApp, on_both_stores};

const ENTRY: [&str; 11] = [
    "actor",
    "address",
    "generation",
    "hint",
    "invalidatedTokenId",
    "lastUsedAt",
    "occurredAt",
    "reason",
    "tokenId",
    "type",
    "userAgent",
];

on_both_stores!(
    every_change_is_told_newest_first,
    a_regeneration_names_the_token_it_killed,
    the_history_tells_who_did_it_and_from_where,
    the_history_tells_why_a_token_was_revoked,
    everyone_sees_the_own_history_only,
    the_history_holds_no_token,
);

pub(crate) async fn every_change_is_told_newest_first(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    assert_eq!(alice.history().await.len(), 0);
    alice.generate_token().await;
    alice.regenerate_token().await;
    alice.revoke_token().await;
    alice.generate_token().await;

    let history = alice.history().await;
    let told: Vec<_> = history.iter().map(|entry| (&entry["type"], &entry["generation"])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["TokenGenerated", 3],
            ["TokenRevoked", 2],
            ["TokenRegenerated", 2],
            ["TokenGenerated", 1]
        ])
    );
    for entry in &history {
        assert_eq!(keys(entry), ENTRY);
    }
    let times: Vec<_> = history.iter().map(|entry| entry["occurredAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|later, earlier| later >= earlier), "{times:?}");
}

pub(crate) async fn a_regeneration_names_the_token_it_killed(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let first = alice.token_state().await.json();
    alice.regenerate_token().await;
    let second = alice.token_state().await.json();

    let history = alice.history().await;
    assert_eq!(history[0]["tokenId"], second["tokenId"]);
    assert_eq!(history[0]["hint"], second["hint"]);
    assert_eq!(history[0]["invalidatedTokenId"], first["tokenId"]);
    assert_eq!(history[1]["tokenId"], first["tokenId"]);
    assert_eq!(history[1]["hint"], first["hint"]);
    assert_eq!(history[1]["invalidatedTokenId"], Value::Null);
    assert!(history.iter().all(|entry| entry["reason"].is_null()), "{history:?}");
}

pub(crate) async fn the_history_tells_who_did_it_and_from_where(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let request = alice.post("/v1/user/api-token").header("user-agent", "Navigator/4.08");
    request.send().await.assert_status(201);
    let claims = (*alice).clone().with_header("x-forwarded-for", "203.0.113.9");
    let claims = claims.with_header("forwarded", "for=203.0.113.9");
    claims.post("/v1/user/api-token/regenerate").send().await.assert_status(200);

    let history = alice.history().await;
    assert_eq!(history[1]["userAgent"], "Navigator/4.08");
    assert_eq!(history[0]["userAgent"], Value::Null);
    for entry in history {
        assert_eq!(entry["address"], "127.0.0.1");
        assert_eq!(entry["actor"], json!({ "userId": alice.id, "via": "session" }));
    }
}

pub(crate) async fn the_history_tells_why_a_token_was_revoked(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice) = (app.admin(), app.user("alice").await);
    let token = alice.generate_token().await;
    app.with_token(&token).delete("/v1/token").send().await.assert_status(204);
    alice.generate_token().await;
    root.revoke_token_of(&alice.id).await;
    alice.generate_token().await;
    alice.revoke_token().await;
    alice.generate_token().await;
    root.lock(&alice.id).await;
    root.unlock(&alice.id).await;
    alice.sign_in().await.assert_status(200);

    let mut told = Vec::new();
    for entry in alice.history().await {
        if entry["type"] == "TokenRevoked" {
            told.push((entry["reason"].clone(), entry["actor"].clone()));
        }
    }
    let by = |user_id: &str, via: &str| json!({ "userId": user_id, "via": via });
    assert_eq!(
        told,
        [
            (json!("user_locked"), by(&root.id, "session")),
            (json!("owner"), by(&alice.id, "session")),
            (json!("administrator"), by(&root.id, "session")),
            (json!("bearer"), by(&alice.id, "token")),
        ]
    );
}

pub(crate) async fn everyone_sees_the_own_history_only(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    alice.generate_token().await;
    alice.regenerate_token().await;
    bob.generate_token().await;
    assert_eq!(alice.history().await.len(), 2);
    assert_eq!(bob.history().await.len(), 1);
    assert_eq!(app.admin().history().await.len(), 0);
    let nobody = app.browser();
    nobody.get("/v1/user/api-token/history").send().await.assert_no_credential();
}

pub(crate) async fn the_history_holds_no_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let told = json!(alice.history().await).to_string();
    assert!(!told.contains(&token));
    assert!(!told.contains("digest"), "{told}");
}

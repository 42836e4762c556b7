//! The first token, and generating again.

use domain::token::{Prefix, TokenSecret};
use serde_json::{Value, json};
use tests::{Database, Settings, Store, TestApp, on_both_stores, until};

pub(crate) const MINTED: [&str; 7] =
    ["token", "tokenId", "generation", "hint", "createdAt", "lastUsedAt", "message"];
pub(crate) const STATE: [&str; 7] =
    ["active", "tokenId", "generation", "hint", "createdAt", "lastUsedAt", "stragglers"];

on_both_stores!(
    a_user_without_a_token_is_told_so,
    a_new_token_is_shown_once,
    a_new_token_works_at_once,
    generating_again_replaces_the_token,
    generating_needs_a_session,
    users_generate_independently,
    the_token_begins_with_the_configured_prefix,
    a_token_outlives_the_server,
    the_time_of_last_use_shows_up,
);

pub(crate) async fn a_user_without_a_token_is_told_so(store: Store) {
    let app = TestApp::new(store).await;
    let state = app.user("alice").await.token_state().await.assert_fields(&STATE);
    assert_eq!(state.header("etag"), Some("\"none\""));
    assert_eq!(
        state.json(),
        json!({
            "active": false,
            "tokenId": null,
            "generation": null,
            "hint": null,
            "createdAt": null,
            "lastUsedAt": null,
            "stragglers": [],
        })
    );
}

pub(crate) async fn a_new_token_is_shown_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let minted = alice.post("/v1/user/api-token").send().await;
    let minted = minted.assert_status(201).assert_fields(&MINTED);
    let token = minted.string("token");
    assert!(TokenSecret::parse(&Prefix::default(), &token).is_some(), "{token}");
    assert_eq!(minted.string("message"), "API token created successfully.");
    assert_eq!(minted.json()["generation"], 1);
    assert_eq!(minted.json()["lastUsedAt"], Value::Null);
    assert_eq!(minted.string("hint"), token[token.len() - 4..]);
    assert_eq!(minted.header("etag"), Some("\"1\""));
    assert_eq!(minted.header("cache-control"), Some("no-store"));

    let state = alice.token_state().await.assert_fields(&STATE);
    assert_eq!(state.json()["active"], true);
    for field in ["tokenId", "generation", "hint", "createdAt"] {
        assert_eq!(state.json()[field], minted.json()[field], "{field}");
    }
    assert_eq!(state.header("etag"), Some("\"1\""));
    let shown = app.answers().iter().filter(|answer| answer.text().contains(&token)).count();
    assert_eq!(shown, 1);
}

pub(crate) async fn a_new_token_works_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    app.with_token(&token).account().await.assert_status(200);
}

pub(crate) async fn generating_again_replaces_the_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let answer = alice.post("/v1/user/api-token").send().await;
    let answer = answer.assert_status(201).assert_fields(&MINTED);
    assert_eq!(answer.json()["generation"], 2);
    assert_eq!(answer.header("etag"), Some("\"2\""));

    app.with_token(&old).whoami().await.assert_invalid_api_token();
    app.with_token(&answer.string("token")).whoami().await.assert_user("alice");
}

pub(crate) async fn generating_needs_a_session(store: Store) {
    let app = TestApp::new(store).await;
    app.browser().post("/v1/user/api-token").send().await.assert_no_credential();
    app.browser().get("/v1/user/api-token").send().await.assert_no_credential();
    let stranger = app.anonymous().with_header("cookie", "symbolon_session=AAAAAAAAAAAAAAAAAAAAAA");
    stranger.post("/v1/user/api-token").send().await.assert_no_credential();
}

pub(crate) async fn users_generate_independently(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (of_alice, of_bob) = (alice.generate_token().await, bob.generate_token().await);
    let of_alice_now = alice.regenerate_token().await;
    app.with_token(&of_alice).whoami().await.assert_invalid_api_token();
    app.with_token(&of_alice_now).whoami().await.assert_user("alice");
    app.with_token(&of_bob).whoami().await.assert_user("bob");
    assert_eq!(bob.token_state().await.json()["generation"], 1);
}

pub(crate) async fn the_token_begins_with_the_configured_prefix(store: Store) {
    let settings = Settings::new().flag("--token-prefix", "acme_key");
    let app = TestApp::with(Database::new(store).await, settings).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    assert!(TokenSecret::parse(&"acme_key".parse().unwrap(), &token).is_some(), "{token}");
    app.with_token(&token).whoami().await.assert_user("alice");
    let in_query = app.with_token(&token).get("/v1/token?x=acme_key_something").send().await;
    in_query.assert_refused(400, "InvalidRequest");
}

pub(crate) async fn a_token_outlives_the_server(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let token = alice.regenerate_token().await;
    app.stop().await;
    app.start().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    app.with_token(&old).whoami().await.assert_invalid_api_token();
    assert_eq!(alice.token_state().await.header("etag"), Some("\"2\""));
}

pub(crate) async fn the_time_of_last_use_shows_up(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    assert_eq!(alice.token_state().await.json()["lastUsedAt"], Value::Null);
    app.with_token(&token).whoami().await.assert_user("alice");

    let is_shown = async || !alice.token_state().await.json()["lastUsedAt"].is_null();
    until("no use is shown", std::time::Duration::from_mins(1), is_shown).await;
    alice.regenerate_token().await;
    assert_eq!(alice.token_state().await.json()["lastUsedAt"], Value::Null);
}

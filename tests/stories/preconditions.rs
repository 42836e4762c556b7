//! `If-Match` and `If-None-Match`: nobody replaces or kills a token that they have not seen.

use http::Method;
use tests::{Actor, Answer, Store, TestApp, on_both_stores};

const TOKEN: &str = "/v1/user/api-token";
const REGENERATE: &str = "/v1/user/api-token/regenerate";
const MALFORMED: [&str; 4] = ["1", "\"1", "", "\"1\" \"2\""];
/// Entity tags that are not, or not any more, the one of generation 2.
const STALE: [&str; 7] =
    ["\"1\"", "\"3\"", "\"none\"", "\"1-revoked\"", "\"-1\"", "\"two\"", "\"99999999999\""];

on_both_stores!(
    if_none_match_refuses_to_replace_a_token,
    regenerating_a_token_that_was_seen_succeeds,
    regenerating_a_token_that_was_replaced_meanwhile_is_refused,
    a_malformed_if_match_is_refused,
    revoking_a_token_that_was_replaced_meanwhile_is_refused,
);

pub(crate) async fn if_none_match_refuses_to_replace_a_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let generate = async || alice.post(TOKEN).header("if-none-match", "*").send().await;
    let token = generate().await.assert_status(201).string("token");
    generate().await.assert_refused(412, "PreconditionFailed");
    app.with_token(&token).whoami().await.assert_user("alice");

    alice.revoke_token().await;
    assert_eq!(generate().await.assert_status(201).json()["generation"], 2);
}

pub(crate) async fn regenerating_a_token_that_was_seen_succeeds(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    for generation in 2..5 {
        let seen = alice.token_state().await.header("etag").unwrap().to_owned();
        let answer = if_match(&alice, Method::POST, REGENERATE, &seen).await.assert_status(200);
        assert_eq!(answer.json()["generation"], generation);
    }
}

pub(crate) async fn regenerating_a_token_that_was_replaced_meanwhile_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let token = alice.regenerate_token().await;
    for stale in STALE {
        let answer = if_match(&alice, Method::POST, REGENERATE, stale).await;
        answer.assert_refused(412, "PreconditionFailed");
    }
    app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(alice.token_state().await.json()["generation"], 2);
}

pub(crate) async fn a_malformed_if_match_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    for malformed in MALFORMED {
        if_match(&alice, Method::POST, REGENERATE, malformed).await.assert_validation_error();
        if_match(&alice, Method::DELETE, TOKEN, malformed).await.assert_validation_error();
    }
    app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(alice.token_state().await.json()["generation"], 1);
}

pub(crate) async fn revoking_a_token_that_was_replaced_meanwhile_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let token = alice.regenerate_token().await;
    for stale in STALE {
        let answer = if_match(&alice, Method::DELETE, TOKEN, stale).await;
        answer.assert_refused(412, "PreconditionFailed");
    }
    app.with_token(&token).whoami().await.assert_user("alice");

    if_match(&alice, Method::DELETE, TOKEN, "\"2\"").await.assert_status(204);
    app.with_token(&token).whoami().await.assert_invalid_api_token();
}

async fn if_match(actor: &Actor, method: Method, target: &str, etag: &str) -> Answer {
    actor.request(method, target).header("if-match", etag).send().await
}

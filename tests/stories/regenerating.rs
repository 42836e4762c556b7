//! Replacing a token.

use tests::{Store, TestApp, on_both_stores};

use crate::generating::MINTED;

on_both_stores!(
    the_old_token_stops_working_at_once,
    a_regenerated_token_is_shown_once,
    regenerating_without_a_token_is_a_conflict,
    regenerating_needs_a_session,
    only_the_newest_of_many_tokens_works,
    simultaneous_regenerations_leave_one_live_token,
);

pub(crate) async fn the_old_token_stops_working_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let new = alice.regenerate_token().await;
    app.with_token(&old).whoami().await.assert_invalid_api_token();
    app.with_token(&old).account().await.assert_invalid_api_token();
    app.with_token(&new).whoami().await.assert_user("alice");
}

pub(crate) async fn a_regenerated_token_is_shown_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let first = alice.post("/v1/user/api-token").send().await.assert_status(201);
    let second = alice.post("/v1/user/api-token/regenerate").send().await.assert_status(200);
    let second = second.assert_fields(&MINTED);
    assert_eq!(second.string("message"), "API token regenerated successfully.");
    assert_eq!(second.json()["generation"], 2);
    assert_eq!(second.header("etag"), Some("\"2\""));
    assert_eq!(second.header("cache-control"), Some("no-store"));
    assert_ne!(second.string("token"), first.string("token"));
    assert_ne!(second.string("tokenId"), first.string("tokenId"));

    let state = alice.token_state().await;
    assert_eq!(state.string("tokenId"), second.string("tokenId"));
    assert_eq!(state.string("hint"), second.string("hint"));
}

pub(crate) async fn regenerating_without_a_token_is_a_conflict(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let regenerate = async || alice.post("/v1/user/api-token/regenerate").send().await;
    regenerate().await.assert_refused(409, "Conflict");
    alice.generate_token().await;
    alice.revoke_token().await;
    regenerate().await.assert_refused(409, "Conflict");
    assert_eq!(alice.token_state().await.json()["active"], false);
}

pub(crate) async fn regenerating_needs_a_session(store: Store) {
    let app = TestApp::new(store).await;
    app.browser().post("/v1/user/api-token/regenerate").send().await.assert_no_credential();
}

pub(crate) async fn only_the_newest_of_many_tokens_works(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let mut tokens = vec![alice.generate_token().await];
    for _ in 0..10 {
        tokens.push(alice.regenerate_token().await);
    }
    let newest = tokens.pop().unwrap();
    for old in tokens {
        app.with_token(&old).whoami().await.assert_invalid_api_token();
    }
    let answer = app.with_token(&newest).whoami().await.assert_user("alice");
    assert_eq!(answer.json()["generation"], 11);
}

pub(crate) async fn simultaneous_regenerations_leave_one_live_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let alice = alice.clone();
            tokio::spawn(async move { alice.post("/v1/user/api-token/regenerate").send().await })
        })
        .collect();
    let mut acknowledged = Vec::new();
    for caller in callers {
        let answer = caller.await.unwrap();
        if answer.status == 409 {
            answer.assert_refused(409, "Conflict");
        } else {
            acknowledged.push(answer.assert_status(200));
        }
    }
    acknowledged.sort_by_key(|answer| answer.json()["generation"].as_u64());
    let newest = acknowledged.pop().expect("somebody wins");
    for answer in acknowledged {
        app.with_token(&answer.string("token")).whoami().await.assert_invalid_api_token();
    }
    app.with_token(&newest.string("token")).whoami().await.assert_user("alice");
    assert_eq!(alice.token_state().await.string("tokenId"), newest.string("tokenId"));
}

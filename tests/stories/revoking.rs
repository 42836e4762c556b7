//! A user kills the own token and is left with none.

use serde_json::Value;
use tests::{Store, TestApp, on_both_stores};

use crate::generating::STATE;

on_both_stores!(
    a_revoked_token_stops_working_at_once,
    after_revoking_no_token_is_active,
    revoking_without_a_token_changes_nothing,
    the_count_goes_on_after_revoking,
    revoking_needs_a_session,
);

pub(crate) async fn a_revoked_token_stops_working_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let answer = alice.revoke_token().await;
    assert!(answer.body.is_empty(), "{answer:?}");
    app.with_token(&token).whoami().await.assert_invalid_api_token();
}

pub(crate) async fn after_revoking_no_token_is_active(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    alice.regenerate_token().await;
    alice.revoke_token().await;
    let state = alice.token_state().await.assert_fields(&STATE);
    assert_eq!(state.header("etag"), Some("\"2-revoked\""));
    let body = state.json();
    assert_eq!(body["active"], false);
    assert_eq!(body["generation"], 2);
    for field in ["tokenId", "hint", "createdAt", "lastUsedAt"] {
        assert_eq!(body[field], Value::Null, "{field}");
    }
}

pub(crate) async fn revoking_without_a_token_changes_nothing(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.revoke_token().await;
    assert_eq!(alice.history().await.len(), 0);
    alice.generate_token().await;
    alice.revoke_token().await;
    alice.revoke_token().await;
    assert_eq!(alice.history().await.len(), 2);
}

pub(crate) async fn the_count_goes_on_after_revoking(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    alice.revoke_token().await;
    let new = alice.generate_token().await;
    let answer = app.with_token(&new).whoami().await.assert_user("alice");
    assert_eq!(answer.json()["generation"], 2);
    app.with_token(&old).whoami().await.assert_invalid_api_token();
}

pub(crate) async fn revoking_needs_a_session(store: Store) {
    let app = TestApp::new(store).await;
    app.browser().delete("/v1/user/api-token").send().await.assert_no_credential();
}

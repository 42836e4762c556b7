//! An administrator kills somebody's token.

use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    an_administrator_revokes_a_users_token,
    revoking_where_no_token_is_changes_nothing,
    the_token_of_an_unknown_user_cannot_be_revoked,
);

pub(crate) async fn an_administrator_revokes_a_users_token(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (of_alice, of_bob) = (alice.generate_token().await, bob.generate_token().await);
    app.admin().revoke_token_of(&alice.id).await;
    app.with_token(&of_alice).whoami().await.assert_invalid_api_token();
    app.with_token(&of_bob).whoami().await.assert_user("bob");
    assert_eq!(alice.token_state().await.json()["active"], false);

    let new = alice.generate_token().await;
    app.with_token(&new).whoami().await.assert_user("alice");
}

pub(crate) async fn revoking_where_no_token_is_changes_nothing(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    app.admin().revoke_token_of(&alice.id).await;
    assert_eq!(alice.history().await.len(), 0);
}

pub(crate) async fn the_token_of_an_unknown_user_cannot_be_revoked(store: Store) {
    let app = TestApp::new(store).await;
    for id in ["00000000-0000-4000-8000-000000000000", "nonsense"] {
        let target = format!("/v1/admin/users/{id}/api-token");
        app.admin().delete(&target).send().await.assert_not_found();
    }
}

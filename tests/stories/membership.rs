//! The token has its user's access of this moment, not of the moment it was made.

use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    the_next_call_after_losing_the_membership_is_refused,
    a_new_membership_counts_for_an_old_token,
    a_changed_role_shows_at_once,
    losing_one_of_two_memberships_makes_the_header_optional,
);

pub(crate) async fn the_next_call_after_losing_the_membership_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    bearer.account().await.assert_status(200);
    app.admin().remove_member(app.account_id(), &alice.id).await;
    bearer.account().await.assert_forbidden();
    bearer.in_account(app.account_id()).account().await.assert_forbidden();
    alice.account().await.assert_forbidden();
    let told = bearer.whoami().await.assert_user("alice").json();
    assert_eq!(told["accounts"].as_array().unwrap().len(), 0);

    app.admin().put_member(app.account_id(), &alice.id, "viewer").await;
    bearer.account().await.assert_status(200);
}

pub(crate) async fn a_new_membership_counts_for_an_old_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user_in_no_account("alice").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    bearer.account().await.assert_forbidden();
    app.admin().put_member(app.account_id(), &alice.id, "member").await;
    bearer.account().await.assert_status(200);
}

pub(crate) async fn a_changed_role_shows_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    for role in ["viewer", "admin", "member", "viewer"] {
        app.admin().put_member(app.account_id(), &alice.id, role).await;
        let answer = app.with_token(&token).account().await.assert_status(200);
        assert_eq!(answer.json()["role"], role);
        let told = app.with_token(&token).whoami().await.json();
        assert_eq!(told["accounts"][0]["role"], role);
    }
}

pub(crate) async fn losing_one_of_two_memberships_makes_the_header_optional(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    bearer.account().await.assert_refused(400, "AccountRequired");
    app.admin().remove_member(app.account_id(), &alice.id).await;
    let answer = bearer.account().await.assert_status(200);
    assert_eq!(answer.header("x-account-id"), Some(&*second));
    bearer.in_account(app.account_id()).account().await.assert_forbidden();
}

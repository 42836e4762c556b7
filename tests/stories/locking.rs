//! A locked user is out, with token and browser, and comes back without the old token.

use serde_json::{Value, json};
use tests::actors::password_of;
use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    locking_kills_the_token_at_once,
    locking_ends_the_browser_sessions,
    a_locked_user_cannot_sign_in,
    a_locked_user_cannot_come_in_by_a_setup_code,
    after_unlocking_a_new_token_must_be_generated,
    locking_twice_is_locking_once,
    an_administrator_cannot_lock_herself_out,
    an_unknown_user_cannot_be_locked,
    a_locked_administrator_administers_nothing,
);

pub(crate) async fn locking_kills_the_token_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (of_alice, of_bob) = (alice.generate_token().await, bob.generate_token().await);
    app.admin().lock(&alice.id).await;
    app.with_token(&of_alice).whoami().await.assert_invalid_api_token();
    app.with_token(&of_alice).account().await.assert_invalid_api_token();
    app.with_token(&of_bob).whoami().await.assert_user("bob");
}

pub(crate) async fn locking_ends_the_browser_sessions(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    app.admin().lock(&alice.id).await;
    alice.get("/v1/user/api-token").send().await.assert_no_credential();
    alice.post("/v1/user/api-token").send().await.assert_no_credential();
    alice.account().await.assert_no_credential();
}

pub(crate) async fn a_locked_user_cannot_sign_in(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.sign_out().await.assert_status(204);
    app.admin().lock(&alice.id).await;
    alice.sign_in().await.assert_error(401, "Unauthorized", "Invalid e-mail or password");
    app.admin().unlock(&alice.id).await;
    alice.sign_in().await.assert_status(200);
}

pub(crate) async fn a_locked_user_cannot_come_in_by_a_setup_code(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite("alice").await;
    app.admin().lock(&invitation.user_id).await;
    let browser = app.browser();
    let body = json!({ "code": invitation.code, "password": password_of("alice") });
    let answer = browser.post("/v1/setup").json(body).send().await.assert_forbidden();
    assert_eq!(answer.header("set-cookie"), None);
    browser.get("/v1/user/api-token").send().await.assert_no_credential();
}

pub(crate) async fn after_unlocking_a_new_token_must_be_generated(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    app.admin().lock(&alice.id).await;
    app.admin().unlock(&alice.id).await;
    app.with_token(&old).whoami().await.assert_invalid_api_token();

    alice.sign_in().await.assert_status(200);
    assert_eq!(alice.token_state().await.json()["active"], false);
    let new = alice.generate_token().await;
    let answer = app.with_token(&new).whoami().await.assert_user("alice");
    assert_eq!(answer.json()["generation"], 2);
    app.with_token(&old).whoami().await.assert_invalid_api_token();
}

pub(crate) async fn locking_twice_is_locking_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    app.admin().lock(&alice.id).await;
    app.admin().lock(&alice.id).await;
    assert_eq!(locked(&app, &alice.id).await, true);
    app.admin().unlock(&alice.id).await;
    app.admin().unlock(&alice.id).await;
    assert_eq!(locked(&app, &alice.id).await, false);
    alice.sign_in().await.assert_status(200);
    assert_eq!(alice.history().await.len(), 2);
}

pub(crate) async fn an_administrator_cannot_lock_herself_out(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    let target = format!("/v1/admin/users/{}/lock", root.id);
    root.put(&target).send().await.assert_refused(409, "Conflict");
    root.token_state().await;
    assert_eq!(locked(&app, &root.id).await, false);
}

pub(crate) async fn an_unknown_user_cannot_be_locked(store: Store) {
    let app = TestApp::new(store).await;
    for id in ["00000000-0000-4000-8000-000000000000", "nonsense", app.account_id()] {
        let target = format!("/v1/admin/users/{id}/lock");
        app.admin().put(&target).send().await.assert_not_found();
        app.admin().delete(&target).send().await.assert_not_found();
    }
}

pub(crate) async fn a_locked_administrator_administers_nothing(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite_with_roles("alice", &["admin"]).await;
    let alice = app.accept(&invitation).await;
    let token = alice.generate_token().await;
    app.with_token(&token).get("/v1/admin/users").send().await.assert_status(200);
    app.admin().lock(&alice.id).await;
    app.with_token(&token).get("/v1/admin/users").send().await.assert_invalid_api_token();
    alice.get("/v1/admin/users").send().await.assert_no_credential();
}

async fn locked(app: &TestApp, user_id: &str) -> Value {
    let users = app.admin().get("/v1/admin/users?limit=100").send().await.assert_status(200).json();
    let user = users["data"].as_array().unwrap().iter().find(|user| user["id"] == user_id);
    user.expect("the user is listed")["locked"].clone()
}

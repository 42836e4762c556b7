//! The token in use: who it is, what it may not do, and how it kills itself.

use http::Method;
use serde_json::json;
use tests::answer::keys;
use tests::{Store, TestApp, on_both_stores};

/// Every route of the settings page.
pub(crate) const SESSION_ONLY: [(Method, &str); 5] = [
    (Method::GET, "/v1/user/api-token"),
    (Method::POST, "/v1/user/api-token"),
    (Method::DELETE, "/v1/user/api-token"),
    (Method::POST, "/v1/user/api-token/regenerate"),
    (Method::GET, "/v1/user/api-token/history"),
];

on_both_stores!(
    the_token_knows_its_user_and_accounts,
    the_token_of_a_user_without_accounts_knows_its_user,
    a_token_can_kill_itself,
    a_token_may_not_manage_tokens,
    a_bad_token_is_refused_where_tokens_are_managed,
    a_session_is_no_token,
    the_authorization_header_decides_over_the_cookie,
    the_account_header_is_not_judged_where_accounts_are_found_out,
);

pub(crate) async fn the_token_knows_its_user_and_accounts(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    let token = alice.generate_token().await;
    let answer = app.with_token(&token).whoami().await.assert_user("alice");
    let answer = answer.assert_fields(&["active", "tokenId", "generation", "user", "accounts"]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let state = alice.token_state().await.json();
    let told = answer.json();
    assert_eq!(told["tokenId"], state["tokenId"]);
    assert_eq!(told["generation"], 1);
    assert_eq!(told["user"], json!({ "id": alice.id, "name": "alice" }));
    let mut accounts = told["accounts"].as_array().unwrap().clone();
    accounts.sort_by_key(|account| account["name"].to_string());
    assert_eq!(
        accounts,
        [
            json!({ "id": app.account_id(), "name": "Main", "role": "member" }),
            json!({ "id": second, "name": "Second", "role": "viewer" }),
        ]
    );
    assert_eq!(keys(&accounts[0]), ["id", "name", "role"]);
}

pub(crate) async fn the_token_of_a_user_without_accounts_knows_its_user(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user_in_no_account("alice").await;
    let token = alice.generate_token().await;
    let answer = app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(answer.json()["accounts"], json!([]));
}

pub(crate) async fn a_token_can_kill_itself(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    let answer = bearer.delete("/v1/token").send().await.assert_status(204);
    assert!(answer.body.is_empty(), "{answer:?}");
    bearer.whoami().await.assert_invalid_api_token();
    bearer.delete("/v1/token").send().await.assert_invalid_api_token();
    assert_eq!(alice.token_state().await.json()["active"], false);
    assert_eq!(alice.history().await.len(), 2);
}

pub(crate) async fn a_token_may_not_manage_tokens(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let both = app.with_token(&token).with_header("cookie", &alice.cookie_header().unwrap());
    for (method, target) in SESSION_ONLY {
        let bearer = app.with_token(&token);
        bearer.request(method.clone(), target).send().await.assert_forbidden();
        both.request(method, target).send().await.assert_forbidden();
    }
    app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(alice.token_state().await.json()["generation"], 1);
}

pub(crate) async fn a_bad_token_is_refused_where_tokens_are_managed(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let new = alice.regenerate_token().await;
    for (method, target) in SESSION_ONLY {
        let bearer = app.with_token(&old);
        bearer.request(method.clone(), target).send().await.assert_invalid_api_token();
        let with_cookie = app.with_token("nonsense");
        let with_cookie = with_cookie.with_header("cookie", &alice.cookie_header().unwrap());
        with_cookie.request(method, target).send().await.assert_invalid_api_token();
    }
    app.with_token(&new).whoami().await.assert_user("alice");
}

pub(crate) async fn a_session_is_no_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    alice.whoami().await.assert_no_credential();
    alice.delete("/v1/token").send().await.assert_no_credential();
    app.with_token(&token).whoami().await.assert_user("alice");
}

pub(crate) async fn the_authorization_header_decides_over_the_cookie(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user_in_no_account("bob").await);
    let of_bob = bob.generate_token().await;
    let cookie = alice.cookie_header().unwrap();
    alice.account().await.assert_status(200);

    let both = app.with_token(&of_bob).with_header("cookie", &cookie);
    both.whoami().await.assert_user("bob");
    both.account().await.assert_forbidden();

    let bad_token = app.with_token("nonsense").with_header("cookie", &cookie);
    bad_token.account().await.assert_invalid_api_token();
    let other_scheme = app.anonymous().with_header("authorization", "Basic YTpi");
    let other_scheme = other_scheme.with_header("cookie", &cookie);
    other_scheme.account().await.assert_no_credential();
}

pub(crate) async fn the_account_header_is_not_judged_where_accounts_are_found_out(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let foreign = app.admin().open_account("Foreign").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    for account in [&*foreign, "nonsense", app.account_id()] {
        bearer.in_account(account).whoami().await.assert_user("alice");
    }
    let twice = bearer.in_account(&foreign).in_account(&foreign);
    twice.whoami().await.assert_refused(400, "InvalidRequest");
    twice.delete("/v1/token").send().await.assert_refused(400, "InvalidRequest");
    bearer.in_account(&foreign).delete("/v1/token").send().await.assert_status(204);
}

//! Who may administer: nobody but administrators of the instance, by token or by browser.

use http::Method;
use serde_json::json;
use tests::{Answer, Client, Store, TestApp, on_both_stores};

on_both_stores!(
    everyone_else_is_refused_on_every_route,
    an_administrators_token_administers_too,
    an_administrator_needs_no_account,
);

/// Every administration route on this user and account, with a body that would be accepted.
fn every_route(app: &TestApp, user_id: &str) -> Vec<(Method, String, serde_json::Value)> {
    let user = format!("/v1/admin/users/{user_id}");
    let member = format!("/v1/admin/accounts/{}/members/{user_id}", app.account_id());
    vec![
        (Method::GET, "/v1/admin/users".to_owned(), json!(null)),
        (
            Method::POST,
            "/v1/admin/users".to_owned(),
            json!({ "email": "new@example.test", "name": "new" }),
        ),
        (Method::PUT, format!("{user}/lock"), json!(null)),
        (Method::DELETE, format!("{user}/lock"), json!(null)),
        (Method::DELETE, format!("{user}/api-token"), json!(null)),
        (Method::GET, "/v1/admin/accounts".to_owned(), json!(null)),
        (Method::POST, "/v1/admin/accounts".to_owned(), json!({ "name": "new" })),
        (Method::GET, "/v1/admin/endpoints".to_owned(), json!(null)),
        (Method::GET, "/v1/admin/deliveries".to_owned(), json!(null)),
        (Method::PUT, member.clone(), json!({ "role": "viewer" })),
        (Method::DELETE, member, json!(null)),
    ]
}

async fn ask(
    client: &Client,
    (method, target, body): (Method, String, serde_json::Value),
) -> Answer {
    let request = client.request(method, &target);
    if body.is_null() { request.send().await } else { request.json(body).send().await }
}

pub(crate) async fn everyone_else_is_refused_on_every_route(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    app.admin().put_member(app.account_id(), &alice.id, "admin").await;
    let auditor = app.admin().invite_with_roles("carol", &["auditor"]).await;
    let carol = app.accept(&auditor).await;
    let (of_alice, of_bob) = (alice.generate_token().await, bob.generate_token().await);
    for route in every_route(&app, &bob.id) {
        for client in [&*alice, &*carol, &app.with_token(&of_alice)] {
            ask(client, route.clone()).await.assert_forbidden();
        }
        ask(&app.anonymous(), route.clone()).await.assert_no_credential();
        ask(&app.with_token("nonsense"), route.clone()).await.assert_invalid_api_token();
        let twice = app.with_token(&of_alice).with_token(&of_alice);
        ask(&twice, route).await.assert_refused(400, "InvalidRequest");
    }
    let told = app.with_token(&of_bob).account().await.assert_status(200).json();
    assert_eq!(told["role"], "member");
    let list = app.admin().get("/v1/admin/users").send().await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 4);
}

pub(crate) async fn an_administrators_token_administers_too(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.admin().generate_token().await;
    let bob = app.user("bob").await;
    let bearer = app.with_token(&token);
    for route in every_route(&app, &bob.id) {
        let answer = ask(&bearer, route).await;
        assert!(answer.status.is_success(), "{answer:?}");
    }
    let told = bob.history().await;
    assert_eq!(told.len(), 0, "{told:?}");
}

pub(crate) async fn an_administrator_needs_no_account(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite_with_roles("alice", &["admin"]).await;
    let alice = app.accept(&invitation).await;
    let token = alice.generate_token().await;
    alice.get("/v1/admin/users").send().await.assert_status(200);
    app.with_token(&token).get("/v1/admin/users").send().await.assert_status(200);

    let second = app.admin().open_account("Second").await;
    for account in [app.account_id(), &*second] {
        app.admin().put_member(account, &alice.id, "viewer").await;
    }
    app.with_token(&token).get("/v1/admin/users").send().await.assert_status(200);
}

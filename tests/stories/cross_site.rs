//! Another web site cannot act through a user's browser.

use http::Method;
use serde_json::json;
use tests::{Actor, Answer, Database, Settings, Store, TestApp, on_both_stores};

on_both_stores!(
    a_request_from_another_site_changes_nothing,
    a_request_from_a_foreign_origin_changes_nothing,
    a_request_from_our_own_pages_is_served,
    reading_is_not_a_cross_site_matter,
    pages_under_the_public_url_are_our_own,
);

pub(crate) async fn a_request_from_another_site_changes_nothing(store: Store) {
    refuses_everything_with(store, ("sec-fetch-site", "cross-site")).await;
}

pub(crate) async fn a_request_from_a_foreign_origin_changes_nothing(store: Store) {
    refuses_everything_with(store, ("origin", "https://evil.test")).await;
}

async fn refuses_everything_with(store: Store, (name, value): (&str, &str)) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    for (method, target) in [
        (Method::POST, "/v1/user/api-token"),
        (Method::POST, "/v1/user/api-token/regenerate"),
        (Method::DELETE, "/v1/user/api-token"),
        (Method::DELETE, "/v1/session"),
    ] {
        let request = alice.request(method, target).header(name, value);
        request.send().await.assert_forbidden();
    }
    let body = json!({ "name": "Second" });
    let request = app.admin().post("/v1/admin/accounts").header(name, value);
    request.json(body).send().await.assert_forbidden();

    let body = json!({ "email": alice.email, "password": alice.password });
    let request = app.browser().post("/v1/session").header(name, value).json(body);
    request.send().await.assert_forbidden();

    app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(alice.token_state().await.json()["generation"], 1);
    let accounts = app.admin().get("/v1/admin/accounts").send().await.json();
    assert_eq!(accounts["data"].as_array().unwrap().len(), 1);
}

pub(crate) async fn a_request_from_our_own_pages_is_served(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let own = format!("http://{}", app.server().address());
    generate(&alice, &[("sec-fetch-site", "same-origin")]).await.assert_status(201);
    generate(&alice, &[("sec-fetch-site", "none")]).await.assert_status(201);
    generate(&alice, &[("origin", &own)]).await.assert_status(201);
    generate(&alice, &[("origin", &own), ("sec-fetch-site", "same-origin")])
        .await
        .assert_status(201);
}

pub(crate) async fn reading_is_not_a_cross_site_matter(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.test")] {
        let request = alice.get("/v1/user/api-token").header(name, value);
        let answer = request.send().await.assert_status(200);
        // The browser keeps the answer from a script of another site.
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

pub(crate) async fn pages_under_the_public_url_are_our_own(store: Store) {
    let settings = Settings::new().flag("--public-url", "https://tokens.example.test");
    let app = TestApp::with(Database::new(store).await, settings).await;
    let alice = app.user("alice").await;
    generate(&alice, &[("origin", "https://tokens.example.test")]).await.assert_status(201);
    generate(&alice, &[("origin", "https://tokens.example.test.evil.test")])
        .await
        .assert_forbidden();
    generate(&alice, &[("origin", "null")]).await.assert_forbidden();
}

async fn generate(actor: &Actor, headers: &[(&str, &str)]) -> Answer {
    let mut request = actor.post("/v1/user/api-token");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request.send().await
}

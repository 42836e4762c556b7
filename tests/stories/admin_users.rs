//! An administrator registers and lists users.

use serde_json::json;
use tests::answer::keys;
use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    a_registered_user_gets_a_setup_link,
    an_address_is_registered_once_in_any_case,
    roles_are_granted_at_registration,
    a_registration_with_a_bad_body_changes_nothing,
    all_users_are_listed_without_secrets,
);

pub(crate) async fn a_registered_user_gets_a_setup_link(store: Store) {
    let app = TestApp::new(store).await;
    let body = json!({ "email": "alice@example.test", "name": "Alice" });
    let answer = app.admin().post("/v1/admin/users").json(body).send().await.assert_status(201);
    let answer =
        answer.assert_fields(&["id", "email", "name", "roles", "locked", "setupCode", "setupUrl"]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let (code, link) = (answer.string("setupCode"), answer.string("setupUrl"));
    assert_eq!(link, format!("http://{}/setup?code={code}", app.server().address()));
    assert_eq!(answer.string("email"), "alice@example.test");
    assert_eq!(answer.string("name"), "Alice");
    assert_eq!(answer.json()["roles"], json!([]));
    assert_eq!(answer.json()["locked"], false);

    let body = json!({ "code": code, "password": "correct horse battery" });
    app.browser().post("/v1/setup").json(body).send().await.assert_status(201);
}

pub(crate) async fn an_address_is_registered_once_in_any_case(store: Store) {
    let app = TestApp::new(store).await;
    app.admin().invite("alice").await;
    for email in ["alice@example.test", "ALICE@Example.Test"] {
        let body = json!({ "email": email, "name": "Another" });
        let answer = app.admin().post("/v1/admin/users").json(body).send().await;
        answer.assert_refused(409, "Conflict");
    }
    let users = app.admin().get("/v1/admin/users").send().await.json();
    assert_eq!(users["data"].as_array().unwrap().len(), 2);
}

pub(crate) async fn roles_are_granted_at_registration(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite_with_roles("alice", &["admin", "auditor"]).await;
    let alice = app.accept(&invitation).await;
    let mut roles = alice.sign_in().await.assert_status(200).json()["roles"].clone();
    roles.as_array_mut().unwrap().sort_by_key(ToString::to_string);
    assert_eq!(roles, json!(["admin", "auditor"]));
    alice.invite("bob").await;
}

pub(crate) async fn a_registration_with_a_bad_body_changes_nothing(store: Store) {
    let app = TestApp::new(store).await;
    for body in [
        json!({}),
        json!({ "email": "alice@example.test" }),
        json!({ "name": "alice" }),
        json!({ "email": "", "name": "alice" }),
        json!({ "email": "no-at-sign", "name": "alice" }),
        json!({ "email": "alice@example.test", "name": "" }),
        json!({ "email": "alice@example.test", "name": 7 }),
        json!({ "email": "alice@example.test", "name": "alice", "roles": ["root"] }),
        json!({ "email": "alice@example.test", "name": "alice", "roles": "admin" }),
        json!({ "email": "alice@example.test", "name": "alice", "password": "twelve characters" }),
    ] {
        app.admin().post("/v1/admin/users").json(body).send().await.assert_validation_error();
    }
    app.admin().invite("alice").await;
}

pub(crate) async fn all_users_are_listed_without_secrets(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite("alice").await;
    let answer = app.admin().get("/v1/admin/users").send().await.assert_status(200);
    assert!(!answer.text().contains(&invitation.code));
    let list = answer.assert_fields(&["data", "hasMore", "next", "previous"]).json();
    let users = list["data"].as_array().unwrap();
    for user in users {
        assert_eq!(keys(user), ["email", "erasedAt", "id", "locked", "name", "roles"]);
    }
    let mut names: Vec<_> = users.iter().map(|user| user["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["alice", "root"]);
}

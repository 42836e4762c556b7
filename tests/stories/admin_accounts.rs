//! An administrator opens accounts and decides who belongs to them.

use serde_json::json;
use tests::answer::keys;
use tests::{Store, TestApp, on_both_stores};

const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

on_both_stores!(
    an_opened_account_is_listed,
    an_account_with_a_bad_body_is_not_opened,
    putting_a_member_twice_is_putting_once,
    a_member_needs_an_account_a_user_and_a_role,
    a_membership_that_is_not_there_cannot_be_removed,
);

pub(crate) async fn an_opened_account_is_listed(store: Store) {
    let app = TestApp::new(store).await;
    let body = json!({ "name": "Second & third" });
    let answer = app.admin().post("/v1/admin/accounts").json(body).send().await;
    let answer = answer.assert_status(201).assert_fields(&["id", "name"]);
    assert_eq!(answer.string("name"), "Second & third");

    let list = app.admin().get("/v1/admin/accounts").send().await.assert_status(200);
    let list = list.assert_fields(&["data", "hasMore", "next", "previous"]).json();
    let accounts = list["data"].as_array().unwrap();
    assert_eq!(accounts.len(), 2);
    for account in accounts {
        assert_eq!(keys(account), ["closed", "id", "name"]);
        assert_eq!(account["closed"], false);
    }
    assert!(accounts.iter().any(|account| account["id"] == answer.string("id")), "{list}");
    assert!(accounts.iter().any(|account| account["id"] == app.account_id()), "{list}");
}

pub(crate) async fn an_account_with_a_bad_body_is_not_opened(store: Store) {
    let app = TestApp::new(store).await;
    for body in [json!({}), json!({ "name": "" }), json!({ "name": 1 }), json!({ "title": "A" })] {
        app.admin().post("/v1/admin/accounts").json(body).send().await.assert_validation_error();
    }
    let list = app.admin().get("/v1/admin/accounts").send().await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

pub(crate) async fn putting_a_member_twice_is_putting_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user_in_no_account("alice").await;
    for _ in 0..2 {
        app.admin().put_member(app.account_id(), &alice.id, "member").await;
        alice.account().await.assert_status(200);
    }
    app.admin().remove_member(app.account_id(), &alice.id).await;
    alice.account().await.assert_forbidden();
}

pub(crate) async fn a_member_needs_an_account_a_user_and_a_role(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    let alice = app.user_in_no_account("alice").await;
    let put = async |account: &str, user: &str, body: serde_json::Value| {
        let target = format!("/v1/admin/accounts/{account}/members/{user}");
        root.put(&target).json(body).send().await
    };
    let role = || json!({ "role": "member" });
    put(UNKNOWN, &alice.id, role()).await.assert_not_found();
    put("nonsense", &alice.id, role()).await.assert_not_found();
    put(app.account_id(), UNKNOWN, role()).await.assert_not_found();
    put(app.account_id(), "nonsense", role()).await.assert_not_found();
    for body in [json!({}), json!({ "role": "owner" }), json!({ "role": null }), json!([])] {
        put(app.account_id(), &alice.id, body).await.assert_validation_error();
    }
    alice.account().await.assert_forbidden();
}

pub(crate) async fn a_membership_that_is_not_there_cannot_be_removed(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user_in_no_account("alice").await;
    let bob = app.user("bob").await;
    for (account, user) in [
        (app.account_id(), &*alice.id),
        (app.account_id(), UNKNOWN),
        (UNKNOWN, &*bob.id),
        ("nonsense", &*bob.id),
    ] {
        let target = format!("/v1/admin/accounts/{account}/members/{user}");
        app.admin().delete(&target).send().await.assert_not_found();
    }
    bob.account().await.assert_status(200);
}

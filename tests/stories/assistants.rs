//! The operator says which assistants make an account's calls; its members see them.

use std::slice::from_ref;

use serde_json::{Value, json};
use tests::integration::ASSISTANT_NUMBER;
use tests::{Answer, Store, TestApp, on_both_stores};

use crate::account_header::UNKNOWN;

const ASSISTANT: [&str; 4] = ["id", "name", "objectType", "phoneNumber"];

on_both_stores!(
    an_assistant_is_added_and_listed,
    a_removed_assistant_is_listed_no_more,
    an_account_has_its_own_assistants,
    an_assistant_needs_a_name_and_a_number,
    only_an_assistant_that_is_there_can_be_removed,
    a_list_of_assistants_comes_in_pages,
);

pub(crate) async fn an_assistant_is_added_and_listed(store: Store) {
    let app = TestApp::new(store).await;
    let (root, viewer) = (app.admin(), app.integration("victor", "viewer").await);
    let target = format!("/v1/admin/accounts/{}/assistants", app.account_id());
    assert!(root.entries(&target).await.is_empty());
    let body = json!({ "name": " Vera ", "phoneNumber": ASSISTANT_NUMBER });
    let answer = root.post(&target).json(body).send().await.assert_status(201);
    let added = answer.assert_fields(&ASSISTANT).json();
    assert_eq!(added["objectType"], "assistant");
    assert_eq!(added["name"], "Vera");
    assert_eq!(added["phoneNumber"], ASSISTANT_NUMBER);
    assert_eq!(root.entries(&target).await, from_ref(&added));
    for client in [&*viewer, &*viewer.user, root] {
        assert_eq!(client.entries("/v1/assistants").await, from_ref(&added));
    }
}

pub(crate) async fn a_removed_assistant_is_listed_no_more(store: Store) {
    let app = TestApp::new(store).await;
    let (first, second) = (app.assistant().await, app.assistant().await);
    app.admin().remove_assistant(app.account_id(), &first).await;
    let ids = async |list: &str| -> Vec<Value> {
        app.admin().entries(list).await.iter().map(|it| it["id"].clone()).collect()
    };
    let target = format!("/v1/admin/accounts/{}/assistants", app.account_id());
    assert_eq!(ids(&target).await, [json!(second)]);
    assert_eq!(ids("/v1/assistants").await, [json!(second)]);
}

pub(crate) async fn an_account_has_its_own_assistants(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice) = (app.admin(), app.integration("alice", "member").await);
    let other = root.open_account("Other").await;
    let foreign = root.add_assistant(&other).await;
    assert!(alice.entries("/v1/assistants").await.is_empty());
    let target = format!("/v1/admin/accounts/{other}/assistants");
    assert_eq!(root.entries(&target).await[0]["id"], foreign);
    alice.get(&target).send().await.assert_forbidden();
    alice.in_account(&other).get("/v1/assistants").send().await.assert_forbidden();
}

pub(crate) async fn an_assistant_needs_a_name_and_a_number(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    let add = async |account_id: &str, body: Value| -> Answer {
        let target = format!("/v1/admin/accounts/{account_id}/assistants");
        root.post(&target).json(body).send().await
    };
    let number = "phoneNumber must be a phone number in E.164 form, like +14155552671";
    let name = "name must have 1 to 255 characters, none of them a control character";
    for (body, said) in [
        (json!({ "name": "Vera" }), "Invalid request body: missing field `phoneNumber`"),
        (json!({ "phoneNumber": ASSISTANT_NUMBER }), "Invalid request body: missing field `name`"),
        (json!({ "name": "Vera", "phoneNumber": "4155550100" }), number),
        (json!({ "name": "", "phoneNumber": ASSISTANT_NUMBER }), name),
        (json!({ "name": "Ve\0ra", "phoneNumber": ASSISTANT_NUMBER }), name),
        (
            json!({ "name": "Vera", "phoneNumber": ASSISTANT_NUMBER, "voice": "low" }),
            "Invalid request body: unknown field `voice`",
        ),
    ] {
        let answer = add(app.account_id(), body).await;
        answer.assert_error(400, "ValidationError", said);
    }
    assert!(root.entries("/v1/assistants").await.is_empty());
    for account_id in [UNKNOWN, "nonsense", &root.id] {
        let body = json!({ "name": "Vera", "phoneNumber": ASSISTANT_NUMBER });
        add(account_id, body).await.assert_not_found();
        let target = format!("/v1/admin/accounts/{account_id}/assistants");
        root.get(&target).send().await.assert_not_found();
    }
}

pub(crate) async fn only_an_assistant_that_is_there_can_be_removed(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    let other = root.open_account("Other").await;
    let (own, foreign) = (app.assistant().await, root.add_assistant(&other).await);
    let remove = async |account_id: &str, id: &str| -> Answer {
        let target = format!("/v1/admin/accounts/{account_id}/assistants/{id}");
        root.delete(&target).send().await
    };
    for id in [&foreign, UNKNOWN, "nonsense", "%00"] {
        remove(app.account_id(), id).await.assert_not_found();
    }
    remove(UNKNOWN, &own).await.assert_not_found();
    assert!(remove(app.account_id(), &own).await.assert_status(204).body.is_empty());
    remove(app.account_id(), &own).await.assert_not_found();
    assert!(root.entries("/v1/assistants").await.is_empty());
}

pub(crate) async fn a_list_of_assistants_comes_in_pages(store: Store) {
    let app = TestApp::new(store).await;
    for _ in 0..5 {
        app.assistant().await;
    }
    let list = format!("/v1/admin/accounts/{}/assistants", app.account_id());
    for list in ["/v1/assistants", &list] {
        crate::paging::assert_walks_both_ways(app.admin(), list).await;
    }
}

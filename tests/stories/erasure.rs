//! Who a user was can be forgotten: afterwards nothing tells it, and everything that happened still counts.

mod everywhere;

use serde_json::{Value, json};
use tests::actors::{email_of, password_of};
use tests::{Actor, Client, Ledger, Store, TestApp, on_both_stores};

use crate::account_header::UNKNOWN;

pub(crate) use everywhere::nothing_tells_who_an_erased_user_was;

on_both_stores!(
    only_a_locked_user_is_erased,
    an_erased_user_cannot_come_back,
    whoever_is_invited_with_the_same_address_is_someone_new,
    an_invitation_is_erased_with_the_invited,
    the_first_administrator_can_be_erased_and_set_up_stays_done,
    erasing_again_and_at_once_is_harmless,
    the_page_asks_before_it_erases,
);

fn personal_data(user_id: &str) -> String {
    format!("/v1/admin/users/{user_id}/personal-data")
}

/// The user in the administrator's list.
async fn listed(client: &Client, user_id: &str) -> Value {
    let users = client.get("/v1/admin/users?limit=100").send().await.assert_status(200).json();
    let user = users["data"].as_array().unwrap().iter().find(|user| user["id"] == user_id);
    user.expect("the user is listed").clone()
}

pub(crate) async fn only_a_locked_user_is_erased(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice) = (app.admin(), app.user("alice").await);
    let token = alice.generate_token().await;
    let refused = root.delete(&personal_data(&alice.id)).send().await;
    refused.assert_error(409, "Conflict", "The user is not locked. Lock the user first.");
    root.delete(&personal_data(&root.id)).send().await.assert_refused(409, "Conflict");
    app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(listed(root, &alice.id).await["erasedAt"], Value::Null);
    for id in [UNKNOWN, "nonsense", app.account_id()] {
        root.delete(&personal_data(id)).send().await.assert_not_found();
    }
    root.lock(&alice.id).await;
    root.unlock(&alice.id).await;
    root.delete(&personal_data(&alice.id)).send().await.assert_refused(409, "Conflict");
    alice.sign_in().await.assert_status(200);
}

pub(crate) async fn an_erased_user_cannot_come_back(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice) = (app.admin(), app.user("alice").await);
    let token = alice.generate_token().await;
    root.lock(&alice.id).await;
    root.erase(&alice.id).await;
    app.with_token(&token).whoami().await.assert_invalid_api_token();
    alice.get("/v1/user/api-token").send().await.assert_no_credential();
    alice.sign_in().await.assert_error(401, "Unauthorized", "Invalid e-mail or password");
    let lock = format!("/v1/admin/users/{}/lock", alice.id);
    let gone = "The user's personal data was erased.";
    root.delete(&lock).send().await.assert_error(409, "Conflict", gone);
    root.put(&lock).send().await.assert_status(204);
    let membership = format!("/v1/admin/accounts/{}/members/{}", app.account_id(), alice.id);
    let member = root.put(&membership).json(json!({ "role": "admin" })).send().await;
    member.assert_error(409, "Conflict", gone);
    let user = listed(root, &alice.id).await;
    assert_eq!(
        (&user["email"], &user["name"], &user["locked"]),
        (&json!(null), &json!(null), &json!(true))
    );
    assert!(user["erasedAt"].is_string(), "{user}");
    root.delete(&membership).send().await.assert_status(204);
}

pub(crate) async fn whoever_is_invited_with_the_same_address_is_someone_new(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    app.admin().lock(&alice.id).await;
    app.admin().erase(&alice.id).await;
    let again = app.user("alice").await;
    assert_ne!(again.id, alice.id);
    assert_eq!(again.history().await.len(), 0);
    let token = again.generate_token().await;
    let answer = app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(answer.json()["generation"], 1);
    assert_eq!(answer.json()["user"]["id"], *again.id);
}

pub(crate) async fn an_invitation_is_erased_with_the_invited(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite("alice").await;
    app.admin().lock(&invitation.user_id).await;
    app.admin().erase(&invitation.user_id).await;
    let body = json!({ "code": invitation.code, "password": password_of("alice") });
    app.browser().post("/v1/setup").json(body).send().await.assert_forbidden();
    let ledger = Ledger::read(app.database()).await;
    let codes = ledger.rows("setup_codes");
    assert!(codes.iter().all(|row| row[1].as_ref() != Some(&invitation.user_id)), "{codes:?}");
}

pub(crate) async fn the_first_administrator_can_be_erased_and_set_up_stays_done(store: Store) {
    let mut app = TestApp::new(store).await;
    let invitation = app.admin().invite_with_roles("alice", &["admin"]).await;
    let alice = app.accept(&invitation).await;
    let root = app.admin().id.clone();
    alice.lock(&root).await;
    alice.erase(&root).await;
    let contexts = Ledger::read(app.database()).await.tables.remove("event_context").unwrap();
    assert!(!contexts.iter().any(|row| row[6].as_ref() == Some(&root)), "{contexts:?}");
    assert!(contexts.iter().any(|row| row[6].as_ref() == Some(&alice.id)), "{contexts:?}");
    app.stop().await;
    app.start().await;
    let setup = app.browser().get("/setup").send().await;
    assert!(!setup.text().contains("name=\"account\""), "{}", setup.text());
    assert!(!app.server().stdout().contains("/setup?code="), "{}", app.server().stdout());
    alice.sign_in().await.assert_status(200);
}

pub(crate) async fn erasing_again_and_at_once_is_harmless(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice, bob) = (app.admin(), app.user("alice").await, app.user("bob").await);
    for user in [&alice, &bob] {
        user.generate_token().await;
        root.lock(&user.id).await;
    }
    let erase = |user: &Actor| root.delete(&personal_data(&user.id)).send();
    let answers = tokio::join!(erase(&alice), erase(&bob), erase(&alice), erase(&bob));
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        answer.assert_status(204);
    }
    root.erase(&alice.id).await;
    let ledger = Ledger::read(app.database()).await;
    ledger.assert_tables_follow_from_events();
    for user in [&alice, &bob] {
        let events = ledger.events_of("user", &user.id);
        let types: Vec<_> = events.iter().map(|event| &*event.event_type).collect();
        assert_eq!(types, ["UserRegistered", "UserLocked", "PersonalDataErased"]);
    }
    root.token_state().await;
}

pub(crate) async fn the_page_asks_before_it_erases(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice) = (app.admin(), app.user("alice").await);
    let form = format!("/admin/users/{}/erase", alice.id);
    let page = root.get("/admin").send().await.assert_status(200);
    assert!(!page.text().contains(&form), "nobody who can sign in is erased");
    root.get(&form).send().await.assert_status(303);
    let refused = root.post(&form).send().await.assert_status(400);
    assert!(refused.text().contains("Lock the user first."));
    root.lock(&alice.id).await;
    let page = root.get("/admin").send().await.assert_status(200);
    assert!(page.text().contains(&form));
    let question = root.get(&form).send().await.assert_status(200);
    for said in ["Erase this person’s data?", "alice", &email_of("alice"), "Cancel"] {
        assert!(question.text().contains(said), "{said} in {}", question.text());
    }
    assert!(listed(root, &alice.id).await["erasedAt"].is_null(), "asking erases nothing");
    let done = root.post(&form).send().await.assert_status(303);
    assert_eq!(done.header("location"), Some("/admin"));
    let page = root.get("/admin").send().await.assert_status(200).text();
    assert!(!page.contains("alice") && !page.contains(&form), "{page}");
    // In the list of users, and among the members of the account.
    assert!(page.matches("Erased user").count() > 1, "{page}");
    root.get(&form).send().await.assert_status(303);
    root.post(&form).send().await.assert_status(303);
}

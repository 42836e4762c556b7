//! Signing in with an e-mail address and a password, and out again.

use std::time::Duration;

use serde_json::json;
use tests::actors::{email_of, password_of};
use tests::sql::Connection;
use tests::{Answer, Client, Store, TestApp, on_both_stores, until};

on_both_stores!(
    a_user_signs_out_and_in_again,
    a_copied_cookie_is_dead_after_sign_out,
    signing_in_starts_a_new_session,
    a_wrong_password_and_an_unknown_address_get_the_same_answer,
    the_address_is_known_in_any_case,
    a_session_outlives_the_server,
    expired_sessions_are_forgotten_and_no_others,
    a_sign_in_with_a_bad_body_is_refused,
    signing_out_without_a_session_changes_nothing,
    a_planted_session_does_not_become_the_victims,
);

pub(crate) async fn a_user_signs_out_and_in_again(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.sign_out().await.assert_status(204);
    alice.get("/v1/user/api-token").send().await.assert_no_credential();

    let answer = alice.sign_in().await.assert_status(200);
    let answer = answer.assert_fields(&["id", "email", "name", "roles"]);
    assert_eq!(answer.string("id"), alice.id);
    assert_eq!(answer.string("email"), alice.email);
    assert_eq!(answer.string("name"), "alice");
    assert_eq!(answer.json()["roles"], json!([]));
    alice.token_state().await;

    let root = app.admin().sign_in().await.assert_status(200);
    assert_eq!(root.json()["roles"], json!(["admin"]));
}

pub(crate) async fn a_copied_cookie_is_dead_after_sign_out(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let thief = app.anonymous().with_header("cookie", &alice.cookie_header().unwrap());
    thief.get("/v1/user/api-token").send().await.assert_status(200);

    alice.sign_out().await.assert_status(204);
    thief.get("/v1/user/api-token").send().await.assert_no_credential();
    thief.post("/v1/user/api-token").send().await.assert_no_credential();
}

pub(crate) async fn signing_in_starts_a_new_session(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let before = alice.cookie_header();
    alice.sign_in().await.assert_status(200);
    assert_ne!(alice.cookie_header(), before);
}

pub(crate) async fn a_wrong_password_and_an_unknown_address_get_the_same_answer(store: Store) {
    let app = TestApp::new(store).await;
    app.user("alice").await;
    let wrong = sign_in(&app.browser(), &email_of("alice"), &password_of("bob")).await;
    let unknown = sign_in(&app.browser(), &email_of("bob"), &password_of("bob")).await;
    assert_eq!(wrong.body, unknown.body);
    for answer in [wrong, unknown] {
        let answer = answer.assert_error(401, "Unauthorized", "Invalid e-mail or password");
        assert_eq!(answer.header("www-authenticate"), None);
        assert_eq!(answer.header("set-cookie"), None);
    }
}

pub(crate) async fn the_address_is_known_in_any_case(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let browser = app.browser();
    sign_in(&browser, &alice.email.to_uppercase(), &alice.password).await.assert_status(200);
    browser.get("/v1/user/api-token").send().await.assert_status(200);
}

pub(crate) async fn a_session_outlives_the_server(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    app.stop().await;
    app.start().await;
    alice.token_state().await;
}

pub(crate) async fn expired_sessions_are_forgotten_and_no_others(store: Store) {
    let table = store.sessions();
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    app.stop().await;
    let mut database = Connection::open(app.database()).await;
    let expired = format!(
        "INSERT INTO {table} (id, data, expiry_date)
         SELECT 'expired', data, '2026-01-01T00:00:00+00:00' FROM {table} LIMIT 1"
    );
    database.execute(&expired).await.unwrap();
    database.close().await;
    app.start().await;
    let mut database = Connection::open(app.database()).await;
    let find = format!("SELECT id FROM {table} WHERE id = 'expired'");
    let is_gone = async || database.rows(&find).await.is_empty();
    until("it is still there", Duration::from_secs(30), is_gone).await;
    database.close().await;
    alice.token_state().await;
}

pub(crate) async fn a_sign_in_with_a_bad_body_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let (email, password) = (email_of("root"), password_of("root"));
    for body in [
        json!({}),
        json!({ "email": email }),
        json!({ "password": password }),
        json!({ "email": 1, "password": password }),
        json!({ "email": email, "password": password, "remember": true }),
    ] {
        app.browser().post("/v1/session").json(body).send().await.assert_validation_error();
    }
}

pub(crate) async fn signing_out_without_a_session_changes_nothing(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.browser().delete("/v1/session").send().await.assert_status(204);
    app.with_token(&token).delete("/v1/session").send().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    alice.token_state().await;
}

pub(crate) async fn a_planted_session_does_not_become_the_victims(store: Store) {
    let app = TestApp::new(store).await;
    let (thief, victim) = (app.user("thief").await, app.user_in_no_account("victim").await);
    let planted = thief.cookie_header().unwrap();
    let browser = app.browser().with_header("cookie", &planted);
    let signed_in = sign_in(&browser, &victim.email, &victim.password).await.assert_status(200);
    assert_eq!(signed_in.string("name"), "victim");
    browser_of_the_thief_is_not_the_victim(&app, &planted).await;

    let planted = app.user("another").await.cookie_header().unwrap();
    let invitation = app.admin().invite("newcomer").await;
    let browser = app.browser().with_header("cookie", &planted);
    let body = json!({ "code": invitation.code, "password": password_of("newcomer") });
    browser.post("/v1/setup").json(body).send().await.assert_status(201);
    browser_of_the_thief_is_not_the_victim(&app, &planted).await;
}

/// The thief belongs to an account, the victim to none.
async fn browser_of_the_thief_is_not_the_victim(app: &TestApp, planted: &str) {
    let answer = app.anonymous().with_header("cookie", planted).account().await;
    assert!(
        [200, 401].contains(&answer.status.as_u16()),
        "the session became another's: {answer:?}"
    );
}

async fn sign_in(browser: &Client, email: &str, password: &str) -> Answer {
    let body = json!({ "email": email, "password": password });
    browser.post("/v1/session").json(body).send().await
}

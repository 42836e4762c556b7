//! How the first user and invited users come in: by a code that works once.

use serde_json::json;
use tests::actors::{email_of, password_of};
use tests::{Client, Store, TestApp, UnclaimedApp, on_both_stores};

on_both_stores!(
    the_first_user_runs_the_instance_and_the_first_account,
    a_setup_code_works_once,
    a_wrong_setup_code_is_refused_like_a_used_one,
    the_setup_link_is_printed_until_somebody_has_used_it,
    an_invited_user_chooses_a_password_and_is_signed_in,
    a_password_has_12_to_128_characters,
    a_setup_with_a_bad_body_changes_nothing,
);

pub(crate) async fn the_first_user_runs_the_instance_and_the_first_account(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let browser = app.browser();
    let answer = browser
        .post("/v1/setup")
        .json(json!({
            "code": app.code(),
            "email": "ada@example.test",
            "name": "Ada",
            "password": password_of("Ada"),
            "account": "Analytical Engines",
        }))
        .send()
        .await
        .assert_status(201)
        .assert_fields(&["id", "email", "name", "accountId"]);
    assert_eq!(answer.string("email"), "ada@example.test");
    assert_eq!(answer.string("name"), "Ada");

    let account = browser.account().await.assert_status(200).json();
    assert_eq!(account["id"], answer.string("accountId"));
    assert_eq!(account["name"], "Analytical Engines");
    assert_eq!(account["role"], "admin");
    browser.get("/v1/admin/users").send().await.assert_status(200);
}

pub(crate) async fn a_setup_code_works_once(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let code = app.code().to_owned();
    let app = app.claim().await;
    first_setup(&app.browser(), &code, "eve").await.assert_forbidden();

    let invitation = app.admin().invite("alice").await;
    app.accept(&invitation).await;
    let again = json!({ "code": invitation.code, "password": password_of("eve") });
    app.browser().post("/v1/setup").json(again).send().await.assert_forbidden();
    app.accept(&app.admin().invite("bob").await).await;
}

pub(crate) async fn a_wrong_setup_code_is_refused_like_a_used_one(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let used = app.code().to_owned();
    let wrong = first_setup(&app.browser(), "wrong", "eve").await.assert_forbidden();
    let app = app.claim().await;
    let used = first_setup(&app.browser(), &used, "eve").await.assert_forbidden();
    assert_eq!(wrong.body, used.body);

    let wrong = json!({ "code": "wrong", "password": password_of("eve") });
    app.browser().post("/v1/setup").json(wrong).send().await.assert_forbidden();
}

pub(crate) async fn the_setup_link_is_printed_until_somebody_has_used_it(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let link = format!("http://{}/setup?code={}", app.server().address(), app.code());
    assert!(app.server().stdout().lines().any(|line| line.ends_with(&link)));

    let mut app = app.claim().await;
    app.stop().await;
    app.start().await;
    app.admin().token_state().await;
    let said = app.stop().await;
    assert!(!said.stdout.contains("/setup?code="), "{}", said.stdout);
}

pub(crate) async fn an_invited_user_chooses_a_password_and_is_signed_in(store: Store) {
    let app = TestApp::new(store).await;
    let invitation = app.admin().invite("alice").await;
    let body = json!({ "code": invitation.code, "password": password_of("alice") });
    let browser = app.browser();
    let answer = browser
        .post("/v1/setup")
        .json(body)
        .send()
        .await
        .assert_status(201)
        .assert_fields(&["id", "email", "name"]);
    assert_eq!(answer.string("id"), invitation.user_id);
    assert_eq!(answer.string("email"), email_of("alice"));
    assert_eq!(answer.string("name"), "alice");
    browser.get("/v1/user/api-token").send().await.assert_status(200);
}

pub(crate) async fn a_password_has_12_to_128_characters(store: Store) {
    let app = TestApp::new(store).await;
    for (name, length) in [("alice", 12), ("bob", 128)] {
        let invitation = app.admin().invite(name).await;
        let set = async |length: usize| {
            let body = json!({ "code": invitation.code, "password": "ä".repeat(length) });
            app.browser().post("/v1/setup").json(body).send().await
        };
        set(11).await.assert_validation_error();
        set(129).await.assert_validation_error();
        set(length).await.assert_status(201);
        let body = json!({ "email": email_of(name), "password": "ä".repeat(length) });
        app.browser().post("/v1/session").json(body).send().await.assert_status(200);
    }
}

pub(crate) async fn a_setup_with_a_bad_body_changes_nothing(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let good = json!({
        "code": app.code(),
        "email": "ada@example.test",
        "name": "Ada",
        "password": password_of("Ada"),
        "account": "Main",
    });
    for field in ["code", "email", "name", "password", "account"] {
        for bad in [None, Some(json!(7)), Some(json!(null)), Some(json!(["a"]))] {
            let mut body = good.clone();
            let fields = body.as_object_mut().unwrap();
            match bad {
                None => fields.remove(field),
                Some(value) => fields.insert(field.to_owned(), value),
            };
            // Without the other three, code and password are a well-formed invitation.
            app.browser().post("/v1/setup").json(body).send().await.assert_validation_error();
        }
    }
    for (field, bad) in [("email", ""), ("email", "no-at-sign"), ("name", ""), ("account", " ")] {
        let mut body = good.clone();
        body[field] = json!(bad);
        app.browser().post("/v1/setup").json(body).send().await.assert_validation_error();
    }
    app.claim().await;
}

async fn first_setup(browser: &Client, code: &str, name: &str) -> tests::Answer {
    browser
        .post("/v1/setup")
        .json(json!({
            "code": code,
            "email": email_of(name),
            "name": name,
            "password": password_of(name),
            "account": "Main",
        }))
        .send()
        .await
}

//! Every row of the error table that a client can cause, in one place.

use serde_json::json;
use tests::{Store, TestApp, on_both_stores};

on_both_stores!(every_row_of_the_error_table);

pub(crate) async fn every_row_of_the_error_table(store: Store) {
    let app = TestApp::new(store).await;
    bad_requests(&app).await;
    bad_credentials(&app).await;
    known_but_not_allowed(&app).await;
    not_there(&app).await;
    lost_races(&app).await;
    too_many(&app).await;
}

async fn bad_requests(app: &TestApp) {
    let alice = app.user("a400").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;

    let bad_body = app.admin().post("/v1/admin/accounts").json(json!({})).send().await;
    bad_body.assert_refused(400, "ValidationError");
    let bad_parameter = alice.get("/v1/user/api-token/history?limit=0").send().await;
    bad_parameter.assert_refused(400, "ValidationError");
    bearer.account().await.assert_refused(400, "AccountRequired");
    let two_credentials = bearer.clone().with_token(&token).whoami().await;
    two_credentials.assert_refused(400, "InvalidRequest");
    let two_accounts = bearer.in_account(&second).in_account(&second).account().await;
    two_accounts.assert_refused(400, "InvalidRequest");
    let in_the_query = app.anonymous().get(&format!("/v1/token?access_token={token}"));
    in_the_query.send().await.assert_refused(400, "InvalidRequest");
}

async fn bad_credentials(app: &TestApp) {
    let alice = app.user("a401").await;
    let replaced = alice.generate_token().await;
    let revoked = alice.regenerate_token().await;
    alice.revoke_token().await;
    let locked = alice.generate_token().await;
    app.admin().lock(&alice.id).await;

    app.anonymous().whoami().await.assert_no_credential();
    for token in ["nonsense", &unknown_token(), &replaced, &revoked, &locked] {
        app.with_token(token).whoami().await.assert_invalid_api_token();
        app.with_token(token).account().await.assert_invalid_api_token();
    }
}

async fn known_but_not_allowed(app: &TestApp) {
    let alice = app.user("a403").await;
    let token = alice.generate_token().await;
    let foreign = app.admin().open_account("Foreign").await;
    let unknown = "00000000-0000-4000-8000-000000000000";
    let refused = app.with_token(&token).in_account(&foreign).account().await.assert_forbidden();
    let unheard = app.with_token(&token).in_account(unknown).account().await.assert_forbidden();
    assert_eq!(refused.body, unheard.body);
    alice.get("/v1/admin/users").send().await.assert_forbidden();
}

async fn not_there(app: &TestApp) {
    app.anonymous().get("/v1/nothing").send().await.assert_not_found();
    let unknown = "/v1/admin/users/00000000-0000-4000-8000-000000000000/lock";
    app.admin().put(unknown).send().await.assert_not_found();
}

async fn lost_races(app: &TestApp) {
    let alice = app.user("a409").await;
    let regenerate = || alice.post("/v1/user/api-token/regenerate");
    regenerate().send().await.assert_refused(409, "Conflict");
    alice.generate_token().await;
    alice.regenerate_token().await;
    let stale = regenerate().header("if-match", "\"1\"").send().await;
    stale.assert_refused(412, "PreconditionFailed");
}

async fn too_many(app: &TestApp) {
    let guess = || {
        let body = json!({ "email": "nobody@example.test", "password": "a wrong password" });
        app.browser().post("/v1/session").json(body)
    };
    for _ in 0..40 {
        let answer = guess().send().await;
        if answer.status == 429 {
            let answer = answer.assert_refused(429, "TooManyRequests");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
            return;
        }
    }
    panic!("40 guesses were judged");
}

/// Well-formed, and never issued.
fn unknown_token() -> String {
    crate::credentials::well_formed("alta_pat")
}

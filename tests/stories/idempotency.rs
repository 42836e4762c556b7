//! `Idempotency-Key`: whoever is not sure that a request arrived sends it again, and it is carried out once.

use http::HeaderMap;
use serde_json::{Value, json};
use tests::integration::{call_to_ada, path_of, prospect};
use tests::sql::Connection;
use tests::{Answer, Client, Store, TestApp, on_both_stores};

use crate::account_header::UNKNOWN;

on_both_stores!(
    a_repeated_request_gets_the_same_answer_and_is_carried_out_once,
    a_retry_after_a_crash_gets_the_same_answer,
    many_retries_at_once_are_one_request,
    a_key_means_one_request,
    a_key_is_its_users_own_whatever_the_credential,
    what_changed_in_the_meantime_does_not_change_the_answer,
    a_webhooks_key_outlives_its_url,
    a_refused_request_does_not_use_up_its_key,
    a_key_that_cannot_be_used_is_refused,
    a_key_is_forgotten_after_a_day,
    whatever_changes_nothing_uses_up_no_key,
    only_requests_that_add_read_the_header,
);

const CALLS: &str = "/v1/assistant/calls";
pub(crate) const REUSED: &str = "This Idempotency-Key was used with a different request.";

/// Posts this under this key.
pub(crate) async fn post(client: &Client, target: &str, key: &str, body: &Value) -> Answer {
    client.post(target).header("idempotency-key", key).json(body.clone()).send().await
}

/// The answer without what belongs to one exchange: its number, its date, and how much of a limit is left.
pub(crate) fn lasting(answer: &Answer) -> (u16, HeaderMap, Vec<u8>) {
    let mut headers = answer.headers.clone();
    for name in ["x-request-id", "date", "ratelimit"] {
        headers.remove(name);
    }
    (answer.status.as_u16(), headers, answer.body.to_vec())
}

#[track_caller]
pub(crate) fn assert_same(first: &Answer, again: &Answer) {
    assert_eq!(lasting(first), lasting(again), "{} {}", first.text(), again.text());
}

/// Every request that acts and shows no secret, in an account of root's with a campaign and an assistant.
async fn every_act(app: &TestApp) -> Vec<(String, Value, u16)> {
    let (assistant, campaign) =
        (app.assistant().await, app.admin().create_campaign("Spring").await);
    let account = format!("/v1/admin/accounts/{}", app.account_id());
    vec![
        (CALLS.to_owned(), call_to_ada(&assistant), 200),
        ("/v1/campaigns".to_owned(), json!({ "name": "Autumn" }), 201),
        (
            format!("/v1/campaigns/{campaign}/prospects"),
            json!({ "data": [prospect("ada"), prospect("ada"), prospect("bob")] }),
            200,
        ),
        (format!("/v1/campaigns/{campaign}/archive"), json!(null), 204),
        ("/v1/admin/accounts".to_owned(), json!({ "name": "Second" }), 201),
        (
            format!("{account}/assistants"),
            json!({ "name": "Vera", "phoneNumber": "+14155550101" }),
            201,
        ),
    ]
}

async fn events(app: &TestApp) -> String {
    let mut connection = Connection::open(app.database()).await;
    let count = connection.value("SELECT CAST(count(*) AS text) FROM events").await;
    connection.close().await;
    count
}

pub(crate) async fn a_repeated_request_gets_the_same_answer_and_is_carried_out_once(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    for (number, (target, body, status)) in every_act(&app).await.iter().enumerate() {
        let key = format!("key-{number}");
        let first = post(root, target, &key, body).await.assert_status(*status);
        let before = events(&app).await;
        for _ in 0..2 {
            assert_same(&first, &post(root, target, &key, body).await);
        }
        assert_eq!(events(&app).await, before, "{target}");
    }
    assert_eq!(root.entries("/v1/calls").await.len(), 1);
    assert_eq!(root.entries("/v1/campaigns").await.len(), 2);
    assert_eq!(root.entries("/v1/assistants").await.len(), 2);
    assert_eq!(root.entries("/v1/admin/accounts").await.len(), 2);
}

pub(crate) async fn a_retry_after_a_crash_gets_the_same_answer(store: Store) {
    let mut app = TestApp::new(store).await;
    let acts = every_act(&app).await;
    for (number, (target, body, status)) in acts.iter().enumerate() {
        let key = format!("key-{number}");
        let first = post(app.admin(), target, &key, body).await.assert_status(*status);
        app.kill();
        app.start().await;
        let before = events(&app).await;
        assert_same(&first, &post(app.admin(), target, &key, body).await);
        assert_eq!(events(&app).await, before, "{target}");
    }
}

pub(crate) async fn many_retries_at_once_are_one_request(store: Store) {
    const RETRIES: usize = 64;
    let app = TestApp::unlimited(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let campaign = alice.create_campaign("Spring").await;
    let url = alice.rotate_webhook(&campaign).await;
    let records = json!({ "data": [prospect("ada"), prospect("bob")] });
    for (client, target, body) in [
        ((*alice).clone(), CALLS.to_owned(), call_to_ada(&assistant)),
        ((*alice).clone(), "/v1/campaigns".to_owned(), json!({ "name": "Autumn" })),
        ((*alice).clone(), format!("/v1/campaigns/{campaign}/prospects"), records.clone()),
        (app.anonymous(), path_of(&url), records),
    ] {
        let retries: Vec<_> = (0..RETRIES)
            .map(|_| {
                let (client, target, body) = (client.clone(), target.clone(), body.clone());
                tokio::spawn(async move { post(&client, &target, &target, &body).await })
            })
            .collect();
        let mut answers = Vec::new();
        for retry in retries {
            answers.push(retry.await.expect("an answer"));
        }
        assert!(answers[0].status.is_success(), "{:?}", answers[0]);
        for answer in &answers {
            assert_same(&answers[0], answer);
        }
    }
    assert_eq!(alice.entries("/v1/calls").await.len(), 1);
    assert_eq!(alice.entries("/v1/campaigns").await.len(), 2);
    assert_eq!(alice.prospects(&campaign).await.len(), 2);
    let mut connection = Connection::open(app.database()).await;
    let calls = "SELECT CAST(count(*) AS text) FROM events WHERE aggregate_type = 'call'";
    assert_eq!(connection.value(calls).await, "1");
    connection.close().await;
}

pub(crate) async fn a_key_means_one_request(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let second = app.admin().open_account("Second").await;
    let (spring, autumn) =
        (alice.create_campaign("Spring").await, alice.create_campaign("Autumn").await);
    app.admin().put_member(&second, &alice.user.id, "member").await;
    let (main, second) = (alice.in_account(app.account_id()), alice.in_account(&second));
    let body = call_to_ada(&assistant);
    let first = post(&main, CALLS, "key", &body).await.assert_status(200);

    let bob = tests::integration::with(body.clone(), &json!({ "name": "Bob" }));
    let reused = |answer: Answer| answer.assert_error(422, "IdempotencyKeyReused", REUSED);
    reused(post(&main, CALLS, "key", &bob).await);
    reused(post(&main, "/v1/campaigns", "key", &json!({ "name": "Spring" })).await);
    reused(post(&second, "/v1/campaigns", "key", &json!({ "name": "Spring" })).await);
    // The same meaning in other bytes is another request: what counts is what was sent.
    let spaced = format!(" {body}");
    let request = main.post(CALLS).header("idempotency-key", "key");
    reused(request.body("application/json", spaced).send().await);

    let records = json!({ "data": [prospect("ada")] });
    let to_spring = format!("/v1/campaigns/{spring}/prospects");
    let to_autumn = format!("/v1/campaigns/{autumn}/prospects");
    post(&main, &to_spring, "prospects", &records).await.assert_status(200);
    reused(post(&main, &to_autumn, "prospects", &records).await);
    post(&main, "/v1/campaigns", "account", &json!({ "name": "A" })).await.assert_status(201);
    reused(post(&second, "/v1/campaigns", "account", &json!({ "name": "A" })).await);

    assert_same(&first, &post(&main, CALLS, "key", &body).await);
    assert_eq!(main.entries("/v1/calls").await.len(), 1);
    assert!(main.prospects(&autumn).await.is_empty());
    assert!(second.entries("/v1/campaigns").await.is_empty());
}

pub(crate) async fn a_key_is_its_users_own_whatever_the_credential(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) =
        (app.integration("alice", "member").await, app.integration("bob", "member").await);
    let body = call_to_ada(&app.assistant().await);
    let first = post(&alice, CALLS, "key", &body).await.assert_status(200);
    let of_bob = post(&bob, CALLS, "key", &body).await.assert_status(200);
    assert_ne!(first.string("id"), of_bob.string("id"));
    assert_eq!(first.json()["actor"]["userId"], alice.user.id);
    assert_eq!(of_bob.json()["actor"]["userId"], bob.user.id);

    assert_same(&first, &post(&alice.user, CALLS, "key", &body).await);
    let newer = app.with_token(&alice.user.regenerate_token().await);
    assert_same(&first, &post(&newer, CALLS, "key", &body).await);
    let named = newer.in_account(app.account_id());
    assert_same(&first, &post(&named, CALLS, "key", &body).await);
    assert_eq!(alice.user.entries("/v1/calls").await.len(), 2);
}

pub(crate) async fn what_changed_in_the_meantime_does_not_change_the_answer(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let campaign = alice.create_campaign("Spring").await;
    let call = post(&alice, CALLS, "call", &call_to_ada(&assistant)).await.assert_status(200);
    let target = format!("/v1/campaigns/{campaign}/prospects");
    let records = json!({ "data": [prospect("ada")] });
    let added = post(&alice, &target, "add", &records).await.assert_status(200);
    alice.archive_campaign(&campaign).await.assert_status(204);
    app.admin().remove_assistant(app.account_id(), &assistant).await;

    assert_same(&call, &post(&alice, CALLS, "call", &call_to_ada(&assistant)).await);
    assert_same(&added, &post(&alice, &target, "add", &records).await);
    post(&alice, CALLS, "another", &call_to_ada(&assistant)).await.assert_not_found();
    post(&alice, &target, "another", &records).await.assert_refused(409, "Conflict");

    // Whoever may not act any more is told nothing of what was.
    app.admin().put_member(app.account_id(), &alice.user.id, "viewer").await;
    post(&alice, CALLS, "call", &call_to_ada(&assistant)).await.assert_forbidden();
    post(&alice, &target, "add", &records).await.assert_forbidden();
    app.admin().put_member(app.account_id(), &alice.user.id, "member").await;
    assert_same(&call, &post(&alice, CALLS, "call", &call_to_ada(&assistant)).await);
    assert_eq!(alice.entries("/v1/calls").await.len(), 1);
}

pub(crate) async fn a_webhooks_key_outlives_its_url(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let (spring, autumn) =
        (alice.create_campaign("Spring").await, alice.create_campaign("Autumn").await);
    let old = path_of(&alice.rotate_webhook(&spring).await);
    let tool = app.anonymous();
    let first = post(&tool, &old, "key", &prospect("ada")).await.assert_status(202);
    assert_same(&first, &post(&tool, &old, "key", &prospect("ada")).await);
    let new = path_of(&alice.rotate_webhook(&spring).await);
    post(&tool, &old, "key", &prospect("ada")).await.assert_not_found();
    assert_same(&first, &post(&tool, &new, "key", &prospect("ada")).await);
    let other = post(&tool, &new, "key", &prospect("bob")).await;
    other.assert_error(422, "IdempotencyKeyReused", REUSED);
    assert_eq!(alice.prospects(&spring).await.len(), 1);

    // Another campaign's keys are its own, and so are those of the people.
    let to_autumn = path_of(&alice.rotate_webhook(&autumn).await);
    post(&tool, &to_autumn, "key", &prospect("ada")).await.assert_status(202);
    assert_eq!(alice.prospects(&autumn).await.len(), 1);
    let by_token = format!("/v1/campaigns/{spring}/prospects");
    let records = json!({ "data": [prospect("eve")] });
    post(&alice, &by_token, "key", &records).await.assert_status(200);
    assert_eq!(alice.prospects(&spring).await.len(), 2);
}

pub(crate) async fn a_refused_request_does_not_use_up_its_key(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "viewer").await, app.assistant().await);
    let body = call_to_ada(&assistant);
    post(&app.anonymous(), CALLS, "key", &body).await.assert_no_credential();
    post(&app.with_token("nonsense"), CALLS, "key", &body).await.assert_invalid_api_token();
    post(&alice, CALLS, "key", &body).await.assert_forbidden();
    app.admin().put_member(app.account_id(), &alice.user.id, "member").await;
    post(&alice, CALLS, "key", &json!({})).await.assert_validation_error();
    post(&alice, CALLS, "key", &call_to_ada(UNKNOWN)).await.assert_not_found();
    let campaign = alice.create_campaign("Spring").await;
    let target = format!("/v1/campaigns/{campaign}/prospects");
    alice.archive_campaign(&campaign).await.assert_status(204);
    let records = json!({ "data": [prospect("ada")] });
    post(&alice, &target, "key", &records).await.assert_refused(409, "Conflict");
    post(&alice, CALLS, "key", &body).await.assert_status(200);
    post(&alice, CALLS, "key", &json!({})).await.assert_refused(400, "ValidationError");
    assert_eq!(alice.entries("/v1/calls").await.len(), 1);
}

pub(crate) async fn a_key_that_cannot_be_used_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let body = call_to_ada(&assistant);
    let said = "the idempotency-key header must have 1 to 255 visible ASCII characters";
    let long = "k".repeat(256);
    for key in ["", "two words", "tab\tbed", &long] {
        let answer = post(&alice, CALLS, key, &body).await;
        answer.assert_error(400, "ValidationError", said);
    }
    post(&alice, CALLS, "schlüssel", &body).await.assert_validation_error();
    for second in ["key", "other", ""] {
        let twice = alice.post(CALLS).header("idempotency-key", "key").json(body.clone());
        let answer = twice.header("idempotency-key", second).send().await;
        answer.assert_validation_error();
    }
    assert!(alice.entries("/v1/calls").await.is_empty());
    // Nobody learns about keys before showing a credential.
    post(&app.anonymous(), CALLS, &long, &body).await.assert_no_credential();
    app.with_token("nonsense")
        .post(CALLS)
        .header("idempotency-key", "")
        .send()
        .await
        .assert_invalid_api_token();

    for key in ["k", &long[1..], "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", "~!@#$%^&*()"] {
        let first = post(&alice, CALLS, key, &body).await.assert_status(200);
        assert_same(&first, &post(&alice, CALLS, key, &body).await);
    }
    post(&alice, CALLS, "K", &body).await.assert_status(200);
    assert_eq!(alice.entries("/v1/calls").await.len(), 5);
}

pub(crate) async fn a_key_is_forgotten_after_a_day(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let body = call_to_ada(&assistant);
    let first = post(&alice, CALLS, "key", &body).await.assert_status(200);
    let mut connection = Connection::open(app.database()).await;
    let expiry = match store {
        Store::Sqlite => "SELECT expires_at FROM idempotency_keys",
        Store::Postgres => {
            "SELECT to_char(expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"+00:00\"') FROM idempotency_keys"
        }
    };
    let expiry = chrono::DateTime::parse_from_rfc3339(&connection.value(expiry).await).unwrap();
    let made: chrono::DateTime<chrono::Utc> = first.string("createdAt").parse().unwrap();
    let lifetime = expiry.to_utc() - made;
    assert!((lifetime - chrono::TimeDelta::hours(24)).num_seconds().abs() < 60, "{lifetime}");

    let age = "UPDATE idempotency_keys SET expires_at = '2020-01-01T00:00:00.000000+00:00'";
    connection.execute(age).await.unwrap();
    connection.close().await;
    let bob = tests::integration::with(body.clone(), &json!({ "name": "Bob" }));
    let second = post(&alice, CALLS, "key", &bob).await.assert_status(200);
    assert_ne!(first.string("id"), second.string("id"));
    assert_same(&second, &post(&alice, CALLS, "key", &bob).await);
    let answer = post(&alice, CALLS, "key", &body).await;
    answer.assert_error(422, "IdempotencyKeyReused", REUSED);
    assert_eq!(alice.entries("/v1/calls").await.len(), 2);
}

pub(crate) async fn whatever_changes_nothing_uses_up_no_key(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let (spring, autumn) =
        (alice.create_campaign("Spring").await, alice.create_campaign("Autumn").await);
    let archive = |id: &str| format!("/v1/campaigns/{id}/archive");
    alice.archive_campaign(&spring).await.assert_status(204);
    for _ in 0..2 {
        post(&alice, &archive(&spring), "key", &json!(null)).await.assert_status(204);
    }
    post(&alice, &archive(&autumn), "key", &json!(null)).await.assert_status(204);
    let other = post(&alice, &archive(&spring), "key", &json!(null)).await;
    other.assert_error(422, "IdempotencyKeyReused", REUSED);
}

pub(crate) async fn only_requests_that_add_read_the_header(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let campaign = alice.create_campaign("Spring").await;
    let careless = (*alice).clone().with_header("idempotency-key", "always the same");
    let careless = careless.with_header("idempotency-key", "");
    careless.campaign(&campaign).await.assert_status(200);
    careless.get("/v1/calls").send().await.assert_status(200);
    careless.revoke_webhook(&campaign).await.assert_status(204);
    careless.whoami().await.assert_user("alice");
}

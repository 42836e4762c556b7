//! A request that makes a secret and is sent again: the secret stays what it is, and is not shown again.

use serde_json::json;
use tests::integration::{prospect, secret_of};
use tests::scanner::{Scanner, secret_part};
use tests::{Actor, Answer, Ledger, Store, TestApp, on_both_stores};

use crate::idempotency::{REUSED, post};

on_both_stores!(
    a_repeated_generate_says_that_it_was_done,
    a_repeated_regenerate_says_that_it_was_done,
    a_repeated_rotation_of_a_webhook_url_says_that_it_was_done,
    a_repeated_invitation_says_that_it_was_done,
    many_retries_of_one_rotation_make_one_secret,
    no_secret_is_kept_for_a_retry,
);

const TOKEN: &str = "/v1/user/api-token";
const REGENERATE: &str = "/v1/user/api-token/regenerate";

#[track_caller]
fn assert_done_already(answer: Answer) {
    let said = "This request was carried out already. The secret that it made is not shown again.";
    answer.assert_error(409, "Conflict", said);
}

/// Posts without a body, as the settings page does.
async fn ask(actor: &Actor, target: &str, key: &str) -> Answer {
    actor.post(target).header("idempotency-key", key).send().await
}

pub(crate) async fn a_repeated_generate_says_that_it_was_done(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let token = ask(&alice, TOKEN, "key").await.assert_status(201).string("token");
    for _ in 0..2 {
        assert_done_already(ask(&alice, TOKEN, "key").await);
    }
    app.with_token(&token).whoami().await.assert_user("alice");
    assert_eq!(alice.token_state().await.json()["generation"], 1);
    ask(&bob, TOKEN, "key").await.assert_status(201);
    let reused = ask(&alice, REGENERATE, "key").await;
    reused.assert_error(422, "IdempotencyKeyReused", REUSED);
    app.with_token(&token).whoami().await.assert_user("alice");
    ask(&alice, TOKEN, "another").await.assert_status(201);
    app.with_token(&token).whoami().await.assert_invalid_api_token();
}

pub(crate) async fn a_repeated_regenerate_says_that_it_was_done(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    ask(&alice, REGENERATE, "key").await.assert_refused(409, "Conflict");
    let old = alice.generate_token().await;
    let token = ask(&alice, REGENERATE, "key").await.assert_status(200).string("token");
    assert_done_already(ask(&alice, REGENERATE, "key").await);
    app.kill();
    app.start().await;
    assert_done_already(ask(&alice, REGENERATE, "key").await);
    // A condition that does not hold any more is not what the client wants to hear.
    let stale = alice.post(REGENERATE).header("if-match", "\"1\"");
    assert_done_already(stale.header("idempotency-key", "key").send().await);
    app.with_token(&token).whoami().await.assert_user("alice");
    app.with_token(&old).whoami().await.assert_invalid_api_token();
    assert_eq!(alice.history().await.len(), 2);
}

pub(crate) async fn a_repeated_rotation_of_a_webhook_url_says_that_it_was_done(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let (spring, autumn) =
        (alice.create_campaign("Spring").await, alice.create_campaign("Autumn").await);
    let target = |id: &str| format!("/v1/campaigns/{id}/webhook");
    let rotate = async |id: &str, key: &str| {
        alice.post(&target(id)).header("idempotency-key", key).send().await
    };
    let url = rotate(&spring, "key").await.assert_status(201).string("url");
    assert_done_already(rotate(&spring, "key").await);
    rotate(&autumn, "key").await.assert_error(422, "IdempotencyKeyReused", REUSED);
    assert_eq!(alice.webhook_state(&autumn).await.json()["active"], false);
    app.anonymous().post_to_webhook(&url, &prospect("ada")).await.assert_status(202);
    assert_eq!(alice.webhook_state(&spring).await.json()["generation"], 1);
    // Even when the URL is dead by now.
    alice.revoke_webhook(&spring).await.assert_status(204);
    assert_done_already(rotate(&spring, "key").await);
    assert_eq!(alice.webhook_state(&spring).await.json()["active"], false);
}

pub(crate) async fn a_repeated_invitation_says_that_it_was_done(store: Store) {
    let app = TestApp::new(store).await;
    let body = json!({ "email": "alice@example.test", "name": "alice" });
    let root = app.admin();
    let first = post(root, "/v1/admin/users", "key", &body).await.assert_status(201);
    assert_done_already(post(root, "/v1/admin/users", "key", &body).await);
    let bob = json!({ "email": "bob@example.test", "name": "bob" });
    let reused = post(root, "/v1/admin/users", "key", &bob).await;
    reused.assert_error(422, "IdempotencyKeyReused", REUSED);
    let other = post(root, "/v1/admin/users", "other", &body).await;
    other.assert_error(409, "Conflict", "The e-mail address is in use.");
    post(root, "/v1/admin/users", "other", &bob).await.assert_status(201);
    assert_eq!(root.entries("/v1/admin/users").await.len(), 3);
    let body = json!({ "code": first.string("setupCode"), "password": "a long password" });
    app.browser().post("/v1/setup").json(body).send().await.assert_status(201);
}

pub(crate) async fn many_retries_of_one_rotation_make_one_secret(store: Store) {
    let app = TestApp::unlimited(store).await;
    let alice = app.integration("alice", "member").await;
    let campaign = alice.create_campaign("Spring").await;
    let webhook = format!("/v1/campaigns/{campaign}/webhook");
    for (target, won) in [(REGENERATE, 200), (&*webhook, 201)] {
        let retries: Vec<_> = (0..32)
            .map(|_| {
                let (alice, target) = (alice.user.clone(), target.to_owned());
                tokio::spawn(async move { ask(&alice, &target, &target).await })
            })
            .collect();
        let mut made = 0;
        for retry in retries {
            let answer = retry.await.expect("an answer");
            if answer.status == won {
                made += 1;
            } else {
                assert_done_already(answer);
            }
        }
        assert_eq!(made, 1, "{target}");
    }
    assert_eq!(alice.user.history().await.len(), 2);
    assert_eq!(alice.user.webhook_state(&campaign).await.json()["generation"], 1);
}

pub(crate) async fn no_secret_is_kept_for_a_retry(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let campaign = alice.create_campaign("Spring").await;
    let webhook = format!("/v1/campaigns/{campaign}/webhook");
    let token = ask(&alice.user, REGENERATE, "key").await.assert_status(200).string("token");
    let url = ask(&alice.user, &webhook, "other").await.assert_status(201).string("url");
    let body = json!({ "email": "bob@example.test", "name": "bob" });
    let invited = post(app.admin(), "/v1/admin/users", "key", &body).await.assert_status(201);
    let secret = secret_of(&url);
    let code = invited.string("setupCode");
    let scanner = Scanner::new(&[
        ("the token", secret_part(&token)),
        ("the URL", secret_part(secret)),
        ("the code", &code),
    ]);
    let everything = format!("{:?}", Ledger::read(app.database()).await);
    assert!(everything.contains(&hex::encode(sha256(&token))), "{everything}");
    let hits = scanner.search(everything.as_bytes());
    assert!(hits.is_empty(), "{hits:?}");
}

fn sha256(text: &str) -> Vec<u8> {
    use domain::token::{Prefix, TokenSecret};
    let digest = TokenSecret::parse(&Prefix::default(), text).expect("a token").digest();
    digest.as_bytes().to_vec()
}

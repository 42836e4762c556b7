//! Whose is this token? By the token, its digest or its last characters; for dead ones, too.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::sql::Connection;
use tests::{Answer, Client, Ledger, Store, TestApp, on_both_stores};

use super::column;

on_both_stores!(
    a_token_is_identified_dead_or_alive_by_any_of_three_clues,
    identifying_is_no_use_and_no_failed_attempt,
    what_cannot_be_a_clue_is_refused_without_repeating_it,
    one_identifies_ones_own_tokens_only,
);

async fn ask(client: &Client, clue: Value) -> Answer {
    client.post("/v1/audit/identify").json(clue).send().await
}

async fn identify(client: &Client, clue: Value) -> Vec<Value> {
    let answer = ask(client, clue).await.assert_status(200).assert_fields(&["data", "hasMore"]);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.json()["hasMore"], false);
    answer.json()["data"].as_array().unwrap().clone()
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

fn hint(token: &str) -> &str {
    &token[token.len() - 4..]
}

pub(crate) async fn a_token_is_identified_dead_or_alive_by_any_of_three_clues(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice, bob) =
        (app.auditor().await, app.user("alice").await, app.user("bob").await);
    let replaced = alice.generate_token().await;
    let live = alice.regenerate_token().await;
    let revoked = bob.generate_token().await;
    bob.revoke_token().await;
    let by_token = app.with_token(&audrey.generate_token().await);
    for (token, owner, status, generation, reason) in [
        (&live, &alice, "live", 2, Value::Null),
        (&replaced, &alice, "replaced", 1, Value::Null),
        (&revoked, &bob, "revoked", 1, json!("owner")),
    ] {
        for client in [&*audrey, &by_token] {
            for clue in [
                json!({ "token": token }),
                json!({ "digest": digest(token) }),
                json!({ "digest": format!("sha256:{}", digest(token)) }),
                json!({ "digest": digest(token).to_uppercase() }),
                json!({ "hint": hint(token) }),
            ] {
                let found = identify(client, clue.clone()).await;
                assert_eq!(found.len(), 1, "{clue}");
                let found = &found[0];
                assert_eq!(found["user"], owner.email, "{clue}");
                assert_eq!(
                    (&found["status"], &found["generation"]),
                    (&json!(status), &json!(generation))
                );
                assert_eq!(found["reason"], reason);
                let target = format!("/v1/audit/tokens?user={}&status={status}", owner.id);
                assert_eq!(super::list(client, &target).await, std::slice::from_ref(found));
            }
        }
    }
    let unknown = crate::credentials::well_formed("alta_pat");
    for clue in [
        json!({ "token": unknown }),
        json!({ "digest": digest(&unknown) }),
        json!({ "digest": "00".repeat(32) }),
        json!({ "hint": "zzzz" }),
    ] {
        assert_eq!(identify(&audrey, clue).await, [Value::Null; 0]);
    }
    share_a_hint(&app, hint(&live), &revoked).await;
    let found = identify(&audrey, json!({ "hint": hint(&live) })).await;
    assert_eq!(column(&found, "user"), [&*bob.email, &*alice.email], "newest first");
}

/// Chance would need millions of tokens for it.
async fn share_a_hint(app: &TestApp, shared: &str, with: &str) {
    let mut connection = Connection::open(app.database()).await;
    let update =
        format!("UPDATE token_history SET hint = '{shared}' WHERE hint = '{}'", hint(with));
    connection.execute(&update).await.unwrap();
    connection.close().await;
}

pub(crate) async fn identifying_is_no_use_and_no_failed_attempt(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let dead = alice.generate_token().await;
    let live = alice.regenerate_token().await;
    let unknown = crate::credentials::well_formed("alta_pat");
    // Far more than failed credentials are let through from one address.
    for _ in 0..40 {
        for token in [&dead, &live, &unknown] {
            identify(&audrey, json!({ "token": token })).await;
        }
    }
    let entries = super::list(&audrey, &format!("/v1/audit/tokens?user={}", alice.id)).await;
    assert_eq!(column(&entries, "lastUsedAt"), ["null", "null"]);
    // A bad credential from the same address is still told so, not that there were too many.
    app.with_token(&unknown).whoami().await.assert_invalid_api_token();
    app.with_token(&live).whoami().await.assert_user("alice");
    let ledger = Ledger::read(app.database()).await;
    let usage: Vec<_> = ledger.rows("token_usage").iter().map(|row| row[0].clone()).collect();
    let live_id = entries[0]["tokenId"].as_str().map(str::to_owned);
    assert!(usage.iter().all(|used| *used == live_id), "{usage:?}");
}

pub(crate) async fn what_cannot_be_a_clue_is_refused_without_repeating_it(store: Store) {
    let mut app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let token = alice.generate_token().await;
    let mut mistyped = token.clone();
    mistyped.replace_range(12..13, if &token[12..13] == "a" { "b" } else { "a" });
    let secret = &token["alta_pat_".len()..];
    for clue in [
        json!({ "token": mistyped }),
        json!({ "token": format!(" {token}") }),
        json!({ "token": secret }),
        json!({ "token": "" }),
        json!({ "token": [token] }),
        json!({ "digest": token }),
        json!({ "digest": digest(&token)[1..] }),
        json!({ "digest": format!("md5:{}", digest(&token)) }),
        json!({ "hint": token }),
        json!({ "hint": "abc" }),
        json!({ "hint": "ab c" }),
        json!({}),
        json!({ "token": token, "hint": hint(&token) }),
        json!({ "token": token, "digest": digest(&token) }),
        json!({ "digest": digest(&token), "hint": hint(&token) }),
        json!({ "token": null, "digest": null, "hint": null }),
        json!({ "secret": token }),
        json!({ token.clone(): "token" }),
        json!([token]),
    ] {
        let answer = ask(&audrey, clue.clone()).await.assert_validation_error();
        let said = String::from_utf8(answer.everything()).unwrap();
        for part in [secret, &secret[..12], &mistyped[9..], &digest(&token)] {
            assert!(!said.contains(part), "{clue} was answered with {said}");
        }
    }
    // Nor is it anywhere else.
    identify(&audrey, json!({ "token": token })).await;
    let ledger = Ledger::read(app.database()).await;
    let reads = format!("{:?}", ledger.rows("audit_reads"));
    let ended = app.stop().await;
    let said = format!("{reads}{ended:?}");
    assert!(said.contains("/v1/audit/identify"));
    for part in [secret, &secret[..12], &mistyped[9..]] {
        assert!(!said.contains(part), "{said}");
    }
}

pub(crate) async fn one_identifies_ones_own_tokens_only(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let (hers, his) = (alice.generate_token().await, bob.generate_token().await);
    alice.regenerate_token().await;
    assert_eq!(column(&identify(&alice, json!({ "token": hers })).await, "status"), ["replaced"]);
    for clue in
        [json!({ "token": his }), json!({ "digest": digest(&his) }), json!({ "hint": hint(&his) })]
    {
        assert_eq!(identify(&bob, clue.clone()).await.len(), 1);
        assert_eq!(identify(&alice, clue.clone()).await, [Value::Null; 0], "{clue}");
        ask(&app.with_token(&his), clue).await.assert_forbidden();
    }
}

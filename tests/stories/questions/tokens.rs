//! Every token ever made: one row each, filtered, in pages that neither skip nor repeat.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tests::answer::keys;
use tests::sql::Connection;
use tests::{Store, TestApp, on_both_stores};

use super::{column, list, page};

on_both_stores!(
    every_token_ever_made_is_listed_with_what_ended_it,
    tokens_are_found_by_what_is_asked,
    a_token_is_shown_in_the_chain_it_belongs_to,
    when_a_dead_token_was_first_refused_is_told,
    everyone_asks_about_themself_and_auditors_about_everyone,
    a_reader_misses_nothing_and_meets_nothing_twice_while_others_rotate,
    readers_and_writers_at_once,
    parameters_that_cannot_be_used_are_refused,
);

const FIELDS: [&str; 19] = [
    "address",
    "firstRefusedAt",
    "generatedAt",
    "generatedBy",
    "generatedVia",
    "generation",
    "hint",
    "invalidatedAt",
    "invalidatedBy",
    "invalidatedHow",
    "invalidatedVia",
    "lastUsedAt",
    "reason",
    "status",
    "successorTokenId",
    "tokenId",
    "user",
    "userAgent",
    "userId",
];

pub(crate) async fn every_token_ever_made_is_listed_with_what_ended_it(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let tokens = [alice.generate_token().await, alice.regenerate_token().await];
    app.admin().revoke_token_of(&alice.id).await;
    let third = alice.generate_token().await;
    app.with_token(&third).delete("/v1/token").send().await.assert_status(204);
    let fourth = alice.generate_token().await;
    app.with_token(&fourth).whoami().await.assert_user("alice");

    let entries = list(&audrey, &format!("/v1/audit/tokens?user={}", alice.id)).await;
    for entry in &entries {
        assert_eq!(keys(entry), FIELDS);
        assert_eq!((&entry["user"], &entry["userId"]), (&json!(alice.email), &json!(alice.id)));
        assert_eq!(entry["generatedBy"], json!(alice.id));
        assert_eq!(entry["generatedVia"], "session");
        assert_eq!(entry["address"], "127.0.0.1");
    }
    assert_eq!(column(&entries, "generation"), ["4", "3", "2", "1"]);
    assert_eq!(column(&entries, "status"), ["live", "revoked", "revoked", "replaced"]);
    assert_eq!(column(&entries, "reason"), ["null", "bearer", "administrator", "null"]);
    assert_eq!(column(&entries, "invalidatedHow"), ["null", "revoked", "revoked", "regenerated"]);
    assert_eq!(column(&entries, "invalidatedVia"), ["null", "token", "session", "session"]);
    let by = column(&entries, "invalidatedBy");
    assert_eq!(by, ["null", &*alice.id, &*app.admin().id, &*alice.id]);
    let hints: Vec<_> = [&fourth, &third, &tokens[1], &tokens[0]].map(|t| &t[t.len() - 4..]).into();
    assert_eq!(column(&entries, "hint"), hints);
    let ids = column(&entries, "tokenId");
    assert_eq!(column(&entries, "successorTokenId"), ["null", "null", "null", &*ids[2]]);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4);
    let history = alice.history().await;
    let made = history.iter().filter(|line| line["type"] != "TokenRevoked");
    assert_eq!(
        column(&entries, "generatedAt"),
        column(&made.cloned().collect::<Vec<_>>(), "occurredAt")
    );
    assert_eq!(entries[3]["invalidatedAt"], entries[2]["generatedAt"]);
    assert_eq!(entries[3]["lastUsedAt"], Value::Null);
}

pub(crate) async fn tokens_are_found_by_what_is_asked(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let (alice, bob) = (app.user("alice").await, app.user_in_no_account("bob").await);
    alice.generate_token().await;
    let second = alice.regenerate_token().await;
    bob.generate_token().await;
    app.admin().lock(&bob.id).await;
    let all = list(&audrey, "/v1/audit/tokens").await;
    // The newest first: Bob's, and Alice's two.
    assert_eq!(column(&all, "userId"), [&*bob.id, &*alice.id, &*alice.id]);
    let times = column(&all, "generatedAt");
    let ended = |entry: usize| all[entry]["invalidatedAt"].as_str().unwrap();
    let (alices, bobs) = (&*alice.id, &*bob.id);
    for (query, expected) in [
        (format!("user={alices}"), vec![1, 2]),
        (format!("user={bobs}"), vec![0]),
        (format!("user={}", audrey.id), vec![]),
        (format!("account={}", app.account_id()), vec![1, 2]),
        ("status=live".to_owned(), vec![1]),
        ("status=replaced".to_owned(), vec![2]),
        ("status=revoked".to_owned(), vec![0]),
        (format!("generatedSince={}", times[1]), vec![0, 1]),
        (format!("generatedUntil={}", times[1]), vec![2]),
        (format!("generatedSince={}&generatedUntil={}", times[2], times[0]), vec![1, 2]),
        (format!("invalidatedSince={}", ended(0)), vec![0]),
        (format!("invalidatedUntil={}", ended(0)), vec![2]),
        (format!("invalidatedSince={}", ended(2)), vec![0, 2]),
        (format!("invalidatedBy={alices}"), vec![2]),
        (format!("invalidatedBy={}", app.admin().id), vec![0]),
        ("reason=user_locked".to_owned(), vec![0]),
        ("reason=owner".to_owned(), vec![]),
        (format!("hint={}", &second[second.len() - 4..]), vec![1]),
        (format!("user={alices}&status=live&account={}", app.account_id()), vec![1]),
        (format!("user={bobs}&status=live"), vec![]),
    ] {
        let found = list(&audrey, &format!("/v1/audit/tokens?{query}")).await;
        let expected: Vec<_> = expected.into_iter().map(|number: usize| &all[number]).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
}

pub(crate) async fn a_token_is_shown_in_the_chain_it_belongs_to(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    app.user("bob").await.generate_token().await;
    alice.generate_token().await;
    alice.regenerate_token().await;
    alice.revoke_token().await;
    alice.generate_token().await;
    let newest_first = list(&audrey, &format!("/v1/audit/tokens?user={}", alice.id)).await;
    let ids = column(&newest_first, "tokenId");
    for id in &ids {
        let chain = list(&audrey, &format!("/v1/audit/tokens/lineage?token={id}")).await;
        assert!(chain.iter().eq(newest_first.iter().rev()));
        assert_eq!(column(&chain, "generation"), ["1", "2", "3"]);
        assert_eq!(column(&chain, "successorTokenId"), [&*ids[1], "null", "null"]);
        let target = format!("/v1/audit/tokens/lineage?token={id}&limit=2");
        let (first, next) = page(&audrey, &target, None).await;
        let (second, end) = page(&audrey, &target, next.as_deref()).await;
        assert_eq!(([first, second].concat(), end), (chain, None));
    }
    let own = list(&alice, &format!("/v1/audit/tokens/lineage?token={}", ids[0])).await;
    assert_eq!(own.len(), 3);
    let bob = app.user("bert").await;
    let unknown = "0198c0de-ffff-7000-8000-000000000001";
    let target = |id: &str| format!("/v1/audit/tokens/lineage?token={id}");
    let foreign = bob.get(&target(&ids[0])).send().await.assert_not_found();
    let none = bob.get(&target(unknown)).send().await.assert_not_found();
    assert_eq!(foreign.body, none.body);
    audrey.get(&target(unknown)).send().await.assert_not_found();
}

/// Refusals are written behind the requests.
pub(crate) async fn when_a_dead_token_was_first_refused_is_told(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let old = app.with_token(&alice.generate_token().await);
    old.whoami().await.assert_user("alice");
    alice.regenerate_token().await;
    let target = format!("/v1/audit/tokens?user={}", alice.id);
    assert_eq!(column(&list(&audrey, &target).await, "firstRefusedAt"), ["null", "null"]);
    for agent in ["nightly/1", "weekly/2"] {
        old.clone().with_header("user-agent", agent).whoami().await.assert_invalid_api_token();
    }
    let told = async {
        loop {
            let entries = list(&audrey, &target).await;
            if !entries[1]["firstRefusedAt"].is_null() {
                break entries;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(30), told).await.expect("it is told");
    assert_eq!(told[0]["firstRefusedAt"], Value::Null);
    let at = |entry: &Value, key: &str| -> chrono::DateTime<chrono::Utc> {
        entry[key].as_str().unwrap().parse().unwrap()
    };
    assert!(at(&told[1], "firstRefusedAt") >= at(&told[1], "invalidatedAt"), "{told:?}");
    let mut connection = Connection::open(app.database()).await;
    let first = connection.rows("SELECT CAST(min(first_at) AS text) FROM token_refusals").await;
    assert!(first[0][0].is_some());
}

pub(crate) async fn everyone_asks_about_themself_and_auditors_about_everyone(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let token = app.with_token(&alice.generate_token().await);
    bob.generate_token().await;
    let audits = app.with_token(&audrey.generate_token().await);
    for client in [&*audrey, &audits] {
        assert_eq!(list(client, "/v1/audit/tokens").await.len(), 3);
        let of_bob = list(client, &format!("/v1/audit/tokens?user={}", bob.id)).await;
        assert_eq!(column(&of_bob, "user"), [&*bob.email]);
    }
    for target in ["/v1/audit/tokens".to_owned(), format!("/v1/audit/tokens?user={}", alice.id)] {
        assert_eq!(column(&list(&alice, &target).await, "userId"), [&*alice.id]);
        // A token that leaked tells nothing of what was before it.
        token.get(&target).send().await.assert_forbidden();
    }
    let administrator: &tests::Client = app.admin();
    for client in [&*alice, administrator] {
        let target = format!("/v1/audit/tokens?user={}", bob.id);
        client.get(&target).send().await.assert_forbidden();
    }
    let none = list(&alice, &format!("/v1/audit/tokens?invalidatedBy={}", bob.id)).await;
    assert!(none.is_empty(), "{none:?}");
    app.anonymous().get("/v1/audit/tokens").send().await.assert_no_credential();
}

/// Between any two pages others make tokens, replace those on the page that comes next, and revoke.
pub(crate) async fn a_reader_misses_nothing_and_meets_nothing_twice_while_others_rotate(
    store: Store,
) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let mut users = Vec::new();
    for name in ["alice", "bob", "carol", "dave", "erin", "frank", "grace"] {
        let user = app.user(name).await;
        user.generate_token().await;
        user.regenerate_token().await;
        users.push(user);
    }
    let there = column(&list(&audrey, "/v1/audit/tokens?limit=100").await, "tokenId");
    assert_eq!(there.len(), 14);
    for limit in [1, 3, 5] {
        let target = format!("/v1/audit/tokens?limit={limit}");
        let before = column(&list(&audrey, "/v1/audit/tokens?limit=100").await, "tokenId");
        let (mut met, mut cursor, mut round) = (Vec::new(), None, 0);
        loop {
            let (entries, next) = page(&audrey, &target, cursor.as_deref()).await;
            met.extend(column(&entries, "tokenId"));
            assert!(met.len() <= before.len(), "pages of {limit}: {met:?}");
            if next.is_none() {
                break;
            }
            cursor = next;
            // Whoever is on the page that comes, and someone else.
            let (one, other) = (&users[round % 7], &users[(round + 3) % 7]);
            one.generate_token().await;
            other.revoke_token().await;
            round += 1;
        }
        assert_eq!(met, before, "pages of {limit}");
    }
    let after = list(&audrey, "/v1/audit/tokens?limit=100").await;
    assert!(after.len() > 25, "{}", after.len());
}

/// Four users rotate without a pause while two auditors read everything, again and again.
pub(crate) async fn readers_and_writers_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let mut users = Vec::new();
    for name in ["alice", "bob", "carol", "dave"] {
        let user = app.user(name).await;
        for _ in 0..8 {
            user.generate_token().await;
        }
        users.push(user);
    }
    let done = AtomicBool::new(false);
    let write = async |user: &tests::Actor| {
        let mut count = 0;
        while !done.load(Ordering::Relaxed) {
            user.generate_token().await;
            count += 1;
        }
        count
    };
    let read = async || {
        for _ in 0..6 {
            let there: BTreeSet<_> =
                column(&list_all(&audrey, "/v1/audit/tokens?limit=100").await, "tokenId")
                    .into_iter()
                    .collect();
            let met = column(&list_all(&audrey, "/v1/audit/tokens?limit=7").await, "tokenId");
            let once: BTreeSet<_> = met.iter().cloned().collect();
            assert_eq!(once.len(), met.len(), "a token was met twice");
            let missed: Vec<_> = there.difference(&once).collect();
            assert!(missed.is_empty(), "missed {missed:?}");
        }
    };
    let readers = async {
        tokio::join!(read(), read());
        done.store(true, Ordering::Relaxed);
    };
    let [a, b, c, d] = [&users[0], &users[1], &users[2], &users[3]].map(write);
    let ((), a, b, c, d) = tokio::join!(readers, a, b, c, d);
    println!("{store:?}: {} rotations while reading", a + b + c + d);
    assert!(a + b + c + d > 20, "{a} {b} {c} {d}");
}

/// All pages. What is made meanwhile comes before them, so there is an end.
async fn list_all(client: &tests::Client, target: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), None);
    loop {
        let (entries, next) = page(client, target, cursor.as_deref()).await;
        all.extend(entries);
        match next {
            Some(next) => cursor = Some(next),
            None => return all,
        }
    }
}

pub(crate) async fn parameters_that_cannot_be_used_are_refused(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    for query in [
        "user=alice",
        "user=",
        "account=1",
        "status=dead",
        "status=Live",
        "generatedSince=yesterday",
        "generatedUntil=2026-01-02",
        "invalidatedSince=1770000000",
        "reason=because",
        "hint=abc",
        "hint=abcde",
        "hint=ab-c",
        "limit=0",
        "limit=101",
        "cursor=n7",
        "cursor=x0198c0de-ffff-7000-8000-000000000001",
        "cursor=n0198C0DE-FFFF-7000-8000-000000000001",
        "q=anything",
        "status=live&status=live",
    ] {
        audrey.get(&format!("/v1/audit/tokens?{query}")).send().await.assert_validation_error();
    }
    for target in ["/v1/audit/tokens/lineage", "/v1/audit/actions"] {
        for query in ["", "?token=0198c0de-ffff-7000-8000-000000000001&limit=0"] {
            audrey.get(&format!("{target}{query}")).send().await.assert_validation_error();
        }
        // What is no id may be a token.
        for query in ["?token=", "?token=x", "?token=0198c0deffff70008000000000000001"] {
            let answer = audrey.get(&format!("{target}{query}")).send().await;
            answer.assert_refused(400, "InvalidRequest");
        }
    }
    for query in ["", "olderThan=90", "olderThan=0d", "olderThan=P90D", "olderThan=-1d"] {
        audrey.get(&format!("/v1/audit/stale?{query}")).send().await.assert_validation_error();
    }
    for query in ["reader=me", "route=tokens", "since=now", "cursor=nabc", "what=this"] {
        audrey.get(&format!("/v1/audit/reads?{query}")).send().await.assert_validation_error();
    }
    audrey.get("/v1/audit/leavers?status=live").send().await.assert_validation_error();
}

//! Whoever still sends a dead token is refused as ever, and its owner is told who it is.

use std::time::Duration;

use serde_json::{Value, json};
use tests::answer::keys;
use tests::sql::Connection;
use tests::{Actor, Client, Ledger, Store, TestApp, on_both_stores};

use crate::credentials::well_formed;

on_both_stores!(
    a_client_that_still_sends_the_old_token_is_named,
    the_page_tells_who_still_sends_the_old_token,
    everything_is_written_before_the_server_stops,
    a_tokens_stragglers_are_counted_up_to_twenty,
    tokens_that_never_were_leave_nothing,
    a_database_that_takes_no_writes_makes_nobody_wait,
    stragglers_are_erased_with_the_owner,
    every_token_in_the_history_tells_when_it_was_last_used,
);

const PAGE: &str = "/user/settings/api-tokens";
const STRAGGLER: [&str; 7] = [
    "address",
    "firstRefusedAt",
    "generation",
    "lastRefusedAt",
    "requests",
    "tokenId",
    "userAgent",
];

async fn stragglers(alice: &Actor) -> Vec<Value> {
    alice.token_state().await.json()["stragglers"].as_array().expect("a list").clone()
}

/// Waits until this holds. Nothing else tells when what is written behind the requests is written.
async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let seen = async {
        loop {
            if let Some(seen) = look().await {
                break seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), seen).await.unwrap_or_else(|_| panic!("{what}"))
}

/// The stragglers once there are so many.
async fn told_of(alice: &Actor, count: usize) -> Vec<Value> {
    eventually("nobody is told of", async || {
        Some(stragglers(alice).await).filter(|all| all.len() == count)
    })
    .await
}

fn tool(app: &TestApp, token: &str, agent: &str, last: u8) -> Client {
    app.with_token(token).connecting_from([127, 0, 9, last].into()).with_header("user-agent", agent)
}

pub(crate) async fn a_client_that_still_sends_the_old_token_is_named(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let old = alice.generate_token().await;
    let nightly = tool(&app, &old, "nightly-sync/2.1", 7);
    nightly.whoami().await.assert_user("alice");
    let id = alice.token_state().await.string("tokenId");
    let new = alice.regenerate_token().await;
    let unknown = tool(&app, &well_formed("alta_pat"), "guesser", 8).whoami().await;
    let refused = nightly.whoami().await.assert_invalid_api_token();
    assert_eq!(refused.body, unknown.body);
    for name in ["www-authenticate", "content-type", "content-length", "cache-control"] {
        assert_eq!(refused.header(name), unknown.header(name), "{name}");
    }
    assert_eq!(refused.headers.len(), unknown.headers.len());
    nightly.account().await.assert_invalid_api_token();
    tool(&app, &new, "nightly-sync/2.2", 7).whoami().await.assert_user("alice");

    let told = told_of(&alice, 1).await;
    assert_eq!(keys(&told[0]), STRAGGLER);
    assert_eq!(told[0]["userAgent"], "nightly-sync/2.1");
    assert_eq!(told[0]["address"], "127.0.9.7");
    assert_eq!((&told[0]["tokenId"], &told[0]["generation"]), (&json!(id), &json!(1)));
    assert!(told[0]["firstRefusedAt"].as_str() <= told[0]["lastRefusedAt"].as_str());
    // One or two of the two requests, as they came before or after the batch was written.
    assert!((1..=2).contains(&told[0]["requests"].as_i64().unwrap()), "{told:?}");
    assert_eq!(stragglers(&bob).await, [json!(null); 0]);
    assert_eq!(stragglers(app.admin()).await, [json!(null); 0]);

    let events = Ledger::read(app.database()).await.events;
    let types: Vec<_> = events.iter().map(|event| &*event.event_type).collect();
    assert_eq!(types.iter().filter(|of| of.starts_with("Token")).count(), 2, "{types:?}");
}

pub(crate) async fn the_page_tells_who_still_sends_the_old_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    alice.regenerate_token().await;
    let page = async || alice.get(PAGE).send().await.assert_status(200).text();
    let title = "Still sending your old token";
    assert!(!page().await.contains(title));
    tool(&app, &old, "<b>cron</b>\u{202e}/3", 7).whoami().await.assert_invalid_api_token();
    told_of(&alice, 1).await;
    let shown = page().await;
    for said in [title, "&#60;b&#62;cron&#60;/b&#62;\u{fffd}/3", "127.0.9.7", "token 1"] {
        assert!(shown.contains(said), "{said} is not in {shown}");
    }
    let (_, rest) = shown.split_once("name=\"until\" value=\"").expect("a form");
    let until = rest.split('"').next().unwrap();

    // Another comes after the page was shown: hiding what it showed does not hide that.
    let other = app.user("bob").await;
    let hide = format!("{PAGE}/stragglers/hide");
    other.post(&hide).form(&[("until", until)]).send().await.assert_status(303);
    assert_eq!(stragglers(&alice).await.len(), 1, "nobody hides another's");
    alice.post(&hide).form(&[("until", "yesterday")]).send().await.assert_status(400);
    alice.post(&hide).form(&[("until", "2026-01-01T00:00:00Z")]).send().await.assert_status(303);
    assert_eq!(stragglers(&alice).await.len(), 1, "it came later");
    alice.post(&hide).form(&[("until", until)]).send().await.assert_status(303);
    assert_eq!(stragglers(&alice).await.len(), 0);
    assert!(!page().await.contains(title));
    assert_eq!(Ledger::read(app.database()).await.rows("token_refusals").len(), 1, "it is kept");
}

/// What is written at most once a minute is written at once when the server stops in good order.
pub(crate) async fn everything_is_written_before_the_server_stops(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let new = alice.regenerate_token().await;
    let cron = tool(&app, &old, "cron/3", 7);
    cron.whoami().await.assert_invalid_api_token();
    app.with_token(&new).whoami().await.assert_user("alice");
    told_of(&alice, 1).await;
    let used = eventually("no use is told", async || {
        let used = alice.token_state().await.json()["lastUsedAt"].clone();
        (!used.is_null()).then_some(used)
    })
    .await;
    for _ in 0..9 {
        cron.whoami().await.assert_invalid_api_token();
        app.with_token(&new).whoami().await.assert_user("alice");
    }
    app.stop().await;
    app.start().await;
    let told = stragglers(&alice).await;
    assert_eq!(told[0]["requests"], 10);
    assert!(told[0]["firstRefusedAt"].as_str() < told[0]["lastRefusedAt"].as_str());
    let later = alice.token_state().await.json()["lastUsedAt"].clone();
    assert!(later.as_str() > used.as_str(), "{later} is not after {used}");
}

pub(crate) async fn a_tokens_stragglers_are_counted_up_to_twenty(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let first = alice.generate_token().await;
    let second = alice.regenerate_token().await;
    alice.regenerate_token().await;
    for number in 0..30 {
        let agent = format!("fleet/{number}");
        tool(&app, &first, &agent, number).whoami().await.assert_invalid_api_token();
    }
    tool(&app, &second, "cron/3", 7).whoami().await.assert_invalid_api_token();
    app.stop().await;
    app.start().await;
    let told = stragglers(&alice).await;
    let of = |generation: u32| told.iter().filter(|it| it["generation"] == generation).count();
    assert_eq!((of(1), of(2)), (20, 1));
    // Also when the ones before are no longer in memory.
    for number in 30..60 {
        let agent = format!("fleet/{number}");
        tool(&app, &first, &agent, number).whoami().await.assert_invalid_api_token();
    }
    tool(&app, &second, "cron/4", 7).whoami().await.assert_invalid_api_token();
    app.stop().await;
    app.start().await;
    assert_eq!(stragglers(&alice).await.len(), 22);
}

pub(crate) async fn tokens_that_never_were_leave_nothing(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    alice.regenerate_token().await;
    for number in 0..3_u8 {
        let guesser = app.anonymous().connecting_from([127, 0, 8, number].into());
        for _ in 0..40 {
            let guesser = guesser.clone().with_token(&well_formed("alta_pat"));
            guesser.whoami().await;
        }
    }
    // Nor do they crowd out one that was.
    tool(&app, &old, "cron/3", 7).whoami().await.assert_invalid_api_token();
    app.stop().await;
    app.start().await;
    assert_eq!(stragglers(&alice).await.len(), 1);
    let ledger = Ledger::read(app.database()).await;
    assert_eq!((ledger.rows("token_refusals").len(), ledger.rows("token_usage").len()), (1, 0));
}

/// The tables are locked, as by a database that hangs: everyone is answered as ever meanwhile.
pub(crate) async fn a_database_that_takes_no_writes_makes_nobody_wait(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let new = alice.regenerate_token().await;
    let mut hanging = Connection::open(app.database()).await;
    hanging
        .execute(match store {
            Store::Sqlite => "BEGIN IMMEDIATE",
            Store::Postgres => "BEGIN; LOCK TABLE token_usage, token_refusals IN EXCLUSIVE MODE",
        })
        .await
        .unwrap();
    let ask = async || {
        for _ in 0..5 {
            app.with_token(&new).whoami().await.assert_user("alice");
            tool(&app, &old, "cron/3", 7).whoami().await.assert_invalid_api_token();
        }
    };
    // Less than the server waits for a lock: one that waited would be too late.
    let at_once = Duration::from_secs(3);
    tokio::time::timeout(at_once, ask()).await.expect("someone waits for the database");
    if store == Store::Postgres {
        // And it does hang: someone waits for the lock.
        let question = "SELECT CAST(count(*) AS text) FROM pg_locks WHERE NOT granted";
        let mut watching = Connection::open(app.database()).await;
        eventually("nothing waits", async || (watching.value(question).await != "0").then_some(()))
            .await;
        tokio::time::timeout(at_once, ask()).await.expect("someone waits for the writer");
    }
    let ledger = Ledger::read(app.database()).await;
    assert_eq!((ledger.rows("token_refusals").len(), ledger.rows("token_usage").len()), (0, 0));
    hanging.execute("ROLLBACK").await.unwrap();
    hanging.close().await;
    told_of(&alice, 1).await;
}

pub(crate) async fn stragglers_are_erased_with_the_owner(store: Store) {
    let mut app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let mut old = Vec::new();
    for user in [&alice, &bob] {
        old.push(user.generate_token().await);
        user.regenerate_token().await;
    }
    let refuse = async |app: &TestApp| {
        for token in &old {
            tool(app, token, "cron/3", 7).whoami().await.assert_invalid_api_token();
        }
    };
    refuse(&app).await;
    told_of(&alice, 1).await;
    told_of(&bob, 1).await;
    app.admin().lock(&alice.id).await;
    app.admin().erase(&alice.id).await;
    assert_eq!(Ledger::read(app.database()).await.rows("token_refusals").len(), 1);
    // What the dead token is sent by from now on is nobody's to know.
    refuse(&app).await;
    app.stop().await;
    app.start().await;
    refuse(&app).await;
    app.stop().await;
    app.start().await;
    assert_eq!(Ledger::read(app.database()).await.rows("token_refusals").len(), 1);
    assert_eq!(stragglers(&bob).await[0]["requests"], 3);
}

pub(crate) async fn every_token_in_the_history_tells_when_it_was_last_used(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    alice.regenerate_token().await;
    alice.revoke_token().await;
    app.stop().await;
    app.start().await;
    let used: Vec<_> =
        alice.history().await.iter().map(|it| it["lastUsedAt"].is_string()).collect();
    assert_eq!(used, [false, false, true], "revoked, made and never used, made and used");
    let page = alice.get(PAGE).send().await.assert_status(200).text();
    let (_, history) = page.split_once("data-history").expect("a history");
    assert_eq!(history.matches("Never used").count(), 1);
    assert_eq!(history.matches("Last used within the last two minutes").count(), 1);
}

//! How often an account may be acted in, whoever does it.

use std::collections::BTreeMap;

use tests::integration::prospect;
use tests::reaper::Scratch;
use tests::{Answer, Client, Database, Settings, Store, TestApp, on_both_stores};

const LIMIT: u64 = 100;

on_both_stores!(
    a_hundred_requests_a_minute_are_admitted_in_an_account,
    tokens_and_sessions_in_the_same_account_share_its_limit,
    of_many_requests_at_once_exactly_the_limit_is_admitted,
    whoever_is_refused_for_a_credential_or_an_account_does_not_count,
    prospects_are_added_ten_times_a_minute_by_token_and_url_together,
);

pub(crate) async fn a_hundred_requests_a_minute_are_admitted_in_an_account(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    let (main, second) = (bearer.in_account(app.account_id()), bearer.in_account(&second));

    for remaining in (0..LIMIT).rev() {
        let answer = main.account().await.assert_status(200);
        let seconds = assert_standing(&answer, LIMIT, remaining);
        assert!((1..=60).contains(&seconds), "{answer:?}");
        assert_eq!(answer.header("retry-after"), None);
    }
    for _ in 0..3 {
        let answer = main.account().await;
        assert_eq!(answer.header("x-account-id"), Some(app.account_id()));
        assert_too_many(answer, LIMIT);
    }

    assert_standing(&second.account().await.assert_status(200), LIMIT, LIMIT - 1);
    // Who I am and which accounts I have can be asked in any case.
    let answer = main.whoami().await.assert_user("alice");
    assert_eq!(answer.header("ratelimit"), None);
    assert_eq!(answer.header("ratelimit-policy"), None);
}

pub(crate) async fn tokens_and_sessions_in_the_same_account_share_its_limit(store: Store) {
    let app = limited(store, 5).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let old = app.with_token(&alice.generate_token().await);
    assert_standing(&old.account().await.assert_status(200), 5, 4);
    let new = app.with_token(&alice.regenerate_token().await);
    assert_standing(&new.account().await.assert_status(200), 5, 3);
    assert_standing(&alice.account().await.assert_status(200), 5, 2);
    let bobs = app.with_token(&bob.generate_token().await);
    assert_standing(&bobs.account().await.assert_status(200), 5, 1);
    assert_standing(&bob.account().await.assert_status(200), 5, 0);
    for client in [new, (*alice).clone(), bobs, (*bob).clone()] {
        assert_too_many(client.account().await, 5);
    }
}

pub(crate) async fn of_many_requests_at_once_exactly_the_limit_is_admitted(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let tokens = [alice.generate_token().await, bob.generate_token().await];
    let callers: Vec<_> = (0..25)
        .map(|number| {
            let client = app.with_token(&tokens[number % 2]);
            tokio::spawn(async move {
                let mut statuses = Vec::new();
                for _ in 0..6 {
                    statuses.push(client.account().await.status.as_u16());
                }
                statuses
            })
        })
        .collect();
    let mut counts = BTreeMap::new();
    for caller in callers {
        for status in caller.await.unwrap() {
            *counts.entry(status).or_insert(0) += 1;
        }
    }
    assert_eq!(counts, BTreeMap::from([(200, 100), (429, 50)]));
}

pub(crate) async fn whoever_is_refused_for_a_credential_or_an_account_does_not_count(store: Store) {
    let app = limited(store, 3).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let dead = alice.generate_token().await;
    let bearer = app.with_token(&alice.regenerate_token().await);
    let foreign = app.admin().open_account("Foreign").await;
    app.admin().put_member(&foreign, &bob.id, "member").await;
    let bobs = app.with_token(&bob.generate_token().await);
    for _ in 0..5 {
        let main = |client: Client| client.in_account(app.account_id());
        let answers = [
            main(app.anonymous()).account().await.assert_no_credential(),
            main(app.with_token("nonsense")).account().await.assert_invalid_api_token(),
            main(app.with_token(&dead)).account().await.assert_invalid_api_token(),
            bearer.in_account(&foreign).account().await.assert_forbidden(),
            bobs.account().await.assert_refused(400, "AccountRequired"),
            main(main(bobs.clone())).account().await.assert_refused(400, "InvalidRequest"),
            main(bobs.clone()).put("/v1/account").send().await.assert_status(405),
        ];
        for answer in answers {
            assert_eq!(answer.header("ratelimit"), None);
        }
    }
    for (client, remaining) in [(&bearer, 2), (&bobs, 1), (&bearer, 0)] {
        let answer = client.in_account(app.account_id()).account().await.assert_status(200);
        assert_standing(&answer, 3, remaining);
    }
    assert_too_many(bearer.account().await, 3);
    assert_standing(&bobs.in_account(&foreign).account().await.assert_status(200), 3, 2);
    // The credential and the account are judged first, however full the minute is.
    app.with_token(&dead).account().await.assert_invalid_api_token();
    bearer.in_account(&foreign).account().await.assert_forbidden();
}

pub(crate) async fn prospects_are_added_ten_times_a_minute_by_token_and_url_together(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let bearer = app.with_token(&alice.generate_token().await);
    let (first, second) =
        (bearer.create_campaign("First").await, bearer.create_campaign("Second").await);
    let url = bearer.rotate_webhook(&second).await;
    let record = prospect("ada");
    // Three requests were made by now.
    for number in 1..=10 {
        let answer = if number % 2 == 0 {
            bearer.add_prospects(&first, std::slice::from_ref(&record)).await.assert_status(200)
        } else {
            app.anonymous().post_to_webhook(&url, &record).await.assert_status(202)
        };
        assert_both(&answer, 97 - number, 10 - number);
    }
    let refused = [
        bearer.add_prospects(&first, std::slice::from_ref(&record)).await,
        app.anonymous().post_to_webhook(&url, &record).await,
    ];
    for answer in refused {
        assert_both(&answer, 87, 0);
        assert!(answer.header("retry-after").is_some());
        answer.assert_refused(429, "TooManyRequests");
    }
    // The other limit goes on, and so does another account.
    assert_standing(&bearer.account().await.assert_status(200), LIMIT, 86);
    assert_eq!(bearer.prospects(&first).await.len(), 1);
    let other = app.admin().open_account("Other").await;
    app.admin().put_member(&other, &alice.id, "member").await;
    let there = bearer.in_account(&other);
    let campaign = there.create_campaign("There").await;
    let answer = there.add_prospects(&campaign, &[record]).await.assert_status(200);
    assert_both(&answer, 98, 9);
}

/// Expects that the answer says how both limits stand.
#[track_caller]
fn assert_both(answer: &Answer, account: u64, prospects: u64) {
    let policy = "\"account\";q=100;w=60, \"prospects\";q=10;w=60";
    assert_eq!(answer.header("ratelimit-policy"), Some(policy), "{answer:?}");
    let state = answer.header("ratelimit").unwrap_or_else(|| panic!("no state: {answer:?}"));
    let parts: Vec<_> = state.split(", ").collect();
    let [of_account, of_prospects] = parts[..] else { panic!("{state}") };
    assert!(of_account.starts_with(&format!("\"account\";r={account};t=")), "{state}");
    assert!(of_prospects.starts_with(&format!("\"prospects\";r={prospects};t=")), "{state}");
}

#[tokio::test]
async fn the_limit_can_come_from_file_and_environment() {
    let folder = Scratch::new("config");
    let file = folder.path().join("symbolon.toml");
    let text = "account_requests_per_minute = 2\nprospect_requests_per_minute = 1\n";
    std::fs::write(&file, text).unwrap();
    let from_file = Settings::new().flag("--config", &file.display().to_string());
    let from_environment = Settings::new()
        .environment("SYMBOLON_ACCOUNT_REQUESTS_PER_MINUTE", "2")
        .environment("SYMBOLON_PROSPECT_REQUESTS_PER_MINUTE", "1");
    for settings in [from_file, from_environment] {
        let app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
        assert_standing(&app.admin().account().await.assert_status(200), 2, 1);
        assert_standing(&app.admin().account().await.assert_status(200), 2, 0);
        assert_too_many(app.admin().account().await, 2);
    }
}

async fn limited(store: Store, per_minute: u64) -> TestApp {
    let flag = "--account-requests-per-minute";
    let settings = Settings::new().flag(flag, &per_minute.to_string());
    TestApp::with(Database::new(store).await, settings).await
}

/// Expects that the answer says so, and returns for how long.
#[track_caller]
fn assert_standing(answer: &Answer, per_minute: u64, remaining: u64) -> u64 {
    let policy = format!("\"account\";q={per_minute};w=60");
    assert_eq!(answer.header("ratelimit-policy"), Some(&*policy), "{answer:?}");
    let state = answer.header("ratelimit").unwrap_or_else(|| panic!("no state: {answer:?}"));
    let seconds = state.strip_prefix(&format!("\"account\";r={remaining};t="));
    seconds.unwrap_or_else(|| panic!("{state} instead of {remaining}")).parse().unwrap()
}

/// Expects the refusal of one request too many.
#[track_caller]
fn assert_too_many(answer: Answer, per_minute: u64) {
    let seconds = assert_standing(&answer, per_minute, 0);
    assert!((1..=60).contains(&seconds), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some(&*seconds.to_string()), "{answer:?}");
    let message = format!("Rate limit exceeded. Please retry after {seconds} seconds.");
    answer.assert_error(429, "TooManyRequests", &message);
}

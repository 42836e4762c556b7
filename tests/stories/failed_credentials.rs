//! Whoever keeps sending credentials that are no good is told to wait, and nobody else is.

use tests::client::neighbour;
use tests::{Answer, Client, Database, Settings, Store, TestApp, on_both_stores};
use tokio::task::JoinSet;

/// Failures that are always answered with what is wrong.
const FREE: usize = 120;
/// By then a refill during the requests does not help any more: one more is free every half second.
const ENOUGH: usize = 600;
/// At the same time, where there are many requests.
const CALLERS: usize = 8;

on_both_stores!(
    a_straggler_with_a_dead_token_is_told_to_wait_and_the_neighbours_work_on,
    every_credential_that_fails_counts_and_gets_the_same_answer,
    what_is_no_failed_credential_does_not_count,
    behind_a_gateway_failures_count_per_client,
);

pub(crate) async fn a_straggler_with_a_dead_token_is_told_to_wait_and_the_neighbours_work_on(
    store: Store,
) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let straggler = app.with_token(&alice.generate_token().await);
    let hers = app.with_token(&alice.regenerate_token().await);
    let his = app.with_token(&bob.generate_token().await);
    // From the same address, while the straggler goes on.
    for _ in 0..5 {
        fail_until_told_to_wait(&straggler).await;
        hers.whoami().await.assert_user("alice");
        his.account().await.assert_status(200);
        alice.token_state().await;
        app.anonymous().whoami().await.assert_no_credential();
    }
    // Elsewhere nobody was told to wait.
    fail_until_told_to_wait(&straggler).await;
    straggler.connecting_from(neighbour(1)).whoami().await.assert_invalid_api_token();
}

pub(crate) async fn every_credential_that_fails_counts_and_gets_the_same_answer(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let replaced = alice.generate_token().await;
    let live = alice.regenerate_token().await;
    let clients = [
        app.with_token("nonsense"),
        app.with_token(&replaced),
        app.with_token(&crate::credentials::well_formed("alta_pat")),
        app.anonymous().with_header("authorization", "Basic YTpi"),
        app.anonymous().with_header("authorization", &live),
    ];
    for number in 0..FREE {
        let answer = clients[number % clients.len()].whoami().await.assert_status(401);
        assert_eq!(answer.body, tests::answer::UNAUTHORIZED_BODY);
    }
    for client in &clients {
        fail_until_told_to_wait(client).await;
    }
    app.with_token(&live).whoami().await.assert_user("alice");
}

pub(crate) async fn what_is_no_failed_credential_does_not_count(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let bearer = app.with_token(&alice.generate_token().await);
    let foreign = app.admin().open_account("Foreign").await;
    let twice = bearer.clone().with_header("authorization", "Bearer nonsense");
    let kinds = [
        (app.anonymous().get("/v1/token"), 401),
        (bearer.in_account(&foreign).get("/v1/account"), 403),
        (bearer.get("/v1/user/api-token"), 403),
        (twice.get("/v1/token"), 400),
    ];
    // So many of each kind, so fast, that any one kind would be too many, were it counted.
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let kinds = kinds.clone();
        callers.spawn(async move {
            for (request, status) in std::iter::repeat_n(kinds, 2 * FREE / CALLERS).flatten() {
                request.send().await.assert_status(status);
            }
        });
    }
    while let Some(ended) = callers.join_next().await {
        ended.expect("each answer is of its kind");
    }
    app.with_token("nonsense").whoami().await.assert_invalid_api_token();
}

pub(crate) async fn behind_a_gateway_failures_count_per_client(store: Store) {
    let settings = Settings::new().flag("--gateway-cidrs", "127.0.0.1");
    let app = TestApp::with(Database::new(store).await, settings).await;
    let live = app.admin().generate_token().await;
    let client =
        |token: &str, address: &str| app.with_token(token).with_header("x-forwarded-for", address);
    let mut failures = 0;
    // One subscriber, with an address of its own for every request.
    let told = loop {
        let answer = client("nonsense", &format!("2001:db8::{failures:x}")).whoami().await;
        if answer.status != 401 {
            break answer;
        }
        failures += 1;
        assert!(failures < ENOUGH, "{failures} failures were answered");
    };
    assert!(failures >= FREE, "only {failures} failures were answered");
    assert_told_to_wait(&told);
    client(&live, "2001:db8::1").whoami().await.assert_user("root");
    for other in ["2001:db8:0:1::1", "203.0.113.9"] {
        client("nonsense", other).whoami().await.assert_invalid_api_token();
    }
    app.with_token("nonsense").whoami().await.assert_invalid_api_token();
}

/// Asks until the answer is no 401 any more, and expects that it says how long to wait.
async fn fail_until_told_to_wait(client: &Client) {
    for number in 0..ENOUGH {
        let answer = if number % 2 == 0 { client.whoami().await } else { client.account().await };
        if answer.status != 401 {
            assert_told_to_wait(&answer);
            return;
        }
    }
    panic!("{ENOUGH} failures were answered with 401")
}

#[track_caller]
fn assert_told_to_wait(answer: &Answer) {
    let answer = answer.clone().assert_status(429);
    let seconds: u64 = answer.header("retry-after").expect("a time").parse().expect("a number");
    assert!((1..=60).contains(&seconds), "{answer:?}");
    let policy = answer.header("ratelimit-policy");
    assert_eq!(policy, Some("\"failed-credentials\";q=120;w=60"), "{answer:?}");
    let state = format!("\"failed-credentials\";r=0;t={seconds}");
    assert_eq!(answer.header("ratelimit"), Some(&*state), "{answer:?}");
    assert_eq!(answer.header("www-authenticate"), None, "{answer:?}");
    let message = format!("Rate limit exceeded. Please retry after {seconds} seconds.");
    answer.assert_error(429, "TooManyRequests", &message);
}

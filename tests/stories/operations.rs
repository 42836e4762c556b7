//! What operators rely on: probes, request ids, no caching of secrets, a stop in good order.

use std::collections::BTreeSet;

use tests::{Database, Server, Settings, Store, TestApp, on_both_stores};

on_both_stores!(
    the_server_is_live_and_ready,
    a_server_that_is_asked_to_stop_says_so_and_serves_on,
    every_answer_has_a_request_id_of_its_own,
    nothing_about_a_token_is_cached,
    the_server_stops_in_good_order,
    a_server_that_says_it_listens_can_be_stopped,
    nothing_is_lost_by_a_kill,
);

pub(crate) async fn the_server_is_live_and_ready(store: Store) {
    let app = TestApp::new(store).await;
    app.anonymous().get("/livez").send().await.assert_status(200);
    let ready = app.anonymous().get("/readyz").send().await.assert_status(200);
    assert_eq!(ready.text(), "ready\n");
    assert_eq!(ready.header("content-type"), Some("text/plain; charset=utf-8"));
    let request = app.anonymous().get("/readyz").header("accept", "application/json");
    let ready = request.send().await.assert_status(200).json();
    let database = match store {
        Store::Sqlite => "sqlite",
        Store::Postgres => "postgres",
    };
    let expected = serde_json::json!({
        "status": "ready", "database": database, "verifier": "replica", "standbys": [],
    });
    assert_eq!(ready, expected);
    app.with_token("nonsense").get("/livez").send().await.assert_status(200);
}

pub(crate) async fn a_server_that_is_asked_to_stop_says_so_and_serves_on(store: Store) {
    let settings = Settings::new().flag("--drain-seconds", "3");
    let mut app = TestApp::with(Database::new(store).await, settings).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.server().signal("TERM");
    let asked = std::time::Instant::now();
    let not_ready = loop {
        let answer = app.anonymous().get("/readyz").send().await;
        if answer.status != 200 {
            break answer.assert_error(503, "Unavailable", "The service is stopping.");
        }
        assert!(asked.elapsed().as_secs() < 2, "still ready");
    };
    assert_eq!(not_ready.header("retry-after"), Some("1"));
    app.anonymous().get("/livez").send().await.assert_status(200);
    let new = alice.regenerate_token().await;
    app.with_token(&new).whoami().await.assert_user("alice");
    app.with_token(&token).whoami().await.assert_invalid_api_token();
    let ended = app.server_mut().ended().await;
    assert!(ended.status.success(), "{ended:?}");
    assert!(asked.elapsed().as_secs() >= 3, "{:?}", asked.elapsed());
}

pub(crate) async fn every_answer_has_a_request_id_of_its_own(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.with_token(&token).whoami().await.assert_status(200);
    app.with_token(&token).with_token(&token).whoami().await.assert_status(400);
    app.with_token("nonsense").whoami().await.assert_status(401);
    app.with_token(&token).get("/v1/admin/users").send().await.assert_status(403);
    app.anonymous().get("/nothing").send().await.assert_status(404);
    app.anonymous().post("/livez").send().await.assert_status(405);
    app.anonymous().get("/readyz").send().await.assert_status(200);
    app.anonymous().get("/").send().await.assert_status(303);
    alice.post("/v1/user/api-token").header("if-none-match", "*").send().await.assert_status(412);
    let request = alice.post("/v1/user/api-token").header("sec-fetch-site", "cross-site");
    request.send().await.assert_status(403);

    let answers = app.answers();
    let ids: BTreeSet<_> = answers
        .iter()
        .map(|answer| match answer.header("x-request-id") {
            Some(id) if !id.is_empty() => id,
            _ => panic!("no request id in {answer:?}"),
        })
        .collect();
    assert_eq!(ids.len(), answers.len());
}

pub(crate) async fn nothing_about_a_token_is_cached(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let token = alice.regenerate_token().await;
    alice.token_state().await;
    alice.history().await;
    app.with_token(&token).whoami().await.assert_status(200);
    app.with_token(&token).account().await.assert_status(200);
    app.with_token(&token).get("/v1/admin/users").send().await.assert_status(403);
    app.with_token("nonsense").whoami().await.assert_status(401);
    app.with_token(&token).delete("/v1/token").send().await.assert_status(204);
    app.admin().invite("bob").await;
    for answer in app.answers() {
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    }
}

pub(crate) async fn the_server_stops_in_good_order(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.stop().await;
    app.start().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    app.server().signal("INT");
    let ended = app.server_mut().ended().await;
    assert!(ended.status.success(), "{ended:?}");
}

pub(crate) async fn a_server_that_says_it_listens_can_be_stopped(store: Store) {
    let mut app = TestApp::new(store).await;
    for _ in 0..20 {
        app.stop().await;
        app.start().await;
    }
}

pub(crate) async fn nothing_is_lost_by_a_kill(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let old = alice.generate_token().await;
    let new = alice.regenerate_token().await;
    app.kill();
    app.start().await;
    app.with_token(&new).whoami().await.assert_user("alice");
    app.with_token(&old).whoami().await.assert_invalid_api_token();
    alice.token_state().await;
}

#[tokio::test]
async fn sqlite_is_a_file_in_the_data_directory() {
    let app = TestApp::new(Store::Sqlite).await;
    assert!(app.database().sqlite_file().is_file());
}

#[tokio::test]
async fn logs_that_go_to_no_terminal_are_json_lines() {
    let settings = Settings::new().flag("--log", "debug");
    let mut app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
    app.anonymous().get("/nothing").send().await.assert_not_found();
    let said = app.stop().await;
    for line in said.stderr.lines() {
        let parsed: Result<serde_json::Value, _> = serde_json::from_str(line);
        assert!(parsed.is_ok_and(|value| value.is_object()), "{line}");
    }
    assert!(!said.stderr.is_empty());
}

#[tokio::test]
async fn an_address_in_use_is_a_reason_not_to_start() {
    let app = TestApp::new(Store::Sqlite).await;
    let database = Database::new(Store::Sqlite).await;
    let address = app.server().address().to_string();
    let settings = Settings::new().flag("--listen", &address);
    let ended = Server::try_start(&database, &settings).await.expect_err("the port is taken");
    assert!(!ended.status.success());
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
}

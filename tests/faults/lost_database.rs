//! PostgreSQL is away, or does not answer: nobody is told yes, and nobody is told no.

use std::time::{Duration, Instant};

use domain::token::{Prefix, TokenSecret};
use serde_json::json;
use sqlx::{Executor, Row};
use tests::client::Request;
use tests::postgres::{Cluster, Shutdown};
use tests::seed::seeded;
use tests::{Actor, Answer, Client, Database, Ledger, Settings, TestApp, until};
use tokio::task::JoinSet;

use crate::crew::{Crew, assert_unavailable};
use crate::database_crashes::until_ready;
use crate::proxy::Proxy;
use tests::processes::Frozen;

/// Longest that anybody waits for an answer: three seconds for a connection and a few times five for
/// an answer.
const LIMIT: Duration = Duration::from_secs(15);

/// A server that asks the database for every token.
async fn direct(cluster: &Cluster) -> TestApp {
    let settings = Settings::new().flag("--verifier", "direct");
    TestApp::with(Database::on(cluster).await, settings).await
}

/// A server that answers from memory, as by default.
async fn replica(cluster: &Cluster) -> TestApp {
    TestApp::with(Database::on(cluster).await, Settings::new()).await
}

/// Waits for the lease to run out: until then memory answers, and rightly.
async fn until_memory_is_silent(app: &TestApp) {
    let begun = Instant::now();
    let stranger = app.with_token(&unknown_token());
    loop {
        let answer = in_time(stranger.get("/v1/token")).await;
        if answer.status == 503 {
            return;
        }
        assert!(matches!(answer.status.as_u16(), 401 | 429), "{answer:?}");
        // A lease is a second, and what is asked in its last moment is answered late on a busy machine.
        assert!(begun.elapsed() < Duration::from_secs(3), "memory goes on answering");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn in_time(request: Request) -> Answer {
    let answer = tokio::time::timeout(LIMIT, request.send()).await;
    answer.unwrap_or_else(|_| panic!("not answered within {LIMIT:?}"))
}

/// A well-formed token that nobody has.
fn unknown_token() -> String {
    TokenSecret::generate(&Prefix::default(), &mut seeded("unknown_token")).expose().to_owned()
}

/// Asks everything that needs the database, all at the same time.
async fn assert_nothing_is_answered(app: &TestApp, alice: &Actor, token: &str) {
    let (bearer, stranger) = (app.with_token(token), app.with_token(&unknown_token()));
    let credentials = json!({ "email": alice.email, "password": alice.password });
    let requests = [
        bearer.get("/v1/token"),
        bearer.get("/v1/account"),
        bearer.delete("/v1/token"),
        stranger.get("/v1/token"),
        alice.get("/v1/user/api-token"),
        alice.get("/v1/user/api-token/history"),
        alice.get("/v1/account"),
        alice.post("/v1/user/api-token"),
        alice.post("/v1/user/api-token/regenerate"),
        alice.delete("/v1/user/api-token"),
        app.admin().get("/v1/admin/users"),
        app.admin().put(&format!("/v1/admin/users/{}/lock", alice.id)),
        app.anonymous().post("/v1/session").json(credentials),
        app.anonymous().get("/readyz"),
    ];
    let mut asked = JoinSet::new();
    for request in requests {
        asked.spawn(async move { drop(assert_unavailable(in_time(request).await)) });
    }
    while let Some(answered) = asked.join_next().await {
        answered.expect("503");
    }
    in_time(app.anonymous().get("/livez")).await.assert_status(200);
    // What is no token at all needs no database to be refused.
    in_time(app.with_token("nonsense").get("/v1/token")).await.assert_invalid_api_token();
}

async fn assert_all_is_as_before(app: &TestApp, alice: &Actor, token: &str) {
    until_ready(app).await;
    app.with_token(token).whoami().await.assert_user("alice");
    app.with_token(&unknown_token()).whoami().await.assert_invalid_api_token();
    assert_eq!(alice.token_state().await.json()["generation"], 1);
    let new = alice.regenerate_token().await;
    app.with_token(&new).whoami().await.assert_user("alice");
    app.with_token(token).whoami().await.assert_invalid_api_token();
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
}

#[tokio::test]
async fn while_postgres_is_stopped_every_question_is_answered_503_and_afterwards_as_before() {
    let cluster = Cluster::new(&[]);
    for is_replica in [false, true] {
        let app = if is_replica { replica(&cluster).await } else { direct(&cluster).await };
        let alice = app.user("alice").await;
        let token = alice.generate_token().await;
        cluster.stop(Shutdown::Fast);
        if is_replica {
            until_memory_is_silent(&app).await;
        }
        let started = Instant::now();
        for _ in 0..2 {
            assert_nothing_is_answered(&app, &alice, &token).await;
        }
        println!("28 questions to a stopped database took {:?}", started.elapsed());
        cluster.start(&[]);
        assert_all_is_as_before(&app, &alice, &token).await;
    }
}

/// From losing the database to saying so.
const NOT_READY_WITHIN: Duration = Duration::from_secs(1);

async fn assert_soon_not_ready(app: &TestApp) {
    for _ in 0..3 {
        let asked = Instant::now();
        assert_unavailable(app.anonymous().get("/readyz").send().await);
        assert!(asked.elapsed() < NOT_READY_WITHIN, "{:?}", asked.elapsed());
    }
}

#[tokio::test]
async fn a_node_without_its_database_is_not_ready_within_a_second_whoever_verifies() {
    for verifier in ["replica", "direct"] {
        let cluster = Cluster::new(&[]);
        let settings = Settings::new().flag("--verifier", verifier);
        let app = TestApp::with(Database::on(&cluster).await, settings).await;
        let request = app.anonymous().get("/readyz").header("accept", "application/json");
        let ready = request.send().await.assert_status(200).json();
        let expected = json!({
            "status": "ready", "database": "postgres", "verifier": verifier, "standbys": [],
        });
        assert_eq!(ready, expected);
        let frozen = Frozen::new(&cluster);
        assert_soon_not_ready(&app).await;
        drop(frozen);
        until_ready(&app).await;
        cluster.stop(Shutdown::Fast);
        assert_soon_not_ready(&app).await;
        cluster.start(&[]);
        until_ready(&app).await;
    }
}

/// Asks who one is, so often at the same time; says how many were told.
async fn told(bearer: &Client, times: usize) -> usize {
    let mut asked = JoinSet::new();
    for _ in 0..times {
        let request = bearer.get("/v1/token");
        asked.spawn(async move { in_time(request).await });
    }
    let mut told = 0;
    while let Some(answer) = asked.join_next().await {
        let answer = answer.expect("an answer");
        if answer.status == 200 {
            told += 1;
        } else {
            assert_unavailable(answer);
        }
    }
    told
}

#[tokio::test]
async fn connections_that_lead_nowhere_are_given_up() {
    const AT_ONCE: usize = 40;
    /// The connections that serve verification, all of them.
    const VERIFYING: i64 = 8;
    let cluster = Cluster::new(&[]);
    let name = cluster.create_database().await;
    let proxy = Proxy::before(cluster.port()).await;
    let url = format!("postgres://symbolon@{}/{name}?sslmode=disable", proxy.address);
    let settings = Settings::new().flag("--verifier", "direct").unlimited();
    let app = TestApp::with(Database::at(url), settings).await;
    let bearer = app.with_token(&app.admin().generate_token().await);
    assert_eq!(told(&bearer, AT_ONCE).await, AT_ONCE);

    // Every connection waits for an answer when the network begins to swallow all.
    let mut holder = cluster.connect(&name).await;
    holder.execute("BEGIN; LOCK TABLE token_lookup IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let asked = tokio::spawn({
        let bearer = bearer.clone();
        async move { told(&bearer, AT_ONCE).await }
    });
    let mut observer = cluster.connect(&name).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let do_all_wait =
        async || observer.fetch_one(waiting).await.unwrap().get::<i64, _>(0) >= VERIFYING;
    until("not all connections wait", Duration::from_secs(3), do_all_wait).await;
    proxy.swallow();
    holder.execute("ROLLBACK").await.unwrap();
    assert_eq!(asked.await.unwrap(), 0);

    let are_all_told = async || told(&bearer, AT_ONCE).await == AT_ONCE;
    until("places in the pool are lost", Duration::from_secs(10), are_all_told).await;
}

#[tokio::test]
async fn a_token_that_could_not_be_verified_has_not_failed() {
    let cluster = Cluster::new(&[]);
    let app = direct(&cluster).await;
    cluster.stop(Shutdown::Fast);
    let stranger = app.with_token(&unknown_token());
    let mut asked = JoinSet::new();
    for _ in 0..300 {
        let request = stranger.get("/v1/token");
        asked.spawn(async move { drop(assert_unavailable(in_time(request).await)) });
    }
    while let Some(answered) = asked.join_next().await {
        answered.expect("503");
    }
    cluster.start(&[]);
    until_ready(&app).await;
    stranger.whoami().await.assert_invalid_api_token();
}

#[tokio::test]
async fn while_postgres_is_frozen_every_question_is_answered_503_and_afterwards_as_before() {
    let cluster = Cluster::new(&[]);
    for is_replica in [false, true] {
        let app = if is_replica { replica(&cluster).await } else { direct(&cluster).await };
        let alice = app.user("alice").await;
        let token = alice.generate_token().await;
        let frozen = Frozen::new(&cluster);
        if is_replica {
            until_memory_is_silent(&app).await;
        }
        let started = Instant::now();
        for _ in 0..2 {
            assert_nothing_is_answered(&app, &alice, &token).await;
        }
        println!("28 questions to a frozen database took {:?}", started.elapsed());
        drop(frozen);
        assert_all_is_as_before(&app, &alice, &token).await;
    }
}

/// Freezes PostgreSQL while the answer to this question waits for a lock of the table.
async fn answer_after_freeze(
    cluster: &Cluster,
    app: &TestApp,
    table: &str,
    request: Request,
) -> Answer {
    let name = app.database().url().unwrap().rsplit_once('/').unwrap().1;
    let mut holder = cluster.connect(name).await;
    let lock = format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE");
    holder.execute(&*lock).await.unwrap();
    let asked = tokio::spawn(in_time(request));
    let mut observer = cluster.connect(name).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    let does_one_wait = async || observer.fetch_one(waiting).await.unwrap().get::<i64, _>(0) > 0;
    until(&format!("nothing asks for {table}"), Duration::from_secs(4), does_one_wait).await;
    let frozen = Frozen::new(cluster);
    let answer = asked.await;
    drop(frozen);
    holder.execute("ROLLBACK").await.unwrap();
    answer.unwrap_or_else(|_| panic!("what waits for {table} is never answered"))
}

#[tokio::test]
async fn a_session_that_is_being_read_when_postgres_freezes_is_answered_in_time() {
    frozen_while_waiting_for("tower_sessions.session", |alice, _| alice.get("/v1/account")).await;
}

#[tokio::test]
async fn a_token_that_is_being_verified_when_postgres_freezes_is_answered_in_time() {
    frozen_while_waiting_for("token_lookup", |_, bearer| bearer.get("/v1/token")).await;
}

#[tokio::test]
async fn a_command_that_is_being_written_when_postgres_freezes_is_answered_in_time() {
    let regenerate = |alice: &Actor, _: &Client| alice.post("/v1/user/api-token/regenerate");
    frozen_while_waiting_for("event_context", regenerate).await;
}

async fn frozen_while_waiting_for(table: &str, request: impl Fn(&Actor, &Client) -> Request) {
    let cluster = Cluster::new(&[]);
    let app = direct(&cluster).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let request = request(&alice, &app.with_token(&token));
    assert_unavailable(answer_after_freeze(&cluster, &app, table, request).await);
    assert_all_is_as_before(&app, &alice, &token).await;
}

/// Asks again and again until the answer is 503.
async fn ask_until_unavailable(request: impl Fn() -> Request) {
    loop {
        let answer = in_time(request()).await;
        if answer.status != 200 {
            assert_unavailable(answer);
            return;
        }
    }
}

#[tokio::test]
async fn requests_under_way_when_postgres_freezes_are_answered_in_time() {
    let cluster = Cluster::new(&[]);
    let app = replica(&cluster).await;
    let mut crew = Crew::of(4, &app).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let mut asking = JoinSet::new();
    for _ in 0..6 {
        let (alice, bearer) = (alice.clone(), app.with_token(&token));
        asking.spawn(async move {
            ask_until_unavailable(|| alice.get("/v1/user/api-token")).await;
        });
        asking.spawn(async move { ask_until_unavailable(|| bearer.get("/v1/token")).await });
    }
    crew.work(40).await;
    let frozen = Frozen::new(&cluster);
    let outcome = tokio::time::timeout(LIMIT + Duration::from_secs(5), async {
        crew.stopped().await;
        while let Some(asked) = asking.join_next().await {
            asked.expect("503 in time");
        }
    })
    .await;
    drop(frozen);
    assert!(outcome.is_ok(), "some requests were not answered");
    until_ready(&app).await;
    crew.check(&app).await;
    app.with_token(&token).whoami().await.assert_user("alice");
    println!("{:?}", crew.books);
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
}

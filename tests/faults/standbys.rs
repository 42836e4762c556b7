//! A primary that waits for a standby: what is acknowledged is on both, and what is not on both is not
//! acknowledged, whoever cancels what. And a standby that answers in the place of its primary.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Row};
use tests::binary;
use tests::client::Request;
use tests::postgres::{Cluster, Shutdown};
use tests::{Actor, Answer, Database, Ledger, Settings, TestApp, eventually, until};

use crate::crew::{assert_unavailable, is_outcome_unknown};
use crate::database_crashes::until_ready;

/// From a request to "it is not known".
const UNKNOWN_WITHIN: Duration = Duration::from_secs(5);

/// A service on a primary that waits for a standby.
struct Stage {
    app: TestApp,
    alice: Actor,
    primary: Cluster,
    standby: Cluster,
}

impl Stage {
    async fn new() -> Self {
        let primary = Cluster::new(&[]);
        let standby = primary.standby();
        let app = TestApp::with(Database::on(&primary).await, Settings::new()).await;
        let alice = app.user("alice").await;
        wait_for_standbys(&primary, "*").await;
        until_standby_is(&primary, "sync").await;
        Self { app, alice, primary, standby }
    }

    async fn observer(&self) -> PgConnection {
        let url = self.app.database().url().unwrap();
        self.primary.connect(url.rsplit_once('/').unwrap().1).await
    }

    /// Brings the standby back, and waits until the primary waits for nobody.
    async fn bring_standby_back(&self) {
        self.standby.start(&[]);
        let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
        until_answer(&self.primary, waiting, |count: i64| count == 0).await;
    }

    /// Asks for something, while somebody ends every wait for the standby with this function.
    async fn ended(&self, function: &str, request: Request) -> Answer {
        let text = format!(
            "SELECT count({function}(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        );
        let mut observer = self.observer().await;
        let mut ended = 0;
        let end_waits = async {
            loop {
                ended += observer.fetch_one(&*text).await.unwrap().get::<i64, _>(0);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let begun = Instant::now();
        let answer = tokio::select! {
            answer = request.send() => answer,
            () = end_waits => unreachable!("it goes on for ever"),
        };
        assert!(begun.elapsed() < UNKNOWN_WITHIN, "{:?}", begun.elapsed());
        assert!(ended > 0, "nothing waited");
        answer
    }
}

/// Says for whom the primary waits.
async fn wait_for_standbys(primary: &Cluster, names: &str) {
    let mut connection = primary.connect("postgres").await;
    let command = format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'");
    connection.execute(&*command).await.unwrap();
    connection.execute("SELECT pg_reload_conf()").await.unwrap();
}

async fn until_standby_is(primary: &Cluster, state: &str) {
    let question = "SELECT coalesce(max(sync_state), '') FROM pg_stat_replication";
    until_answer(primary, question, |found: String| found == state).await;
}

async fn until_answer<T>(cluster: &Cluster, question: &'static str, is_right: impl Fn(T) -> bool)
where
    T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    let mut connection = cluster.connect("postgres").await;
    let is_so = async || is_right(connection.fetch_one(question).await.unwrap().get(0));
    until(question, Duration::from_secs(20), is_so).await;
}

#[track_caller]
fn assert_unknown(answer: Answer) {
    assert!(is_outcome_unknown(&answer), "{answer:?}");
    assert_unavailable(answer);
}

#[tokio::test]
async fn a_commit_that_waits_for_a_lost_standby_is_called_unknown_in_time() {
    let stage = Stage::new().await;
    let old = stage.alice.generate_token().await;
    stage.standby.stop(Shutdown::Fast);
    for _ in 0..2 {
        let begun = Instant::now();
        let answer = stage.alice.post("/v1/user/api-token/regenerate").send().await;
        assert!(begun.elapsed() < UNKNOWN_WITHIN, "{:?}", begun.elapsed());
        assert_unavailable(answer);
    }
    // Reading goes on, and leases are renewed without waiting: only commands keep processes of the server.
    stage.app.with_token(&old).whoami().await.assert_user("alice");
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    let waiting: i64 = stage.observer().await.fetch_one(waiting).await.unwrap().get(0);
    assert!((1..=4).contains(&waiting), "{waiting} processes wait");
    // Nothing was lost: it happens when the standby is there again.
    stage.bring_standby_back().await;
    until_ready(&stage.app).await;
    stage.app.with_token(&old).whoami().await.assert_invalid_api_token();
    assert_eq!(stage.alice.token_state().await.json()["generation"], 2);
    let new = stage.alice.regenerate_token().await;
    stage.app.with_token(&new).whoami().await.assert_user("alice");
    Ledger::read(stage.app.database()).await.assert_tables_follow_from_events();
}

#[tokio::test]
async fn a_commit_whose_wait_was_cancelled_is_not_acknowledged() {
    without_the_standby("pg_cancel_backend").await;
}

#[tokio::test]
async fn a_commit_whose_wait_was_terminated_is_not_acknowledged() {
    without_the_standby("pg_terminate_backend").await;
}

/// Everybody sees what was committed, and nobody is told that it was done: not whoever asked, not whoever asks
/// again, and not whoever asks for the same.
async fn without_the_standby(function: &str) {
    let stage = Stage::new().await;
    stage.alice.generate_token().await;
    let lock = || stage.app.admin().put(&format!("/v1/admin/users/{}/lock", stage.alice.id));
    let open = || {
        let request = stage.app.admin().post("/v1/admin/accounts");
        request.header("idempotency-key", "once").json(json!({ "name": "Once" }))
    };
    stage.standby.stop(Shutdown::Fast);

    let regenerate = stage.alice.post("/v1/user/api-token/regenerate");
    assert_unknown(stage.ended(function, regenerate).await);
    assert_eq!(stage.alice.token_state().await.json()["generation"], 2, "it is visible");
    // Twice: what is there when someone asks again is no more certain.
    for _ in 0..2 {
        assert_unknown(stage.ended(function, open()).await);
        assert_unknown(stage.ended(function, lock()).await);
    }
    let begun = Instant::now();
    let (opened, locked) = tokio::join!(open().send(), lock().send());
    assert!(begun.elapsed() < UNKNOWN_WITHIN, "{:?}", begun.elapsed());
    assert_unknown(opened);
    assert_unknown(locked);

    stage.bring_standby_back().await;
    until_ready(&stage.app).await;
    open().send().await.assert_status(201);
    lock().send().await.assert_status(204);
    Ledger::read(stage.app.database()).await.assert_tables_follow_from_events();
}

#[tokio::test]
async fn readiness_and_the_doctor_tell_which_standbys_keep_the_promise() {
    let primary = Cluster::new(&[]);
    let database = Database::on(&primary).await;
    let mut arguments = vec!["doctor".to_owned()];
    arguments.extend(database.arguments());
    let app = TestApp::with(database, Settings::new()).await;
    let doctor = || {
        let mut command = binary::command();
        command.args(&arguments);
        binary::finish(command, "").stdout
    };
    assert_eq!(readiness(&app).await["standbys"], json!([]));

    let _standby = primary.standby();
    let standby = |state: &str, keeps_promise: Value| json!([{ "name": "walreceiver", "state": state, "keepsPromise": keeps_promise }]);
    until_standbys_are(&app, &standby("unknown", Value::Null)).await;
    assert!(doctor().contains("GRANT pg_read_all_stats"), "{}", doctor());

    let mut superuser = primary.connect("postgres").await;
    superuser.execute("GRANT pg_read_all_stats TO symbolon").await.unwrap();
    until_standbys_are(&app, &standby("async", json!(false))).await;
    assert!(doctor().contains("walreceiver is async: a failover to it may bring dead"));

    wait_for_standbys(&primary, "*").await;
    until_standbys_are(&app, &standby("sync", json!(true))).await;
    assert!(doctor().contains("walreceiver is sync: it has what is acknowledged"));
}

async fn readiness(app: &TestApp) -> Value {
    let request = app.anonymous().get("/readyz").header("accept", "application/json");
    request.send().await.assert_status(200).json()
}

async fn until_standbys_are(app: &TestApp, expected: &Value) {
    let are = async || {
        let found = readiness(app).await["standbys"].clone();
        if found == *expected { Ok(()) } else { Err(format!("{found} is not {expected}")) }
    };
    eventually(Duration::from_secs(20), are).await;
}

#[tokio::test]
async fn a_standby_in_the_place_of_its_primary_is_asked_nothing_until_it_is_promoted() {
    let primary = Cluster::new(&[]);
    let app = TestApp::with(Database::on(&primary).await, Settings::new()).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let standby = primary.standby();
    until_standby_is(&primary, "async").await;
    standby.stop(Shutdown::Fast);
    // A primary that stops waits until its standbys have everything.
    standby.start(&[]);
    until_standby_is(&primary, "async").await;
    primary.stop(Shutdown::Fast);
    standby.stop(Shutdown::Fast);
    let port = primary.port().to_string();
    standby.start(&[("port", &port)]);

    // A lease that is in force when the primary stops may be used up.
    let is_refused = async || app.with_token(&token).whoami().await.status != 200;
    until("the standby is asked", Duration::from_secs(5), is_refused).await;
    for _ in 0..3 {
        for request in [
            app.with_token(&token).get("/v1/token"),
            alice.get("/v1/user/api-token"),
            alice.post("/v1/user/api-token/regenerate"),
            app.anonymous().get("/readyz"),
        ] {
            assert_unavailable(request.send().await);
        }
    }
    // It is there, and would have answered.
    let name = app.database().url().unwrap().rsplit_once('/').unwrap().1.to_owned();
    let url = format!("postgres://symbolon@127.0.0.1:{port}/{name}");
    let mut direct = <PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let users = direct.fetch_one("SELECT count(*) FROM users").await.unwrap();
    assert_eq!(users.get::<i64, _>(0), 2);

    standby.promote();
    until_ready(&app).await;
    app.with_token(&token).whoami().await.assert_user("alice");
    let new = alice.regenerate_token().await;
    app.with_token(&new).whoami().await.assert_user("alice");
    app.with_token(&token).whoami().await.assert_invalid_api_token();
}

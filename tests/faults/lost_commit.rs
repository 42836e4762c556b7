//! The connection to PostgreSQL breaks around a commit, so that the server does not hear what became
//! of it.

use std::time::Duration;

use sqlx::Row;
use tests::postgres::Cluster;
use tests::{Actor, Answer, Database, Ledger, Settings, TestApp, until};

use crate::crew::{assert_unavailable, is_outcome_unknown};
use crate::database_crashes::until_ready;
use crate::proxy::{Loss, Proxy};

const ROUNDS: usize = 5;

struct Stage {
    app: TestApp,
    alice: Actor,
    proxy: Proxy,
    /// The same database without the proxy between.
    direct: Database,
}

impl Stage {
    async fn new() -> Self {
        let cluster = Cluster::shared();
        let name = cluster.create_database().await;
        let proxy = Proxy::before(cluster.port()).await;
        let url = format!("postgres://symbolon@{}/{name}?sslmode=disable", proxy.address);
        let app = TestApp::with(Database::at(url), Settings::new()).await;
        let alice = app.user("alice").await;
        Self { app, alice, proxy, direct: Database::at(cluster.url(&name)) }
    }

    /// Lets the next command's commit meet this loss. The next is a command's, because no event waits for its
    /// place in the log.
    async fn lose(&self, loss: Loss) {
        self.until_none("SELECT count(*) FROM log_queue").await;
        self.proxy.lose(loss);
    }

    /// Regenerates while the commit meets this loss.
    async fn regenerate(&self, loss: Loss) -> Answer {
        self.lose(loss).await;
        let answer = self.alice.post("/v1/user/api-token/regenerate").send().await;
        assert!(self.proxy.has_lost(), "no commit came by");
        self.at_rest().await;
        answer
    }

    /// Waits until PostgreSQL has done all that it was told.
    async fn at_rest(&self) {
        const BUSY: &str = "SELECT count(*) FROM pg_stat_activity
                            WHERE application_name = 'symbolon' AND state <> 'idle'
                              AND datname = current_database()";
        self.until_none(BUSY).await;
    }

    /// Waits until this count is 0.
    async fn until_none(&self, count: &'static str) {
        let name = self.direct.url().unwrap().rsplit_once('/').unwrap().1;
        let mut connection = Cluster::shared().connect(name).await;
        let is_none = async || {
            let row = sqlx::query(count).fetch_one(&mut connection).await.unwrap();
            row.get::<i64, _>(0) == 0
        };
        let matter = format!("PostgreSQL does not come to rest: {count}");
        until(&matter, Duration::from_secs(10), is_none).await;
    }

    async fn generation(&self) -> u64 {
        self.alice.token_state().await.json()["generation"].as_u64().unwrap()
    }

    async fn assert_live(&self, token: &str) {
        self.app.with_token(token).whoami().await.assert_user("alice");
    }

    async fn assert_dead(&self, token: &str) {
        self.app.with_token(token).whoami().await.assert_invalid_api_token();
    }

    async fn assert_consistent(&self) {
        Ledger::read(&self.direct).await.assert_tables_follow_from_events();
    }
}

#[tokio::test]
async fn a_commit_whose_answer_was_lost_is_found_by_its_command_id() {
    let stage = Stage::new().await;
    let mut old = stage.alice.generate_token().await;
    for round in 0..ROUNDS {
        let answer = stage.regenerate(Loss::AnswerOnceGiven).await.assert_status(200);
        assert_eq!(answer.json()["generation"], round + 2);
        stage.assert_dead(&old).await;
        old = answer.string("token");
        stage.assert_live(&old).await;
    }
    stage.assert_consistent().await;
}

#[tokio::test]
async fn a_commit_that_is_never_answered_is_found_by_its_command_id() {
    let stage = Stage::new().await;
    let old = stage.alice.generate_token().await;
    let answer = stage.regenerate(Loss::EveryAnswer).await.assert_status(200);
    assert_eq!(answer.json()["generation"], 2);
    stage.assert_dead(&old).await;
    stage.assert_live(&answer.string("token")).await;
    stage.assert_consistent().await;
}

#[tokio::test]
async fn a_commit_that_may_still_be_under_way_is_found_or_called_unknown() {
    let stage = Stage::new().await;
    let mut old = stage.alice.generate_token().await;
    let mut found = 0;
    for _ in 0..ROUNDS * 2 {
        let before = stage.generation().await;
        let answer = stage.regenerate(Loss::Answer).await;
        let after = stage.generation().await;
        if answer.status == 200 {
            found += 1;
            assert_eq!(after, before + 1);
            stage.assert_dead(&old).await;
            old = answer.string("token");
            stage.assert_live(&old).await;
            continue;
        }
        assert!(is_outcome_unknown(&answer), "{answer:?}");
        assert_unavailable(answer);
        if after == before {
            stage.assert_live(&old).await;
        } else {
            assert_eq!(after, before + 1);
            stage.assert_dead(&old).await;
            old = stage.alice.regenerate_token().await;
        }
    }
    println!("{found} of {} were found", ROUNDS * 2);
    stage.assert_consistent().await;
}

#[tokio::test]
async fn a_commit_that_never_reached_the_database_leaves_the_old_token_valid() {
    let stage = Stage::new().await;
    let old = stage.alice.generate_token().await;
    for _ in 0..ROUNDS {
        let answer = stage.regenerate(Loss::Commit).await;
        assert_unavailable(answer);
        assert_eq!(stage.generation().await, 1);
        stage.assert_live(&old).await;
    }
    assert_eq!(stage.alice.history().await.len(), 1);
    let new = stage.alice.regenerate_token().await;
    stage.assert_live(&new).await;
    stage.assert_dead(&old).await;
    stage.assert_consistent().await;
}

#[tokio::test]
async fn a_commit_after_which_the_database_is_gone_is_called_unknown() {
    let stage = Stage::new().await;
    let old = stage.alice.generate_token().await;
    let answer = stage.regenerate(Loss::Database).await;
    assert!(is_outcome_unknown(&answer), "{answer:?}");
    assert_unavailable(answer);
    assert_unavailable(stage.app.with_token(&old).whoami().await);

    stage.proxy.let_in();
    until_ready(&stage.app).await;
    assert_eq!(stage.generation().await, 2);
    stage.assert_dead(&old).await;
    let new = stage.alice.regenerate_token().await;
    stage.assert_live(&new).await;
    stage.assert_consistent().await;
}

#[tokio::test]
async fn other_commands_survive_a_lost_answer_too() {
    let stage = Stage::new().await;
    let root = stage.app.admin();
    let token = stage.alice.generate_token().await;
    for (loss, locked) in [(Loss::Commit, false), (Loss::AnswerOnceGiven, true)] {
        stage.lose(loss).await;
        let target = format!("/v1/admin/users/{}/lock", stage.alice.id);
        let answer = root.put(&target).send().await;
        if locked {
            answer.assert_status(204);
            stage.assert_dead(&token).await;
        } else {
            assert_unavailable(answer);
            stage.assert_live(&token).await;
        }
    }
    stage.assert_consistent().await;
}

//! The command line besides `serve`: the first user without a browser, migrations, a check-up.

use std::process::Command;

use serde_json::json;
use tests::binary::{self, finish};
use tests::server::Ended;
use tests::{Client, Database, Server, Settings, Store, TestApp, on_both_stores};

const PASSWORD: &str = "correct horse battery";

on_both_stores!(
    bootstrap_makes_the_first_user_without_a_browser,
    bootstrap_refuses_when_a_user_exists,
    bootstrap_refuses_a_short_or_long_password,
    migrating_twice_is_migrating_once,
    the_doctor_finds_a_healthy_installation_healthy,
);

fn command(name: &str, database: &Database) -> Command {
    let mut command = binary::command();
    command.arg(name).args(database.arguments());
    command
}

fn bootstrap(database: &Database, password: &str) -> Ended {
    let mut command = command("bootstrap", database);
    command.args(["--email", "ada@example.test", "--name", "Ada", "--account", "Engines"]);
    command.arg("--password-stdin");
    finish(command, password)
}

pub(crate) async fn bootstrap_makes_the_first_user_without_a_browser(store: Store) {
    let database = Database::new(store).await;
    let ended = bootstrap(&database, &format!("{PASSWORD}\n"));
    assert!(ended.status.success(), "{ended:?}");
    assert!(!format!("{ended:?}").contains(PASSWORD), "{ended:?}");

    let server = Server::start(&database, &Settings::new()).await;
    let browser = Client::at(server.address()).with_cookies();
    let body = json!({ "email": "ada@example.test", "password": PASSWORD });
    let answer = browser.post("/v1/session").json(body).send().await.assert_status(200);
    assert_eq!(answer.string("name"), "Ada");
    assert_eq!(answer.json()["roles"], json!(["admin"]));
    let account = browser.account().await.assert_status(200).json();
    assert_eq!(account["name"], "Engines");
    assert_eq!(account["role"], "admin");
    browser.get("/v1/admin/users").send().await.assert_status(200);
    assert!(!server.stdout().contains("/setup?code="), "{}", server.stdout());
}

pub(crate) async fn bootstrap_refuses_when_a_user_exists(store: Store) {
    let database = Database::new(store).await;
    assert!(bootstrap(&database, PASSWORD).status.success());
    let again = bootstrap(&database, "another password");
    assert!(!again.status.success(), "{again:?}");
    assert!(again.stderr.contains("user"), "{again:?}");

    let server = Server::start(&database, &Settings::new()).await;
    let browser = Client::at(server.address()).with_cookies();
    let body = json!({ "email": "ada@example.test", "password": PASSWORD });
    browser.post("/v1/session").json(body).send().await.assert_status(200);
}

pub(crate) async fn bootstrap_refuses_a_short_or_long_password(store: Store) {
    let database = Database::new(store).await;
    for password in ["", "\n", &*"x".repeat(11), &*"x".repeat(129)] {
        let ended = bootstrap(&database, password);
        assert!(!ended.status.success(), "{ended:?}");
        assert!(ended.stderr.contains("12"), "{ended:?}");
    }
    assert!(bootstrap(&database, &"x".repeat(12)).status.success());
}

pub(crate) async fn migrating_twice_is_migrating_once(store: Store) {
    let database = Database::new(store).await;
    for _ in 0..2 {
        let ended = finish(command("migrate", &database), "");
        assert!(ended.status.success(), "{ended:?}");
    }
    let app = TestApp::with(database, Settings::new()).await;
    let token = app.admin().generate_token().await;
    app.with_token(&token).whoami().await.assert_user("root");
}

pub(crate) async fn the_doctor_finds_a_healthy_installation_healthy(store: Store) {
    let mut app = TestApp::new(store).await;
    app.stop().await;
    let ended = finish(command("doctor", app.database()), "");
    assert!(ended.status.success(), "{ended:?}");
    assert!(!ended.stdout.trim().is_empty(), "{ended:?}");
}

#[test]
fn the_doctor_says_when_the_database_is_away() {
    let scratch = tests::reaper::Scratch::new("doctor");
    let mut command = binary::command();
    command.arg("doctor").arg("--data-dir").arg(scratch.path());
    command.args(["--database-url", "postgres://nobody@127.0.0.1:1/nothing"]);
    let ended = finish(command, "");
    assert!(!ended.status.success(), "{ended:?}");
    assert!(format!("{ended:?}").to_lowercase().contains("database"), "{ended:?}");
}

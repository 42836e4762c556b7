//! `symbolon rebuild` beside a server that works: killed at any moment, and among requests.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rand::RngExt;
use rand::rngs::StdRng;
use tests::client::neighbour;
use tests::ledger::Tables;
use tests::postgres::Cluster;
use tests::seed::seeded;
use tests::server::Process;
use tests::sql::Connection;
use tests::{Client, Database, Ledger, Store, TestApp, binary, on_both_stores, past, until};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::crew::{Crew, assert_dead};

on_both_stores!(
    a_killed_rebuild_leaves_the_old_rows_served_and_the_next_goes_on,
    a_rebuild_among_requests_gives_nobody_a_wrong_answer,
);

const KILLS: usize = 20;
const EVENTS: u64 = 4_000;

fn rebuild(database: &Database) -> Command {
    let mut command = binary::command();
    command.arg("rebuild").args(database.arguments());
    command
}

/// Runs one to its end; what it said.
fn rebuilt(database: &Database) -> String {
    let ended = binary::finish(rebuild(database), "");
    assert!(ended.status.success(), "{ended:?}");
    ended.stdout
}

/// What is wrong, always the same.
async fn damage(database: &Database, lost: &str) {
    let mut connection = Connection::open(database).await;
    for command in [
        "DELETE FROM token_history WHERE user_id LIKE '01980000-%' AND sequence > 1".to_owned(),
        format!("UPDATE token_lookup SET hint = 'evil', sequence = 900 WHERE user_id = '{lost}'"),
        "DELETE FROM token_lookup WHERE user_id LIKE '01980000-%'".to_owned(),
        "INSERT INTO memberships (account_id, user_id, role, sequence) VALUES ('x', 'y', 'admin', 1)"
            .to_owned(),
    ] {
        connection.execute(&command).await.unwrap();
    }
    connection.close().await;
}

/// How many events had got a position.
async fn logged(database: &Database) -> u64 {
    let mut connection = Connection::open(database).await;
    let size = connection.value("SELECT CAST(size AS text) FROM log_head").await;
    connection.close().await;
    size.parse().unwrap()
}

/// A server that has a past which no read model knows of.
async fn with_a_past(store: Store) -> TestApp {
    let mut app = TestApp::unlimited(store).await;
    let mut connection = Connection::open(app.database()).await;
    past::add(&mut connection, EVENTS).await;
    connection.close().await;
    // A start gives waiting events their positions on SQLite; on PostgreSQL any moment does.
    app.stop().await;
    app.start().await;
    let is_numbered = async || logged(app.database()).await >= EVENTS;
    until("the past is not numbered", Duration::from_mins(1), is_numbered).await;
    app
}

async fn a_killed_rebuild_leaves_the_old_rows_served_and_the_next_goes_on(store: Store) {
    let mut chance = seeded("a_killed_rebuild_leaves_the_old_rows_served_and_the_next_goes_on");
    let mut app = with_a_past(store).await;
    let alice = app.user("alice").await;
    let token = app.with_token(&alice.generate_token().await);
    let begin = Instant::now();
    rebuilt(app.database());
    let takes = begin.elapsed();
    let right = Ledger::read(app.database()).await;
    right.assert_tables_follow_from_events();
    damage(app.database(), &alice.id).await;
    let wrong = Ledger::read(app.database()).await.projected();
    let (mut old, mut new, mut went_on) = (0, 0, 0);
    for _ in 0..KILLS {
        went_on += usize::from(kill_at_random(app.database(), takes, &mut chance).await);
        token.whoami().await.assert_user("alice");
        let now = Ledger::read(app.database()).await.projected();
        if now == right.projected() {
            new += 1;
            damage(app.database(), &alice.id).await;
        } else {
            assert_same(&now, &wrong);
            old += 1;
        }
    }
    let said = rebuilt(app.database());
    assert!(said.contains("MENDED token_history: "), "{said}");
    println!(
        "{store:?}: {old} killed before and {new} after the switch, {went_on} went on; {takes:?}: {said}"
    );
    assert!(old >= KILLS / 4, "hardly any kill came before the switch");
    assert!(went_on > 0, "no killed rebuild was gone on with");
    let ledger = Ledger::read(app.database()).await;
    assert_same(&ledger.projected(), &right.projected());
    assert_eq!(leftovers(app.database()).await, BTreeSet::new());
    let log = app.stop().await.stderr;
    assert!(!log.contains("ERROR"), "{log}");
}

/// Half-replaced rows would be neither.
#[track_caller]
fn assert_same(now: &Tables, then: &Tables) {
    for (table, rows) in now {
        assert!(rows == &then[table], "{table} is neither what it was nor what it must be");
    }
}

/// Starts one and kills it; whether an earlier one had left it something.
async fn kill_at_random(database: &Database, takes: Duration, chance: &mut StdRng) -> bool {
    let went_on = !leftovers(database).await.is_empty();
    let mut process = Process::spawn(rebuild(database));
    tokio::time::sleep(takes.mul_f64(chance.random_range(0.05..1.1))).await;
    process.kill();
    went_on
}

/// What rebuilds leave that did not end.
async fn leftovers(database: &Database) -> BTreeSet<String> {
    match database.store() {
        Store::Sqlite => files(database.data_directory()),
        Store::Postgres => {
            let mut connection = Connection::open(database).await;
            let question = "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE '%rebuild%'";
            let rows = connection.rows(question).await;
            connection.close().await;
            rows.into_iter().flatten().flatten().collect()
        }
    }
}

fn files(folder: &Path) -> BTreeSet<String> {
    let names = std::fs::read_dir(folder).unwrap();
    let names = names.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains("rebuild")).collect()
}

/// Asks all the time, until told to stop; how often it asked.
async fn ask(live: Vec<(Client, String)>, dead: Vec<Client>, stop: watch::Receiver<bool>) -> usize {
    let mut asked = 0;
    while !*stop.borrow() {
        for (token, name) in &live {
            token.whoami().await.assert_user(name);
        }
        for token in &dead {
            assert_dead(&token.whoami().await);
        }
        asked += live.len() + dead.len();
    }
    asked
}

async fn a_rebuild_among_requests_gives_nobody_a_wrong_answer(store: Store) {
    let mut app = with_a_past(store).await;
    let (mut live, mut dead) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let user = app.user(&format!("reader-{number}")).await;
        let at = |token: &str| app.with_token(token).connecting_from(neighbour(100 + number));
        dead.push(at(&user.generate_token().await));
        live.push((at(&user.regenerate_token().await), user.name.clone()));
    }
    let mut crew = Crew::of(8, &app).await;
    let (stop, stopped) = watch::channel(false);
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        readers.spawn(ask(live.clone(), dead.clone(), stopped.clone()));
    }
    crew.work(10).await;
    let mut said = Vec::new();
    for _ in 0..3 {
        let command = rebuild(app.database());
        let ended = Process::spawn(command).ended().await;
        assert!(ended.status.success(), "{ended:?}");
        said.push(ended.stdout);
    }
    stop.send_replace(true);
    let mut asked = 0;
    while let Some(reader) = readers.join_next().await {
        asked += reader.expect("no wrong answer");
    }
    app.kill();
    crew.stopped().await;
    app.start().await;
    crew.check(&app).await;
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
    println!("{store:?}: {asked} questions, {:?}\n{}", crew.books, said.join("\n"));
    assert!(said[0].contains("MENDED token_history: 4000 rows (4000 missing"), "{}", said[0]);
    assert!(said[1..].iter().all(|said| said.contains(" 0 rows mended")), "{said:?}");
    assert!(asked > 100, "hardly anyone asked");
    assert!(crew.books.acknowledged > 20, "hardly anyone wrote: {:?}", crew.books);
}

/// The command line says what differs by its exit code, too.
fn assert_exit(database: &Database, arguments: &[&str], code: i32) -> String {
    let mut command = rebuild(database);
    command.args(arguments);
    let ended = binary::finish(command, "");
    assert_eq!(ended.status.code(), Some(code), "{ended:?}");
    assert!(!ended.stderr.contains('\r'), "a progress bar without a terminal: {ended:?}");
    ended.stdout + &ended.stderr
}

mod command_line {
    use super::*;

    /// Waits for the server to take note of what was mended.
    async fn until_served(app: &TestApp, token: &str) {
        let is_served = async || app.with_token(token).whoami().await.status == 200;
        let matter = "the server does not load what was mended";
        until(matter, Duration::from_secs(10), is_served).await;
    }

    on_both_stores!(a_check_tells_by_its_exit_code_and_a_rebuild_mends);

    async fn a_check_tells_by_its_exit_code_and_a_rebuild_mends(store: Store) {
        let mut app = TestApp::new(store).await;
        let alice = app.user("alice").await;
        let token = alice.generate_token().await;
        let said = assert_exit(app.database(), &["--check"], 0);
        assert!(said.contains("0 rows differ; nothing was changed"), "{said}");
        app.stop().await;
        let mut connection = Connection::open(app.database()).await;
        connection.execute("DELETE FROM token_lookup").await.unwrap();
        connection.close().await;
        // What a server has in memory is not told of rows that were changed around it.
        app.start().await;
        app.with_token(&token).whoami().await.assert_invalid_api_token();
        let said = assert_exit(app.database(), &["--check"], 3);
        assert!(said.contains("DIFF  token_lookup: 1 rows (1 missing, 0 different"), "{said}");
        assert!(said.contains("`symbolon rebuild` mends them"), "{said}");
        app.with_token(&token).whoami().await.assert_invalid_api_token();
        let said = assert_exit(app.database(), &[], 0);
        assert!(said.contains("MENDED token_lookup: 1 rows"), "{said}");
        until_served(&app, &token).await;
        app.with_token(&token).whoami().await.assert_user("alice");
        assert_exit(app.database(), &["--check"], 0);
        let absent = Database::new(Store::Sqlite).await;
        let said = assert_exit(&absent, &[], 1);
        assert!(said.contains("symbolon.db"), "{said}");
        assert!(!absent.sqlite_file().exists());
    }
}

#[tokio::test]
async fn who_may_only_read_can_check_and_cannot_rebuild() {
    let mut app = TestApp::new(Store::Postgres).await;
    app.user("alice").await.generate_token().await;
    app.stop().await;
    let mut owner = Connection::open(app.database()).await;
    owner.execute("DELETE FROM token_lookup").await.unwrap();
    let mut superuser = Cluster::shared().connect("postgres").await;
    sqlx::Executor::execute(&mut superuser, "CREATE ROLE looker LOGIN").await.unwrap();
    owner.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker").await.unwrap();
    let before = Ledger::read(app.database()).await;
    let looking = Database::at(app.database().url().unwrap().replace("symbolon@", "looker@"));
    let said = assert_exit(&looking, &["--check"], 3);
    assert!(said.contains("DIFF  token_lookup: 1 rows"), "{said}");
    let said = assert_exit(&looking, &[], 1);
    assert!(said.contains("permission denied") && said.contains("nothing was changed"), "{said}");
    assert_eq!(Ledger::read(app.database()).await.tables, before.tables);
}

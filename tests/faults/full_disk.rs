//! A SQLite file on a disk that is full, and then is not.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::sql::Connection;
use tests::{Database, Ledger, Server, Settings, Store, TestApp, UnclaimedApp, binary};

use crate::crew::assert_unavailable;

/// Gives the server a small disk of its own, which only it sees, where its data directory is.
const MOUNT: &str = r#"mount -t tmpfs -o size=8m,mode=0755 tmpfs "$0" && exec "$@""#;

fn on_small_disk(data_directory: &Path) -> Command {
    let symbolon = binary::command();
    let is_root = std::fs::metadata("/proc/self").expect("Linux").uid() == 0;
    let mut command = Command::new("unshare");
    command.arg("--mount").args((!is_root).then_some("--map-root-user"));
    command.args(["sh", "-c", MOUNT]).arg(data_directory).arg(symbolon.get_program());
    command.arg("serve").arg("--data-dir").arg(data_directory).args(["--listen", "127.0.0.1:0"]);
    for (name, value) in symbolon.get_envs() {
        assert!(value.is_none(), "it only removes variables");
        command.env_remove(name);
    }
    command
}

/// The data directory as the server sees it.
fn inside(app: &TestApp) -> PathBuf {
    let root = PathBuf::from(format!("/proc/{}/root", app.server().pid()));
    root.join(app.database().data_directory().strip_prefix("/").expect("an absolute path"))
}

/// Writes a file until not one byte more fits.
fn fill(path: &Path) {
    let mut file: File = OpenOptions::new().create(true).append(true).open(path).unwrap();
    for size in [64 * 1024, 4096, 1] {
        while file.write_all(&vec![0; size]).is_ok() {}
    }
}

/// Reads a copy, taken while nobody writes. The server's own file is out of SQLite's sight.
async fn ledger(app: &TestApp) -> Ledger {
    for name in ["symbolon.db", "symbolon.db-wal"] {
        let copy = app.database().data_directory().join(name);
        std::fs::copy(inside(app).join(name), copy).expect("outside there is room");
    }
    let mut connection = Connection::open(app.database()).await;
    assert_eq!(connection.value("PRAGMA integrity_check").await, "ok");
    let ledger = Ledger::read_from(&mut connection).await;
    connection.close().await;
    ledger
}

#[tokio::test]
async fn on_a_full_disk_tokens_are_verified_and_not_replaced_until_there_is_room_again() {
    let database = Database::new(Store::Sqlite).await;
    let command = on_small_disk(database.data_directory());
    let server = match Server::launch(command, database.data_directory()).await {
        Ok(server) => server,
        Err(ended) => panic!("no small disk for the server: {ended:?}"),
    };
    let app = UnclaimedApp::on(server, database, Settings::new()).await.claim().await;
    let alice = app.user("alice").await;
    let mut token = alice.generate_token().await;
    let mut generation = 1;
    let filler = inside(&app).join("filler");

    for _ in 0..3 {
        fill(&filler);
        // The log may have room left in pages that it had before.
        let refused = loop {
            let answer = alice.post("/v1/user/api-token/regenerate").send().await;
            if answer.status != 200 {
                break answer;
            }
            token = answer.string("token");
            generation += 1;
            fill(&filler);
        };
        assert_unavailable(refused);
        for _ in 0..3 {
            let again = alice.post("/v1/user/api-token/regenerate").send().await;
            assert_unavailable(again);
            app.with_token(&token).whoami().await.assert_user("alice");
            app.with_token(&token).account().await.assert_status(200);
        }
        assert_unavailable(alice.delete("/v1/user/api-token").send().await);
        app.anonymous().get("/livez").send().await.assert_status(200);
        assert_eq!(alice.token_state().await.json()["generation"], generation);
        let before = ledger(&app).await;
        before.assert_tables_follow_from_events();
        assert_eq!(before.events_of("token", &alice.id).len(), generation);

        std::fs::remove_file(&filler).expect("it is there");
        let new = alice.regenerate_token().await;
        generation += 1;
        app.with_token(&new).whoami().await.assert_user("alice");
        app.with_token(&token).whoami().await.assert_invalid_api_token();
        token = new;
    }
    assert_eq!(alice.token_state().await.json()["generation"], generation);
    ledger(&app).await.assert_tables_follow_from_events();
}

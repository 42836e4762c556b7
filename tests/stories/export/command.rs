//! `symbolon audit export` leaves a whole export behind, or nothing and a reason.

use std::path::Path;

use tests::binary::{self, finish};
use tests::reaper::Scratch;
use tests::server::Ended;
use tests::{Store, TestApp, on_both_stores};

use super::{READ_TABLE, by_python, fresh, history, key, lose_event};

on_both_stores!(
    the_command_leaves_a_whole_export_and_its_checkpoint,
    the_command_leaves_nothing_when_it_cannot_have_all,
);

fn run(app: &TestApp, token: &str, output: &Path, arguments: &[&str]) -> Ended {
    let mut command = binary::command();
    command.args(["audit", "export", "--output"]).arg(output).args(arguments);
    command.env("SYMBOLON_TOKEN", token);
    command.env("SYMBOLON_URL", format!("http://{}/", app.server().address()));
    finish(command, "")
}

/// What is in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

async fn the_command_leaves_a_whole_export_and_its_checkpoint(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let token = audrey.generate_token().await;
    history(&app).await;
    let (size, key) = (fresh(&audrey).await.head.size, key(&audrey).await.to_string());
    let folder = Scratch::new("export");
    let file = |name: &str| folder.path().join(name);

    let ended = run(&app, &token, &file("log.ndjson"), &[]);
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains(&format!("ok    {size} events")), "{ended:?}");
    assert!(ended.stdout.contains(&key) && ended.stderr.is_empty(), "{ended:?}");
    let ended = run(&app, &token, &file("log.ndjson"), &["--key", &key]);
    assert!(ended.status.success(), "it takes the place of the one before: {ended:?}");
    assert!(ended.stdout.contains("signed by the given key"), "{ended:?}");
    let mut command = binary::command();
    command.args(["audit", "verify"]).arg(file("log.ndjson"));
    command.arg("--checkpoint").arg(file("log.ndjson.checkpoint")).args(["--key", &key]);
    let ended = finish(command, "");
    assert!(ended.status.success(), "{ended:?}");

    // The token can be in a file, and the address on the command line.
    std::fs::write(file("token"), format!("{token}\n")).unwrap();
    let mut command = binary::command();
    command.args(["audit", "export", "--format", "csv", "--output"]).arg(file("log.csv"));
    command.arg("--url").arg(format!("http://{}", app.server().address()));
    command.arg("--token-file").arg(file("token"));
    let ended = finish(command, "");
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains(&format!("ok    {size} events")), "{ended:?}");
    let table = by_python(READ_TABLE, &std::fs::read(file("log.csv")).unwrap());
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    assert_eq!(table.as_array().unwrap().len() as u64, size);

    let chosen = ["--format", "ocsf", "--type", "UserLocked"];
    let ended = run(&app, &token, &file("locked.ocsf"), &chosen);
    assert!(ended.stdout.contains("ok    1 events"), "{ended:?}");
    let expected = ["locked.ocsf", "log.csv", "log.ndjson", "log.ndjson.checkpoint", "token"]
        .map(String::from);
    assert_eq!(names(folder.path()), expected);
}

async fn the_command_leaves_nothing_when_it_cannot_have_all(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let token = audrey.generate_token().await;
    let nobody = app.user("nobody").await.generate_token().await;
    history(&app).await;
    let folder = Scratch::new("export");
    let output = folder.path().join("log");
    let refused = |token: &str, arguments: &[&str], code: i32, says: &str| {
        let ended = run(&app, token, &output, arguments);
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        assert!(ended.stderr.contains(says), "{says}: {ended:?}");
        assert!(!ended.stderr.contains(token) && !ended.stdout.contains(token), "{ended:?}");
        assert_eq!(names(folder.path()), <[String; 0]>::default(), "{says}");
    };
    refused(&nobody, &[], 1, "403 Forbidden: You do not have permission");
    refused("nonsense", &[], 1, "401 Unauthorized: Invalid API token");
    refused(&token, &["--since", "yesterday", "--format", "csv"], 1, "400 Bad Request: this takes");
    refused(&token, &["--type", "UserLocked"], 1, "ndjson");
    refused(&token, &["--url", "http://127.0.0.1:9"], 1, "no answer");
    refused(&token, &["--url", "tokens"], 1, "tokens");
    let other = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    refused(&token, &["--key", other], 3, "note 1");

    // A forgery shows, and so does what is gone.
    let mut connection = tests::sql::Connection::open(app.database()).await;
    let before = fresh(&audrey).await.head.size;
    let forge = match store {
        Store::Sqlite => {
            "DROP TRIGGER events_append_only_update;
             UPDATE events SET event_version = '2' WHERE event_type = 'UserLocked'"
        }
        Store::Postgres => {
            "ALTER TABLE events DISABLE TRIGGER USER;
             UPDATE events SET event_version = '2' WHERE event_type = 'UserLocked'"
        }
    };
    connection.execute(forge).await.unwrap();
    connection.close().await;
    refused(&token, &[], 3, "changed");
    lose_event(&app, before / 2).await;
    refused(&token, &[], 1, "the export broke off after ");
}

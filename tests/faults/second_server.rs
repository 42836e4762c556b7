//! One process per SQLite file, by whatever path it is reached.

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use tests::reaper::Scratch;
use tests::{Ledger, Server, Store, TestApp, binary};

/// Expects that this command refuses because the file is in use, and says what to do.
async fn assert_refused(mut command: Command, directory: &Path) {
    command.args(["--listen", "127.0.0.1:0"]);
    let ended = match Server::launch(command, directory).await {
        Ok(server) => panic!("a second server serves: {}", server.stdout()),
        Err(ended) => ended,
    };
    assert!(!ended.status.success(), "{ended:?}");
    assert!(!ended.stdout.contains("Listening"), "{ended:?}");
    assert!(ended.stderr.contains("in use by another symbolon process"), "{ended:?}");
    assert!(ended.stderr.contains("stop that one first"), "{ended:?}");
}

/// The POSIX locks that a process holds on a file. Closing any descriptor of it would drop them all.
fn posix_locks(pid: u32, file: &Path) -> Vec<String> {
    let suffix = format!(":{}", std::fs::metadata(file).expect("the file is there").ino());
    let locks = std::fs::read_to_string("/proc/locks").expect("Linux");
    let held = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().collect();
        words.contains(&"POSIX")
            && words.contains(&pid.to_string().as_str())
            && words.iter().any(|word| word.ends_with(&suffix))
    };
    locks.lines().filter(held).map(|line| line.split_once(": ").unwrap().1.to_owned()).collect()
}

#[tokio::test]
async fn a_second_server_on_the_same_file_refuses_by_every_path_and_the_first_goes_on() {
    let app = TestApp::new(Store::Sqlite).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let (pid, file) = (app.server().pid(), app.database().sqlite_file());
    let locks = posix_locks(pid, &file);
    assert!(!locks.is_empty(), "SQLite holds no locks on {}", file.display());

    let elsewhere = Scratch::new("elsewhere");
    let folder = |name: &str| {
        let folder = elsewhere.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        folder
    };
    let (symbolic, hard) = (folder("symbolic"), folder("hard"));
    symlink(&file, symbolic.join("symbolon.db")).unwrap();
    std::fs::hard_link(&file, hard.join("symbolon.db")).unwrap();
    let linked = elsewhere.path().join("linked");
    symlink(app.database().data_directory(), &linked).unwrap();

    for data_dir in [app.database().data_directory(), &symbolic, &hard, &linked] {
        let mut command = binary::command();
        command.arg("serve").arg("--data-dir").arg(data_dir);
        assert_refused(command, data_dir).await;
    }
    for path in [&file, &symbolic.join("symbolon.db"), &hard.join("symbolon.db")] {
        let mut command = binary::command();
        command.arg("--database-url").arg(format!("sqlite://{}", path.display()));
        assert_refused(command, path).await;
    }

    assert_eq!(posix_locks(pid, &file), locks, "the first server lost SQLite's locks");
    let token = alice.regenerate_token().await;
    app.with_token(&token).whoami().await.assert_user("alice");
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
}

#[tokio::test]
async fn other_commands_refuse_a_file_that_is_being_served() {
    let app = TestApp::new(Store::Sqlite).await;
    let arguments = app.database().arguments();
    let bootstrap =
        ["bootstrap", "--email=a@x.test", "--name=A", "--account=A", "--password-stdin"];
    for words in [&["migrate"][..], &bootstrap] {
        let mut command = binary::command();
        command.args(words).args(&arguments);
        let ended = binary::finish(command, "horse battery staple\n");
        assert!(!ended.status.success(), "{ended:?}");
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("in use by another symbolon process"), "{words:?}: {ended:?}");
    }
    app.user("alice").await.generate_token().await;
}

#[tokio::test]
async fn a_doctor_looks_at_a_file_that_is_being_served_without_harm() {
    let app = TestApp::new(Store::Sqlite).await;
    let (pid, file) = (app.server().pid(), app.database().sqlite_file());
    let locks = posix_locks(pid, &file);
    let mut command = binary::command();
    command.arg("doctor").args(app.database().arguments());
    binary::finish(command, "");
    assert_eq!(posix_locks(pid, &file), locks, "the server lost SQLite's locks");
    app.user("alice").await.generate_token().await;
}

#[tokio::test]
async fn a_stopped_or_killed_server_leaves_the_file_to_the_next() {
    let mut app = TestApp::new(Store::Sqlite).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    app.stop().await;
    app.start().await;
    app.kill();
    app.start().await;
    app.with_token(&token).whoami().await.assert_user("alice");
}

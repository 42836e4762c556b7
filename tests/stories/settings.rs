//! Where settings come from, which wins, and what is refused before anything starts.

use std::path::Path;
use std::process::Command;

use tests::binary::{self, finish};
use tests::reaper::Scratch;
use tests::server::Ended;
use tests::{Database, Server, Settings, Store, TestApp};

#[tokio::test]
async fn a_flag_wins_over_the_environment_which_wins_over_the_file() {
    let folder = Scratch::new("config");
    let file = write(&folder, "token_prefix = \"file\"\n");
    let from_file = Settings::new().flag("--config", &file);
    let from_environment = from_file.clone().environment("SYMBOLON_TOKEN_PREFIX", "environment");
    let from_flag = from_environment.clone().flag("--token-prefix", "flag");
    for (settings, prefix) in
        [(from_file, "file_"), (from_environment, "environment_"), (from_flag, "flag_")]
    {
        let app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
        let token = app.admin().generate_token().await;
        assert!(token.starts_with(prefix), "{token}");
    }
}

#[tokio::test]
async fn every_setting_can_come_from_the_file() {
    let folder = Scratch::new("config");
    let data = folder.path().join("data");
    let database = folder.path().join("elsewhere.db");
    let file = write(
        &folder,
        &format!(
            "listen = \"127.0.0.1:0\"\ndata_dir = \"{}\"\ndatabase_url = \"sqlite://{}\"\n\
             public_url = \"https://tokens.example.test\"\ntoken_prefix = \"acme\"\nlog = \"warn\"\n",
            data.display(),
            database.display(),
        ),
    );
    let mut command = binary::command();
    command.args(["serve", "--config", &file]);
    let mut server = Server::launch(command, Path::new(&file)).await.unwrap();
    let link = server.setup_link().await;
    assert!(link.starts_with("https://tokens.example.test/setup?code="), "{link}");
    assert!(database.is_file());
}

#[tokio::test]
async fn every_setting_can_come_from_the_environment() {
    let folder = Scratch::new("environment");
    let data = folder.path().join("data");
    let mut command = binary::command();
    command.current_dir(folder.path());
    command.env("SYMBOLON_LISTEN", "127.0.0.1:0");
    command.env("SYMBOLON_DATA_DIR", &data);
    command
        .env("SYMBOLON_DATABASE_URL", format!("sqlite://{}/elsewhere.db", folder.path().display()));
    command.env("SYMBOLON_PUBLIC_URL", "https://tokens.example.test");
    command.env("SYMBOLON_TOKEN_PREFIX", "acme");
    command.env("SYMBOLON_LOG", "warn");
    // Without a subcommand it serves.
    let mut server = Server::launch(command, folder.path()).await.unwrap();
    let link = server.setup_link().await;
    server.kill();
    assert!(link.starts_with("https://tokens.example.test/setup?code="), "{link}");
    assert!(folder.path().join("elsewhere.db").is_file());
}

#[tokio::test]
async fn an_unknown_key_in_the_file_is_named() {
    let folder = Scratch::new("config");
    let file = write(&folder, "token_prefix = \"acme\"\ntokn_prefix = \"acme\"\n");
    let ended = refused(Settings::new().flag("--config", &file)).await;
    assert!(ended.stderr.contains("tokn_prefix"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let folder = Scratch::new("config");
    let missing = folder.path().join("missing.toml").display().to_string();
    let ended = refused(Settings::new().flag("--config", &missing)).await;
    assert!(ended.stderr.contains("missing.toml"), "{}", ended.stderr);
    let broken = write(&folder, "listen = \n");
    refused(Settings::new().flag("--config", &broken)).await;
    let wrong_type = write(&folder, "token_prefix = [1]\n");
    let ended = refused(Settings::new().flag("--config", &wrong_type)).await;
    assert!(ended.stderr.contains("token_prefix"), "{}", ended.stderr);
}

#[tokio::test]
async fn a_setting_that_makes_no_sense_is_refused() {
    for (flag, value) in [
        ("--token-prefix", "Upper"),
        ("--token-prefix", "ends_"),
        ("--token-prefix", ""),
        ("--token-prefix", "far_too_long_for_a_prefix"),
        ("--listen", "nowhere"),
        ("--listen", "127.0.0.1"),
        ("--database-url", "mysql://localhost/tokens"),
        ("--database-url", "nonsense"),
        ("--public-url", "nonsense"),
        ("--public-url", "ftp://example.test"),
        ("--log", "[{"),
        ("--gateway-cidrs", ""),
        ("--gateway-cidrs", "localhost"),
        ("--gateway-cidrs", "10.0.0.0/33"),
        ("--gateway-cidrs", "127.0.0.1,0.0.0.0/0"),
        ("--gateway-cidrs", "::/0"),
        ("--account-requests-per-minute", "0"),
        ("--account-requests-per-minute", "many"),
        ("--prospect-requests-per-minute", "0"),
        ("--verifier", "oracle"),
        ("--lease-ms", "299"),
        ("--lease-ms", "3001"),
        ("--lease-renewal-ms", "19"),
        ("--lease-renewal-ms", "334"),
        ("--verify-timeout-ms", "19"),
        ("--verify-timeout-ms", "5001"),
        ("--gateway-cidrs", "::ffff:0.0.0.0/96"),
    ] {
        let ended = refused(Settings::new().flag(flag, value)).await;
        assert!(!ended.stderr.trim().is_empty(), "{flag} {value}");
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_a_reason_not_to_start() {
    let away = Settings::new().flag("--database-url", "postgres://nobody@127.0.0.1:1/nothing");
    let ended = refused(away).await;
    assert!(ended.stderr.to_lowercase().contains("postgres"), "{}", ended.stderr);
}

#[test]
fn an_unknown_flag_or_command_is_refused() {
    for arguments in [&["serve", "--nonsense"][..], &["nonsense"]] {
        let mut command: Command = binary::command();
        command.args(arguments);
        let ended = finish(command, "");
        assert!(!ended.status.success(), "{arguments:?}");
        assert!(ended.stderr.contains("nonsense"), "{}", ended.stderr);
    }
}

async fn refused(settings: Settings) -> Ended {
    let database = Database::new(Store::Sqlite).await;
    let ended = match Server::try_start(&database, &settings).await {
        Ok(server) => panic!("{settings:?} was accepted:\n{}", server.stderr()),
        Err(ended) => ended,
    };
    assert!(!ended.status.success(), "{settings:?}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    ended
}

fn write(folder: &Scratch, text: &str) -> String {
    let path = folder.path().join("symbolon.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

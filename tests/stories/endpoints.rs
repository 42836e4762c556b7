//! The endpoints file: what is refused before anything starts, and what `symbolon doctor` says of it.

use tests::binary::{self, finish};
use tests::reaper::Scratch;
use tests::server::Ended;
use tests::{Database, EndpointsFile, Server, Settings, Store, TestApp};

/// 24 bytes, and none of them may be seen.
const SECRET: &str = "whsec_QzZ4c2VjcmV0c2VjcmV0c2VjcmV0c2Vj";
const URL: &str = "https://hooks.example.test/path-that-is-a-secret";

/// What may not be repeated, whatever is wrong.
const SECRETS: [&str; 3] = ["QzZ4c2Vj", "path-that-is-a-secret", "hunter2"];

async fn refused(settings: Settings) -> Ended {
    let database = Database::new(Store::Sqlite).await;
    let ended = match Server::try_start(&database, &settings).await {
        Ok(server) => panic!("{settings:?} was accepted:\n{}", server.stderr()),
        Err(ended) => ended,
    };
    assert!(!ended.status.success(), "{settings:?}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    for secret in SECRETS {
        assert!(!ended.stderr.contains(secret), "{secret} is in {}", ended.stderr);
    }
    ended
}

/// An endpoint with this instead of what is usual.
fn endpoint(name: &str, url: &str, secret: &str, more: &str) -> EndpointsFile {
    EndpointsFile::new("").at(name, url, secret, more)
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_by_the_name_of_the_endpoint() {
    let with = |more: &str| endpoint("crm", URL, SECRET, more);
    for (file, named, said) in [
        (with("colour = \"red\""), "crm", "colour"),
        (with("events = [\"token.forgotten\"]"), "crm", "token.forgotten"),
        (with("events = []"), "crm", "events"),
        (with("events = \"token.revoked\""), "crm", "sequence"),
        (with("accounts = [\"Main\"]"), "crm", "accounts"),
        (with("accounts = []"), "crm", "accounts"),
        (with("secret_file = \"/etc/hostname\""), "crm", "not both"),
        (endpoint("crm", URL, "", ""), "crm", "secret must be"),
        (endpoint("crm", URL, "whsec_aHVudGVyMg==", ""), "crm", "secret must be"),
        (endpoint("crm", URL, &SECRET[6..], ""), "crm", "secret must be"),
        (
            endpoint("crm", URL, "whsec_hunter2!hunter2!hunter2!hunter2!", ""),
            "crm",
            "secret must be",
        ),
        (
            endpoint("crm", URL, &format!("whsec_{}", "QUJD".repeat(22)), ""),
            "crm",
            "secret must be",
        ),
        (endpoint("crm", "nonsense", SECRET, ""), "crm", "url must be"),
        (endpoint("crm", "ftp://example.test/", SECRET, ""), "crm", "url must be"),
        (endpoint("crm", "https://user:hunter2@example.test/", SECRET, ""), "crm", "url must be"),
        (endpoint("crm", "https://example.test/#hunter2", SECRET, ""), "crm", "url must be"),
        (endpoint("CRM", URL, SECRET, ""), "CRM", "name must"),
        (endpoint("", URL, SECRET, ""), "endpoint", "name must"),
        (endpoint(&"a".repeat(41), URL, SECRET, ""), "aaa", "name must"),
        (with("").at("crm", URL, SECRET, ""), "crm", "another endpoint has this name"),
        (EndpointsFile::new(&format!("[[endpoint]]\nsecret = \"{SECRET}\"")), "endpoint 1", "name"),
        (EndpointsFile::new("[[endpoint]]\nname = \"crm\"\nsecret = \"hunter2\""), "crm", "url"),
        (
            EndpointsFile::new("[[endpoint]]\nname = \"crm\"\nurl = \"https://a.test\""),
            "crm",
            "secret",
        ),
        (
            EndpointsFile::new("[[endpoint]]\nname = \"crm\"\nsecret = [\"hunter2\"]"),
            "crm",
            "string",
        ),
        (
            EndpointsFile::new(&format!("[[endpoint]]\nsecret = \"{SECRET}\nname")),
            "line",
            "expected",
        ),
        (EndpointsFile::new("[[endpoint]]\nsecret = hunter2"), "line 2", "line"),
        (
            EndpointsFile::new("delivery_schedule_seconds = [0]"),
            "delivery_schedule_seconds",
            "1 second",
        ),
        (
            EndpointsFile::new("delivery_schedule_seconds = [2592001]"),
            "delivery_schedule_seconds",
            "30",
        ),
        (EndpointsFile::new("delivery_schedule_seconds = [-1]"), "line 1", "line"),
        (EndpointsFile::new("endpoints = []"), "endpoints", "unknown"),
    ] {
        let ended = refused(file.settings()).await;
        for text in [named, said, "endpoints_file"] {
            assert!(ended.stderr.contains(text), "{text} is not in {}", ended.stderr);
        }
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_refused() {
    let missing = Settings::new().flag("--endpoints-file", "/nowhere/endpoints.toml");
    assert!(refused(missing).await.stderr.contains("/nowhere/endpoints.toml"));
    let secret_file = EndpointsFile::new(&format!(
        "[[endpoint]]\nname = \"crm\"\nurl = \"{URL}\"\nsecret_file = \"/nowhere/key\""
    ));
    assert!(refused(secret_file.settings()).await.stderr.contains("secret_file cannot be read"));
}

#[tokio::test]
async fn an_address_that_is_not_public_is_refused_unless_allowed() {
    for url in [
        "https://127.0.0.1/path-that-is-a-secret",
        "https://127.1:8443/path-that-is-a-secret",
        "https://[::1]/path-that-is-a-secret",
        "https://[::ffff:10.0.0.1]/path-that-is-a-secret",
        "https://169.254.169.254/path-that-is-a-secret",
        "https://10.1.2.3/path-that-is-a-secret",
        "http://hooks.example.test/path-that-is-a-secret",
    ] {
        let file = endpoint("crm", url, SECRET, "");
        let ended = refused(file.settings()).await;
        assert!(ended.stderr.contains("crm"), "{}", ended.stderr);
        assert!(ended.stderr.contains("allow_private_endpoints"), "{}", ended.stderr);
        let database = Database::new(Store::Sqlite).await;
        Server::start(&database, &file.settings_on_this_machine()).await;
    }
}

#[tokio::test]
async fn the_key_can_be_in_a_file_of_its_own() {
    let folder = Scratch::new("key");
    let key = folder.path().join("key");
    std::fs::write(&key, format!("{SECRET}\n")).unwrap();
    let file = EndpointsFile::new(&format!(
        "[[endpoint]]\nname = \"crm\"\nurl = \"{URL}\"\nsecret_file = \"{}\"",
        key.display()
    ));
    let app = TestApp::with(Database::new(Store::Sqlite).await, file.settings()).await;
    let list = app.admin().get("/v1/admin/endpoints").send().await.assert_status(200).json();
    assert_eq!(list["data"][0]["origin"], "https://hooks.example.test");
}

#[tokio::test]
async fn the_doctor_says_which_endpoints_can_be_reached() {
    let doctor = async |file: &EndpointsFile, allowed: bool| {
        file.write();
        let database = Database::new(Store::Sqlite).await;
        let mut command = binary::command();
        command.arg("doctor").args(database.arguments()).arg("--endpoints-file").arg(file.path());
        if allowed {
            command.arg("--allow-private-endpoints");
        }
        let ended = finish(command, "");
        for secret in SECRETS {
            assert!(!ended.stdout.contains(secret) && !ended.stderr.contains(secret), "{ended:?}");
        }
        ended
    };
    let public = endpoint("crm", "https://1.1.1.1/path-that-is-a-secret", SECRET, "");
    let ended = doctor(&public, false).await;
    assert!(ended.status.success(), "{ended:?}");
    let line = "ok    endpoint crm is told at https://1.1.1.1 of call.triggered, prospects.added";
    assert!(ended.stdout.contains(line), "{ended:?}");

    let private = public.at("metadata", "https://169.254.169.254/latest", SECRET, "").at(
        "here",
        "https://localhost:1/path-that-is-a-secret",
        SECRET,
        "events = [\"token.revoked\"]",
    );
    let ended = doctor(&private, false).await;
    assert!(!ended.status.success(), "{ended:?}");
    for text in [
        "ok    endpoint crm",
        "FIX   endpoint metadata is told at https://169.254.169.254 of",
        "169.254.169.254 is not a public address",
        "FIX   endpoint here is told at https://localhost:1 of token.revoked",
        "localhost has no public address",
        "--allow-private-endpoints",
    ] {
        assert!(ended.stdout.contains(text), "{text} is not in {}", ended.stdout);
    }
    let ended = doctor(&private, true).await;
    assert!(ended.status.success() && !ended.stdout.contains("FIX"), "{ended:?}");
}

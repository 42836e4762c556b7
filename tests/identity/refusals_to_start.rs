//! Half a configuration, or one that cannot be meant, does not start, and says why.

use tests::reaper::Scratch;
use tests::server::Ended;
use tests::{Database, Server, Settings, Store};

use crate::provider::{CLIENT_SECRET, Provider, settings_for};
use crate::visitor::{Visitor, assert_signed_in};

const ISSUER: (&str, &str) = ("--oidc-issuer", "https://login.example.test");
const CLIENT_ID: (&str, &str) = ("--oidc-client-id", "symbolon");
const SECRET: (&str, &str) = ("--oidc-client-secret", CLIENT_SECRET);
const HEADER: (&str, &str) = ("--trusted-proxy-header", "X-Auth-Request-Email");
const CIDRS: (&str, &str) = ("--trusted-proxy-cidrs", "10.0.0.0/8");

#[tokio::test]
async fn half_a_configuration_is_refused_and_named() {
    for (flags, missing) in [
        (&[ISSUER][..], "oidc_client_id"),
        (&[CLIENT_ID], "oidc_issuer"),
        (&[SECRET], "oidc_issuer"),
        (&[ISSUER, CLIENT_ID], "oidc_client_secret"),
        (&[ISSUER, SECRET], "oidc_client_id"),
        (&[CLIENT_ID, SECRET], "oidc_issuer"),
        (&[HEADER], "trusted_proxy_cidrs"),
        (&[CIDRS], "trusted_proxy_header"),
    ] {
        let ended = refused(flags).await;
        assert!(ended.stderr.contains(missing), "{flags:?}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused() {
    for issuer in
        ["login.example.test", "http://login.example.test", "ftp://127.0.0.1", "", "https://a?b"]
    {
        let ended = refused(&[("--oidc-issuer", issuer), CLIENT_ID, SECRET]).await;
        assert!(ended.stderr.contains("oidc_issuer"), "{issuer}: {}", ended.stderr);
    }
    for empty in ["--oidc-client-id", "--oidc-client-secret"] {
        let flags = [ISSUER, CLIENT_ID, SECRET]
            .map(|flag| if flag.0 == empty { (empty, "") } else { flag });
        refused(&flags).await;
    }
    for header in ["", "two words", "colon:"] {
        let ended = refused(&[("--trusted-proxy-header", header), CIDRS]).await;
        assert!(ended.stderr.contains("trusted_proxy_header"), "{header}: {}", ended.stderr);
    }
    for cidrs in ["", "10.0.0.0/33", "localhost", "10.0.0.0/8,", "0.0.0.0/0", "127.0.0.1,::/0"] {
        let ended = refused(&[HEADER, ("--trusted-proxy-cidrs", cidrs)]).await;
        assert!(ended.stderr.contains("trusted_proxy_cidrs"), "{cidrs}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn the_secret_can_be_in_a_file_of_its_own() {
    let folder = Scratch::new("secret");
    let path = folder.path().join("oidc");
    std::fs::write(&path, format!("{CLIENT_SECRET}\n")).unwrap();
    let path = path.display().to_string();
    let provider = Provider::shared();
    let settings = Settings::new()
        .flag("--public-url", crate::provider::PUBLIC_URL)
        .environment("SYMBOLON_OIDC_ISSUER", &provider.issuer())
        .environment("SYMBOLON_OIDC_CLIENT_ID", crate::provider::CLIENT_ID)
        .flag("--oidc-client-secret-file", &path);
    let app = tests::TestApp::with(Database::new(Store::Sqlite).await, settings).await;
    let invitation = app.admin().invite("alice").await;
    let visitor = Visitor::new(&app, provider);
    visitor.accept(&invitation.code, "alice").await;
    assert_signed_in(&app, &visitor.here, "alice").await;

    refused(&[ISSUER, CLIENT_ID, SECRET, ("--oidc-client-secret-file", &path)]).await;
    let missing = folder.path().join("missing").display().to_string();
    let ended = refused(&[ISSUER, CLIENT_ID, ("--oidc-client-secret-file", &missing)]).await;
    assert!(ended.stderr.contains(&missing), "{}", ended.stderr);
}

#[tokio::test]
async fn a_wrong_secret_is_the_operators_problem_not_the_visitors() {
    let provider = Provider::shared();
    let settings =
        settings_for(&provider.issuer()).flag("--oidc-client-secret", "another secret altogether");
    let mut app = tests::TestApp::with(Database::new(Store::Sqlite).await, settings).await;
    let answer = Visitor::new(&app, provider).sign_in("", "alice").await;
    answer.assert_refused(503, "Unavailable");
    let log = app.stop().await.stderr;
    assert!(log.contains("invalid_client"), "{log}");
    assert!(!log.contains("another secret"), "{log}");
}

async fn refused(flags: &[(&str, &str)]) -> Ended {
    let settings =
        flags.iter().fold(Settings::new(), |settings, (name, value)| settings.flag(name, value));
    let database = Database::new(Store::Sqlite).await;
    let ended = match Server::try_start(&database, &settings).await {
        Ok(server) => panic!("{flags:?} was accepted:\n{}", server.stderr()),
        Err(ended) => ended,
    };
    assert!(!ended.status.success(), "{flags:?}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(CLIENT_SECRET), "{}", ended.stderr);
    ended
}

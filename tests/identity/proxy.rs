//! A header that names the user: believed from listed machines, and from nobody else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::{Method, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tests::{Database, Settings, Store, TestApp, on_both_stores};

pub(crate) const HEADER: &str = "x-auth-request-email";
pub(crate) const LISTED: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
pub(crate) const UNLISTED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
const STATE: &str = "/v1/user/api-token";

on_both_stores!(
    the_proxy_says_who_someone_is,
    from_anywhere_else_the_header_means_nothing,
    nobody_and_two_people_are_refused,
);

async fn the_proxy_says_who_someone_is(store: Store) {
    let app = behind_proxy(store).await;
    let alice = app.user("alice").await;
    for email in ["alice@example.test", "ALICE@Example.Test"] {
        let answer = ask(&app, LISTED, Method::GET, STATE, &[(HEADER, email)]).await;
        assert_eq!(answer.0, StatusCode::OK);
    }
    let named = [(HEADER, "alice@example.test")];
    let (status, body) = ask(&app, LISTED, Method::POST, STATE, &named).await;
    assert_eq!(status, StatusCode::CREATED);
    app.with_token(body["token"].as_str().unwrap()).whoami().await.assert_user("alice");
    assert_eq!(alice.history().await[0]["actor"]["via"], "session");

    // A cookie of someone else does not matter, and neither does none.
    let cookie = app.admin().cookie_header().unwrap();
    let both = [(HEADER, "alice@example.test"), ("cookie", &*cookie)];
    let (_, body) = ask(&app, LISTED, Method::GET, STATE, &both).await;
    assert_eq!(body["generation"], 1);
    let forbidden = ask(&app, LISTED, Method::GET, "/v1/admin/users", &both).await;
    assert_eq!(forbidden.0, StatusCode::FORBIDDEN);
    let cookie = [("cookie", &*cookie)];
    assert_eq!(ask(&app, LISTED, Method::GET, "/v1/admin/users", &cookie).await.0, StatusCode::OK);
    assert_eq!(ask(&app, LISTED, Method::GET, STATE, &[]).await.0, StatusCode::UNAUTHORIZED);

    let root = [(HEADER, "root@example.test")];
    assert_eq!(ask(&app, LISTED, Method::GET, "/v1/admin/users", &root).await.0, StatusCode::OK);
}

async fn from_anywhere_else_the_header_means_nothing(store: Store) {
    let app = behind_proxy(store).await;
    let alice = app.user("alice").await;
    let cookie = alice.cookie_header().unwrap();
    for email in ["alice@example.test", "root@example.test", "nobody@example.test"] {
        let header = (HEADER, email);
        let answer = ask(&app, UNLISTED, Method::GET, STATE, &[header]).await;
        assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
        let session = [header, header, ("cookie", &*cookie)];
        let answer = ask(&app, UNLISTED, Method::GET, STATE, &session).await;
        assert_eq!(answer.0, StatusCode::OK);
        let answer = ask(&app, UNLISTED, Method::GET, "/v1/admin/users", &session).await;
        assert_eq!(answer.0, StatusCode::FORBIDDEN);
    }
    // A listed machine further back does not make this one listed.
    let claimed = [(HEADER, "root@example.test"), ("x-forwarded-for", "127.0.0.1")];
    let answer = ask(&app, UNLISTED, Method::GET, "/v1/admin/users", &claimed).await;
    assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
}

async fn nobody_and_two_people_are_refused(store: Store) {
    let app = behind_proxy(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let cookie = bob.cookie_header().unwrap();
    app.admin().lock(&alice.id).await;
    for email in ["alice@example.test", "nobody@example.test", "", "alice", "a, b", "%", "\u{e4}"] {
        for target in [STATE, "/v1/account", "/"] {
            let headers = [(HEADER, email), ("cookie", &*cookie)];
            let answer = ask(&app, LISTED, Method::GET, target, &headers).await;
            assert_eq!(answer.0, StatusCode::FORBIDDEN, "{email} at {target}");
            assert_eq!(answer.1["error"], "Forbidden");
        }
    }
    for second in ["bob@example.test", "root@example.test", ""] {
        for target in [STATE, "/v1/account", "/"] {
            let headers = [(HEADER, "bob@example.test"), (HEADER, second)];
            let answer = ask(&app, LISTED, Method::GET, target, &headers).await;
            assert_eq!(answer.0, StatusCode::BAD_REQUEST, "{second} at {target}");
            assert_eq!(answer.1["error"], "InvalidRequest");
        }
    }
    // What does not ask who someone is does not care.
    let nobody = [(HEADER, "nobody@example.test")];
    assert_eq!(ask(&app, LISTED, Method::GET, "/livez", &nobody).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_token_decides_whatever_the_proxy_says() {
    let app = behind_proxy(Store::Sqlite).await;
    let bob = app.user("bob").await;
    let bearer = format!("Bearer {}", bob.generate_token().await);
    for email in ["root@example.test", "nobody@example.test"] {
        let headers = [(HEADER, email), ("authorization", &*bearer)];
        let (status, body) = ask(&app, LISTED, Method::GET, "/v1/token", &headers).await;
        assert_eq!((status, &body["user"]["id"]), (StatusCode::OK, &Value::from(&*bob.id)));
        let answer = ask(&app, LISTED, Method::GET, "/v1/admin/users", &headers).await;
        assert_eq!(answer.0, StatusCode::FORBIDDEN);
        let headers = [(HEADER, email), ("authorization", "Bearer nonsense")];
        let answer = ask(&app, LISTED, Method::GET, "/v1/admin/users", &headers).await;
        assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
    }
    // Nor does the proxy's word stand in for a token.
    for method in [Method::GET, Method::DELETE] {
        let named = [(HEADER, "bob@example.test")];
        let answer = ask(&app, LISTED, method, "/v1/token", &named).await;
        assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn another_site_cannot_act_through_the_proxy() {
    let app = behind_proxy(Store::Sqlite).await;
    let alice = app.user("alice").await;
    let named = (HEADER, "alice@example.test");
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.test"),
        ("origin", "null"),
    ] {
        for (method, target) in [
            (Method::POST, STATE),
            (Method::POST, "/v1/user/api-token/regenerate"),
            (Method::DELETE, STATE),
        ] {
            let answer = ask(&app, LISTED, method, target, &[named, foreign]).await;
            assert_eq!(answer.0, StatusCode::FORBIDDEN, "{foreign:?}");
        }
    }
    assert!(alice.history().await.is_empty());
    let own = ("sec-fetch-site", "same-origin");
    let answer = ask(&app, LISTED, Method::POST, STATE, &[named, own]).await;
    assert_eq!(answer.0, StatusCode::CREATED);
}

#[tokio::test]
async fn without_the_settings_no_header_names_anyone() {
    let app = TestApp::new(Store::Sqlite).await;
    let named = [(HEADER, "root@example.test")];
    let answer = ask(&app, LISTED, Method::GET, STATE, &named).await;
    assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_networks_can_come_from_file_and_environment() {
    let folder = tests::reaper::Scratch::new("config");
    let file = folder.path().join("symbolon.toml");
    let text = format!(
        "trusted_proxy_header = \"{HEADER}\"\ntrusted_proxy_cidrs = [\"10.0.0.0/8\", \"127.0.0.1\"]\n"
    );
    std::fs::write(&file, text).unwrap();
    let from_file = Settings::new().flag("--config", &file.display().to_string());
    let from_environment = Settings::new()
        .environment("SYMBOLON_TRUSTED_PROXY_HEADER", HEADER)
        .environment("SYMBOLON_TRUSTED_PROXY_CIDRS", "::1/128, 127.0.0.1/32");
    for settings in [from_file, from_environment] {
        let app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
        let named = [(HEADER, "root@example.test")];
        let (listed, unlisted) = (
            ask(&app, LISTED, Method::GET, STATE, &named).await,
            ask(&app, UNLISTED, Method::GET, STATE, &named).await,
        );
        assert_eq!((listed.0, unlisted.0), (StatusCode::OK, StatusCode::UNAUTHORIZED));
    }
}

#[tokio::test]
async fn an_address_counts_as_ipv4_on_a_socket_for_both() {
    let both = "[::]:0";
    if std::net::TcpListener::bind(both).is_err() {
        // This machine has no IPv6, so neither has anyone such a socket.
        return;
    }
    let settings = listed().flag("--listen", both);
    let app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
    let named = [(HEADER, "root@example.test")];
    let answer = ask(&app, LISTED, Method::GET, STATE, &named).await;
    assert_eq!(answer.0, StatusCode::OK);
    let answer = ask(&app, UNLISTED, Method::GET, STATE, &named).await;
    assert_eq!(answer.0, StatusCode::UNAUTHORIZED);
}

fn listed() -> Settings {
    Settings::new()
        .flag("--trusted-proxy-header", "X-Auth-Request-Email")
        .flag("--trusted-proxy-cidrs", "127.0.0.1/32")
}

pub(crate) async fn behind_proxy(store: Store) -> TestApp {
    TestApp::with(Database::new(store).await, listed()).await
}

/// One request from this address of the machine. Status and body, `null` when that is not JSON.
pub(crate) async fn ask(
    app: &TestApp,
    from: IpAddr,
    method: Method,
    target: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, Value) {
    let server = SocketAddr::new(LISTED, app.server().address().port());
    let mut connector = HttpConnector::new();
    connector.set_local_address(Some(from));
    let client = Client::builder(TokioExecutor::new()).build::<_, Empty<Bytes>>(connector);
    let mut request =
        http::Request::builder().method(method).uri(format!("http://{server}{target}"));
    for (name, value) in headers {
        request = request.header(*name, value.as_bytes());
    }
    let request = request.body(Empty::new()).expect("a possible request");
    let (head, body) = client.request(request).await.expect("an answer").into_parts();
    let body = body.collect().await.expect("a whole answer").to_bytes();
    (head.status, serde_json::from_slice(&body).unwrap_or_default())
}

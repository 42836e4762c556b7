//! How a server is reached: over TCP and a Unix socket, by HTTP/1.1 and HTTP/2; and that an answer is the same whoever in
//! the server gives it.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use http::{Method, Version};
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy;
use hyper_util::rt::TokioExecutor;
use tests::reaper::Scratch;
use tests::{Answer, Client, Database, Metrics, Server, Settings, Store, TestApp, on_both_stores};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

on_both_stores!(
    a_bearer_is_told_the_same_from_memory_and_by_the_router,
    a_bearer_who_joins_or_leaves_an_account_is_told_so_at_once,
);

/// What differs between two answers to the same question.
const OWN: [&str; 2] = ["x-request-id", "date"];

fn without_own(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), headers, answer.body.to_vec())
}

async fn answered_from_memory(client: &Client) -> u64 {
    Metrics::of(client).await.count("symbolon_verifications_total{from=\"memory\"}")
}

/// Asks twice. Says whether memory answered.
async fn told_alike(method: &Method, credential: &str, client: &Client) -> bool {
    let before = answered_from_memory(client).await;
    let at_once = client.request(method.clone(), "/v1/token").send().await;
    let is_from_memory = answered_from_memory(client).await > before;
    // Whatever has a query goes to the router.
    let mut routed = client.request(method.clone(), "/v1/token?by=router").send().await;
    if method == Method::HEAD && is_from_memory && at_once.status == 200 {
        // How long the answer to a GET would be takes names to know.
        assert!(routed.headers.remove("content-length").is_some());
    }
    assert_eq!(without_own(&at_once), without_own(&routed), "{method}, {credential}");
    for answer in [&at_once, &routed] {
        let id = answer.header("x-request-id").unwrap();
        assert!(id == "mine-1" || id.len() == 36, "{credential}: {id}");
    }
    answered_from_memory(client).await > before
}

pub(crate) async fn a_bearer_is_told_the_same_from_memory_and_by_the_router(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let dead = alice.generate_token().await;
    let live = alice.regenerate_token().await;
    let mut wrong = live.clone();
    wrong.replace_range(20..21, if wrong[20..21] == *"x" { "y" } else { "x" });
    let bearer =
        |token: &str| app.anonymous().with_header("authorization", &format!("Bearer {token}"));
    let clients = [
        ("live", bearer(&live)),
        ("live, in an account", bearer(&live).in_account(app.account_id())),
        ("live, in no account that is", bearer(&live).in_account("x")),
        ("live, named by the client", bearer(&live).with_header("x-request-id", "mine-1")),
        ("live, named badly", bearer(&live).with_header("x-request-id", "no name")),
        ("dead", bearer(&dead)),
        ("of a wrong checksum", bearer(&wrong)),
        ("nothing like a token", bearer("x")),
        ("another scheme", app.anonymous().with_header("authorization", "Basic eDp5")),
        ("none", app.anonymous()),
    ];
    // What is told is made the first time and kept.
    bearer(&live).whoami().await.assert_user("alice");
    for (credential, client) in clients {
        let is_well_formed = credential.starts_with("live") || credential == "dead";
        let deadline = Instant::now() + Duration::from_secs(10);
        // A moment after a change, and without a lease, it is for the database to answer.
        for method in [Method::GET, Method::HEAD] {
            while is_well_formed != told_alike(&method, credential, &client).await {
                assert!(is_well_formed, "memory was asked about {credential}");
                assert!(Instant::now() < deadline, "memory does not answer");
            }
        }
    }
    for target in ["/v1/token", "/v1/token?by=router"] {
        let twice =
            bearer(&live).get(target).header("x-account-id", "a").header("x-account-id", "b");
        twice.send().await.assert_refused(400, "InvalidRequest");
        let twice = bearer(&live).get(target).header("authorization", "Bearer x");
        twice.send().await.assert_refused(400, "InvalidRequest");
    }
}

pub(crate) async fn a_bearer_who_joins_or_leaves_an_account_is_told_so_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let bearer = app.with_token(&alice.generate_token().await);
    let accounts = async || {
        let told = bearer.whoami().await.assert_user("alice").json();
        told["accounts"].as_array().unwrap().iter().map(|it| it["name"].to_string()).collect()
    };
    let told: Vec<String> = accounts().await;
    assert_eq!(told, ["\"Main\""]);
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    assert_eq!(accounts().await.len(), 2);
    app.admin().remove_member(&second, &alice.id).await;
    assert_eq!(accounts().await, ["\"Main\""]);
}

fn request(token: &str, id: &str, connection: &str) -> String {
    format!(
        "GET /v1/token HTTP/1.1\r\nHost: symbolon\r\nAuthorization: Bearer {token}\r\n\
         X-Request-Id: {id}\r\nConnection: {connection}\r\n\r\n"
    )
}

/// Everything that is answered to these bytes until the connection is closed.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &str) -> String {
    stream.write_all(bytes.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn requests_that_come_together_are_answered_in_their_order() {
    const TOGETHER: usize = 50;
    let app = TestApp::new(Store::Sqlite).await;
    let token = app.admin().generate_token().await;
    let requests: String = (0..TOGETHER)
        .map(|number| {
            let connection = if number + 1 < TOGETHER { "keep-alive" } else { "close" };
            let request = request(&token, &format!("request-{number}"), connection);
            match number % 3 {
                0 => request,
                1 => request.replace("GET", "HEAD"),
                // This one is not for memory to answer.
                _ => request.replace("/v1/token", "/v1/token?a=b"),
            }
        })
        .collect();
    let bodies = requests.matches("GET ").count();
    let stream = TcpStream::connect(app.server().address()).await.unwrap();
    let answers = exchange(stream, &requests).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), TOGETHER);
    assert_eq!(answers.matches("{\"active\":true,").count(), bodies);
    let ids: Vec<&str> =
        answers.lines().filter_map(|line| line.strip_prefix("x-request-id: ")).collect();
    let expected: Vec<String> = (0..TOGETHER).map(|number| format!("request-{number}")).collect();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn a_gateway_may_speak_http_2_without_tls() {
    let app = TestApp::new(Store::Sqlite).await;
    let token = app.admin().generate_token().await;
    let client = legacy::Client::builder(TokioExecutor::new())
        .http2_only(true)
        .build_http::<Empty<hyper::body::Bytes>>();
    let ask = async |method: Method, path: &str, token: &str| {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", app.server().address()))
            .header("authorization", format!("Bearer {token}"));
        let answer = client.request(request.body(Empty::new()).unwrap()).await.unwrap();
        assert_eq!(answer.version(), Version::HTTP_2, "{path}");
        let length = answer.headers().get("content-length").cloned();
        let status = answer.status().as_u16();
        (status, length.is_some(), answer.into_body().collect().await.unwrap().to_bytes().len())
    };
    for path in ["/v1/token", "/v1/account"] {
        let (status, _, length) = ask(Method::GET, path, &token).await;
        assert!(status == 200 && length > 0, "{path}: {status}, {length}");
    }
    // A frame of data after such an answer's headers would be an error.
    assert_eq!(ask(Method::HEAD, "/v1/token", &token).await, (200, false, 0));
    assert_eq!(ask(Method::HEAD, "/v1/token", "x").await, (401, true, 0));
}

#[tokio::test]
async fn a_gateway_on_the_machine_comes_over_a_unix_socket() {
    let scratch = Scratch::new("socket");
    let path = scratch.path().join("symbolon.sock");
    let settings = Settings::new().flag("--listen-unix", path.to_str().unwrap());
    let mut app = TestApp::with(Database::new(Store::Sqlite).await, settings.clone()).await;
    let token = app.admin().generate_token().await;
    let ask = async || {
        let stream = UnixStream::connect(&path).await.unwrap();
        exchange(stream, &request(&token, "over-a-socket", "close")).await
    };
    assert!(ask().await.starts_with("HTTP/1.1 200 OK\r\n"));
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);

    // Nobody takes the place of a server that is there.
    let other = Database::new(Store::Sqlite).await;
    let refused = Server::try_start(&other, &settings).await.unwrap_err();
    assert!(refused.stderr.contains("--listen-unix"), "{}", refused.stderr);
    assert!(ask().await.starts_with("HTTP/1.1 200 OK\r\n"));

    // What a killed one leaves behind is in nobody's way.
    app.kill();
    assert!(path.exists());
    app.start().await;
    assert!(ask().await.starts_with("HTTP/1.1 200 OK\r\n"));
    app.stop().await;
    assert!(!path.exists());
}

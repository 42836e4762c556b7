//! Many write at once, and what they were told is done is what the export says, no more and no less.
//!
//! Over HTTP, as the service's users do, on connections that are kept. `SYMBOLON_LOAD` asks for more operations than
//! a test needs.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use http::Method;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tests::integration::call_to_ada;
use tests::{Actor, Store, TestApp, on_both_stores};

use super::{export, fresh, header, key, note_of, verify};

on_both_stores!(what_was_acknowledged_is_exported_and_nothing_else);

fn operations() -> usize {
    std::env::var("SYMBOLON_LOAD").map_or(1_000, |text| text.parse().expect("a number"))
}

const WRITERS: usize = 12;
/// Of each writer, one after the other, because a command reads all that happened to its token before.
const USERS: usize = 5;
/// Exports while they write.
const MEANWHILE: usize = 3;

/// Which events each request was said to have made, by the request's id.
type Noted = BTreeMap<String, Vec<String>>;

/// One who writes, and keeps the connection.
struct Writer {
    http: hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>,
    server: SocketAddr,
    number: usize,
    /// As whom it writes, each with the live token.
    users: Vec<(Actor, Option<String>)>,
    /// Whom this one locks and unlocks, being an administrator.
    victim: Option<String>,
    assistant: String,
    noted: Noted,
}

impl Writer {
    async fn send(
        &mut self,
        seat: usize,
        method: Method,
        path: &str,
        body: Option<Value>,
        makes: &[&str],
    ) -> Value {
        let id = format!("load-{}-{}", self.number, self.noted.len());
        let (user, token) = &self.users[seat];
        let by_token = token.as_ref().filter(|_| path == "/v1/assistant/calls");
        let credential = match by_token {
            Some(token) => ("authorization", format!("Bearer {token}")),
            None => ("cookie", user.cookie_header().unwrap()),
        };
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://{}{path}", self.server))
            .header("x-request-id", &id)
            .header("content-type", "application/json")
            .header(credential.0, credential.1)
            .body(Full::new(Bytes::from(body.map(|body| body.to_string()).unwrap_or_default())))
            .unwrap();
        let answer = self.http.request(request).await.unwrap();
        let status = answer.status();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "{path}: {status} {body:?}");
        self.noted.insert(id, makes.iter().map(|name| (*name).to_owned()).collect());
        serde_json::from_slice(&body).unwrap_or(Value::Null)
    }

    async fn take(&mut self, step: usize) {
        const TOKEN: &str = "/v1/user/api-token";
        let seat = step / 8 % self.users.len();
        match (step % 8, self.victim.clone()) {
            (0, Some(victim)) => {
                let path = format!("/v1/admin/users/{victim}/lock");
                self.send(seat, Method::PUT, &path, None, &["UserLocked"]).await;
                self.send(seat, Method::DELETE, &path, None, &["UserUnlocked"]).await;
            }
            (0 | 5, _) => {
                let before = self.users[seat].1.take();
                let made = if before.is_some() { "TokenRegenerated" } else { "TokenGenerated" };
                let answer = self.send(seat, Method::POST, TOKEN, None, &[made]).await;
                self.users[seat].1 = answer["token"].as_str().map(str::to_owned);
            }
            (1 | 2 | 6, _) => {
                let call = call_to_ada(&self.assistant);
                let path = "/v1/assistant/calls";
                self.send(seat, Method::POST, path, Some(call), &["CallTriggered"]).await;
            }
            (3, _) => {
                let path = "/v1/user/api-token/regenerate";
                let answer = self.send(seat, Method::POST, path, None, &["TokenRegenerated"]).await;
                self.users[seat].1 = answer["token"].as_str().map(str::to_owned);
            }
            (4, _) => {
                self.users[seat].1 = None;
                self.send(seat, Method::DELETE, TOKEN, None, &["TokenRevoked"]).await;
            }
            _ => {
                let body = json!({ "name": format!("Campaign {step}") });
                self.send(seat, Method::POST, "/v1/campaigns", Some(body), &["CampaignCreated"])
                    .await;
            }
        }
    }
}

async fn writers(app: &TestApp) -> Vec<Writer> {
    let assistant = app.assistant().await;
    let mut writers = Vec::new();
    for number in 0..WRITERS {
        let (mut users, mut victim) = (Vec::new(), None);
        for seat in 0..USERS {
            let roles: &[&str] = if number == 0 { &["admin"] } else { &[] };
            let name = format!("writer-{number}-{seat}");
            let user = app.accept(&app.admin().invite_with_roles(&name, roles).await).await;
            app.admin().put_member(app.account_id(), &user.id, "member").await;
            // One with which to begin, so that the first step has something to replace.
            let token = user.generate_token().await;
            users.push((user, Some(token)));
        }
        if number == 0 {
            victim = Some(app.admin().invite("victim").await.user_id);
        }
        writers.push(Writer {
            http: hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http(),
            server: app.server().address(),
            number,
            users,
            victim,
            assistant: assistant.clone(),
            noted: Noted::new(),
        });
    }
    writers
}

/// What the export says, by the request's id, of what came after `before` events.
fn told(export: &str, before: u64) -> Noted {
    let mut told = Noted::new();
    for line in export.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        if line["position"].as_u64().unwrap() <= before {
            continue;
        }
        let data = &line["data"];
        let id = data["metadata"]["request_id"].as_str().unwrap().to_owned();
        told.entry(id).or_default().push(data["eventType"].as_str().unwrap().to_owned());
    }
    told
}

async fn what_was_acknowledged_is_exported_and_nothing_else(store: Store) {
    let app = TestApp::unlimited(store).await;
    let audrey = app.auditor().await;
    let key = key(&audrey).await.to_string();
    let writers = writers(&app).await;
    let before = fresh(&audrey).await.head.size;
    let begin = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for mut writer in writers {
        running.spawn(async move {
            let mut step = 0;
            while writer.noted.len() < operations().div_ceil(WRITERS) {
                writer.take(step).await;
                step += 1;
            }
            writer.noted
        });
    }
    // What is exported meanwhile is what its checkpoint says.
    let mut size = before;
    for _ in 0..MEANWHILE {
        let answer = export(&audrey, "").await;
        size = header(&answer, "x-checkpoint-size");
        let ended = verify(&answer.body, &note_of(&audrey, size).await, &key);
        assert!(ended.status.success(), "{ended:?}");
    }
    let mut noted = Noted::new();
    while let Some(ended) = running.join_next().await {
        noted.append(&mut ended.unwrap());
    }
    let took = begin.elapsed();
    assert!(noted.len() >= operations());
    let rate = noted.len() as u128 * 1_000 / took.as_millis();
    println!("{store:?}: {} operations in {took:?}, {rate} a second", noted.len());
    let answer = export(&audrey, "").await;
    let told = told(&answer.text(), before);
    let missing: Vec<_> = noted.iter().filter(|(id, made)| told.get(*id) != Some(made)).collect();
    let extra: Vec<_> = told.iter().filter(|(id, _)| !noted.contains_key(*id)).collect();
    assert!(missing.is_empty(), "{} missing: {:?}", missing.len(), missing.first());
    assert!(extra.is_empty(), "{} extra: {:?}", extra.len(), extra.first());
    assert!(size < header(&answer, "x-checkpoint-size"), "they were exported meanwhile");
    let size = header(&answer, "x-checkpoint-size");
    let ended = verify(&answer.body, &note_of(&audrey, size).await, &key);
    assert!(ended.status.success(), "{ended:?}");
}

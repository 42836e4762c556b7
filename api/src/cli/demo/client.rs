//! A small HTTP client that shows what it does as a curl line.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::cli::console::say;

pub(super) type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Talks to one server.
pub(super) struct Client {
    http: hyper_util::client::legacy::Client<HttpConnector, Body>,
    url: String,
}

/// A request in the making.
pub(super) struct Call<'a> {
    client: &'a Client,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
}

/// An answer that was as expected.
pub(super) struct Answer {
    /// The body; null when it is empty.
    pub(super) body: Value,
    /// The session cookie, when the answer set one.
    pub(super) cookie: Option<String>,
}

impl Client {
    pub(super) fn new(url: &str) -> Self {
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http();
        Self { http, url: url.to_owned() }
    }

    pub(super) fn call(&self, method: Method, path: impl Into<String>) -> Call<'_> {
        Call { client: self, method, path: path.into(), headers: vec![], body: None }
    }
}

impl Call<'_> {
    pub(super) fn token(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    pub(super) fn cookie(self, cookie: &str) -> Self {
        self.header("Cookie", cookie.to_owned())
    }

    pub(super) fn account(self, account: &str) -> Self {
        self.header("x-account-id", account.to_owned())
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sends it, shows it, and fails when the answer has another status or lacks `text`.
    pub(super) async fn expect(self, status: u16, text: &str) -> Result<Answer, Fault> {
        say(format!("\n$ {}", self.curl()));
        let mut request = Request::builder()
            .method(&self.method)
            .uri(format!("{}{}", self.client.url, self.path));
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.client.http.request(request.body(body)?).await?;
        let got = response.status();
        let cookie = response
            .headers()
            .get_all(SET_COOKIE)
            .iter()
            .find_map(|value| value.to_str().ok()?.split(';').next().map(str::to_owned));
        let bytes = response.into_body().collect().await?.to_bytes();
        let answer = String::from_utf8_lossy(&bytes).into_owned();
        say(format!("{got}\n{answer}").trim_end());
        if got != StatusCode::from_u16(status)? || !answer.contains(text) {
            return Err(format!("expected {status} with {text:?}, got {got}: {answer}").into());
        }
        let body = if answer.is_empty() { Value::Null } else { serde_json::from_str(&answer)? };
        Ok(Answer { body, cookie })
    }

    fn curl(&self) -> String {
        let mut line = String::from("curl");
        if self.method != Method::GET {
            line = format!("{line} -X {}", self.method);
        }
        for (name, value) in &self.headers {
            line = format!("{line} -H '{name}: {value}'");
        }
        if let Some(body) = &self.body {
            line = format!("{line} --json '{body}'");
        }
        format!("{line} {}{}", self.client.url, self.path)
    }
}

impl Answer {
    /// A text in the body.
    pub(super) fn text(&self, pointer: &str) -> Result<String, Fault> {
        let text = self.body.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("the answer has no text at {pointer}").into())
    }

    /// The session that the answer began.
    pub(super) fn session(&self) -> Result<String, Fault> {
        self.cookie.clone().ok_or_else(|| "the answer set no cookie".into())
    }
}

//! A small HTTP client that remembers every exchange, and the cookies of one browser session.
//!
//! Every request takes a connection of its own, so that a restarted server never meets an old one.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::answer::Answer;

/// A server that has not answered by then counts as hanging.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why there is no answer.
pub type Unanswered = Box<dyn std::error::Error + Send + Sync>;

/// Where the server is, and all that it has answered.
#[derive(Debug)]
pub(crate) struct Peer {
    address: Mutex<SocketAddr>,
    answers: Mutex<Vec<Answer>>,
}

impl Peer {
    pub(crate) fn new(address: SocketAddr) -> Arc<Self> {
        Arc::new(Self { address: Mutex::new(address), answers: Mutex::default() })
    }

    pub(crate) fn move_to(&self, address: SocketAddr) {
        *self.address.lock().expect("nobody panics") = address;
    }

    pub(crate) fn answers(&self) -> Vec<Answer> {
        self.answers.lock().expect("nobody panics").clone()
    }
}

/// Sends requests with the credentials it was given: a token, a browser session, or none.
#[derive(Clone, Debug)]
pub struct Client {
    peer: Arc<Peer>,
    transport: legacy::Client<HttpConnector, Full<Bytes>>,
    headers: HeaderMap,
    cookies: Option<Arc<Mutex<BTreeMap<String, String>>>>,
}

impl Client {
    pub(crate) fn new(peer: Arc<Peer>) -> Self {
        Self { peer, transport: transport(None), headers: HeaderMap::new(), cookies: None }
    }

    /// A client of the server at this address.
    pub fn at(address: SocketAddr) -> Self {
        Self::new(Peer::new(address))
    }

    /// The same client with an empty cookie jar of its own.
    #[must_use]
    pub fn with_cookies(mut self) -> Self {
        self.cookies = Some(Arc::default());
        self
    }

    /// The same client, connecting from this address of the machine.
    #[must_use]
    pub fn connecting_from(mut self, address: IpAddr) -> Self {
        self.transport = transport(Some(address));
        self
    }

    /// The same client, sending this header with every request.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(header_name(name), header_value(value));
        self
    }

    /// The same client, sending this token.
    #[must_use]
    pub fn with_token(self, token: &str) -> Self {
        self.with_header(AUTHORIZATION.as_str(), &format!("Bearer {token}"))
    }

    /// The same client, acting in this account.
    #[must_use]
    pub fn in_account(&self, account_id: &str) -> Self {
        self.clone().with_header("x-account-id", account_id)
    }

    /// The cookies that the server set, as the browser sends them back.
    pub fn cookie_header(&self) -> Option<String> {
        let cookies = self.cookies.as_ref()?.lock().expect("nobody panics");
        let pairs: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// `GET /v1/token`: who am I? On a busy machine the database may take too long to say a name: who wants it asks again.
    pub async fn whoami(&self) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(15);
        loop {
            let answer = self.get("/v1/token").send().await;
            let is_nameless = String::from_utf8_lossy(&answer.body).contains(r#""name":null"#);
            if !(answer.status == 200 && is_nameless) {
                return answer;
            }
            assert!(Instant::now() < deadline, "no name: {answer:?}");
        }
    }

    /// `GET /v1/account`: where am I, and what may I do?
    pub async fn account(&self) -> Answer {
        self.get("/v1/account").send().await
    }

    /// A `GET` request.
    pub fn get(&self, target: &str) -> Request {
        self.request(Method::GET, target)
    }

    /// A `POST` request.
    pub fn post(&self, target: &str) -> Request {
        self.request(Method::POST, target)
    }

    /// A `PUT` request.
    pub fn put(&self, target: &str) -> Request {
        self.request(Method::PUT, target)
    }

    /// A `DELETE` request.
    pub fn delete(&self, target: &str) -> Request {
        self.request(Method::DELETE, target)
    }

    /// A request of any method.
    pub fn request(&self, method: Method, target: &str) -> Request {
        let headers = self.headers.clone();
        Request {
            client: self.clone(),
            method,
            target: target.to_owned(),
            headers,
            body: Bytes::new(),
        }
    }

    async fn exchange(&self, request: Request) -> Result<Answer, Unanswered> {
        let Request { method, target, mut headers, body, .. } = request;
        if let Some(cookies) = self.cookie_header() {
            headers.insert(COOKIE, header_value(&cookies));
        }
        let address = *self.peer.address.lock().expect("nobody panics");
        let question = format!("{method} {target}");
        let mut request =
            http::Request::builder().method(method).uri(format!("http://{address}{target}"));
        *request.headers_mut().expect("the target is well-formed") = headers;
        let response = self.transport.request(request.body(Full::new(body))?).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        let answer = Answer { question, status: head.status, headers: head.headers, body };
        self.keep_cookies(&answer);
        self.peer.answers.lock().expect("nobody panics").push(answer.clone());
        Ok(answer)
    }

    fn keep_cookies(&self, answer: &Answer) {
        let Some(cookies) = &self.cookies else { return };
        let mut cookies = cookies.lock().expect("nobody panics");
        for line in answer.headers_named(SET_COOKIE.as_str()) {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie is name=value");
            if attributes.contains("Max-Age=0") || value.is_empty() {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// A request being put together.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing until sent"]
pub struct Request {
    client: Client,
    method: Method,
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    /// Adds a header, beside any of the same name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(header_name(name), header_value(value));
        self
    }

    /// Sets a body of this type.
    pub fn body(mut self, content_type: &str, body: impl Into<Bytes>) -> Self {
        self.headers.insert(CONTENT_TYPE, header_value(content_type));
        self.body = body.into();
        self
    }

    /// Sets a JSON body.
    #[expect(clippy::needless_pass_by_value, reason = "callers write `.json(json!({…}))`")]
    pub fn json(self, body: Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sets the body of a submitted form.
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let pairs: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}={}", url_encoded(value))).collect();
        self.body("application/x-www-form-urlencoded", pairs.join("&"))
    }

    /// Sends it. A server that does not answer fails the test.
    pub async fn send(self) -> Answer {
        let question = format!("{} {}", self.method, self.target);
        match self.try_send().await {
            Ok(answer) => answer,
            Err(error) => panic!("{question} was not answered: {error:?}"),
        }
    }

    /// Sends it to a server that may be killed meanwhile.
    pub async fn try_send(self) -> Result<Answer, Unanswered> {
        let client = self.client.clone();
        tokio::time::timeout(PATIENCE, client.exchange(self)).await?
    }
}

/// Another address of this machine. Who connects from there shares no limit per address with those who
/// connect as usual.
pub fn neighbour(number: u8) -> IpAddr {
    IpAddr::from([127, 0, 1, number])
}

fn transport(from: Option<IpAddr>) -> legacy::Client<HttpConnector, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.set_local_address(from);
    legacy::Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector)
}

/// As in a query or a form: everything but letters, digits and `-._~` by its bytes.
pub fn url_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex::encode_upper([byte]));
        }
        encoded
    })
}

fn header_name(name: &str) -> HeaderName {
    HeaderName::from_bytes(name.as_bytes()).expect("the story names a possible header")
}

fn header_value(value: &str) -> HeaderValue {
    HeaderValue::from_bytes(value.as_bytes()).expect("the story gives a possible value")
}

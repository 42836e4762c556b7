//! A small HTTP server that is told what happened, and judges every message by its signature.

use std::convert::Infallible;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long a message may take to come.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a receiver does with a message.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Answers with this status.
    Answer(u16),
    /// Answers with this status after a while.
    AnswerAfter(Duration, u16),
    /// Sends the sender elsewhere.
    Redirect(String),
    /// Never answers.
    Hang,
}

/// A message that came, with a good signature.
#[derive(Clone, Debug)]
pub struct Message {
    /// `webhook-id`
    pub id: String,
    /// When it came.
    pub at: Instant,
    /// Where it was posted.
    pub path: String,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
    /// The body.
    pub body: Value,
}

impl Message {
    /// What it tells of.
    pub fn kind(&self) -> &str {
        self.body["type"].as_str().expect("a type")
    }
}

type Plan = dyn Fn(&Message, usize) -> Behaviour + Send + Sync;

struct Inbox {
    key: Webhook,
    plan: Mutex<Box<Plan>>,
    messages: watch::Sender<Vec<Message>>,
    complaints: Mutex<Vec<String>>,
    connections: AtomicUsize,
}

/// A running receiver. It ends when this is dropped.
pub struct Receiver {
    address: SocketAddr,
    secret: String,
    inbox: Arc<Inbox>,
    task: tokio::task::JoinHandle<()>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Receiver {
    /// One that answers 204.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let mut key = [0x5e; 32];
        key[..2].copy_from_slice(&address.port().to_be_bytes());
        let secret = format!("whsec_{}", STANDARD.encode(key));
        let inbox = Arc::new(Inbox {
            key: Webhook::new(&secret).expect("a key"),
            plan: Mutex::new(Box::new(|_, _| Behaviour::Answer(204))),
            messages: watch::Sender::default(),
            complaints: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, inbox.clone()));
        Self { address, secret, inbox, task }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where messages are posted. The path is a secret.
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.path())
    }

    /// The path, with something in it that must not be seen elsewhere.
    pub fn path(&self) -> String {
        format!("/hooks/Xq7{}zW?key=Yq8{}vU", self.address.port(), self.address.port())
    }

    /// What its messages are signed with.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Behaves like this from now on; the number counts messages of the same id, from 1.
    pub fn behave(&self, plan: impl Fn(&Message, usize) -> Behaviour + Send + Sync + 'static) {
        *self.inbox.plan.lock().expect("nobody panics") = Box::new(plan);
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.inbox.connections.load(Ordering::Relaxed)
    }

    /// Everything that came so far, in order.
    #[track_caller]
    pub fn messages(&self) -> Vec<Message> {
        let complaints = self.inbox.complaints.lock().expect("nobody panics").clone();
        assert!(complaints.is_empty(), "{complaints:?}");
        self.inbox.messages.borrow().clone()
    }

    /// Waits until so many messages have come.
    pub async fn wait_for(&self, count: usize) -> Vec<Message> {
        self.wait_until(|messages| messages.len() >= count).await
    }

    /// Waits until what came is as wanted.
    pub async fn wait_until(&self, wanted: impl Fn(&[Message]) -> bool) -> Vec<Message> {
        let mut messages = self.inbox.messages.subscribe();
        let came = messages.wait_for(|messages| wanted(messages));
        let in_time = tokio::time::timeout(PATIENCE, came).await.is_ok();
        assert!(in_time, "these came, and no more: {:#?}", self.messages());
        self.messages()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, inbox: Arc<Inbox>) {
    while let Ok((stream, _)) = listener.accept().await {
        inbox.connections.fetch_add(1, Ordering::Relaxed);
        let inbox = inbox.clone();
        tokio::spawn(async move {
            let answer = service_fn(move |request| receive(request, inbox.clone()));
            // A sender that hangs up is none of the receiver's troubles.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

async fn receive(
    request: Request<Incoming>,
    inbox: Arc<Inbox>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = body.collect().await else { std::future::pending().await };
    let bytes = body.to_bytes();
    if let Err(error) = inbox.key.verify(&bytes, &head.headers) {
        let complaint = format!("{error}: {head:?} {bytes:?}");
        inbox.complaints.lock().expect("nobody panics").push(complaint);
    }
    let text = |name: &str| head.headers[name].to_str().expect("ASCII").to_owned();
    let message = Message {
        id: text("webhook-id"),
        at: Instant::now(),
        path: head.uri.to_string(),
        body: serde_json::from_slice(&bytes).expect("JSON"),
        headers: head.headers,
        bytes,
    };
    inbox.messages.send_modify(|messages| messages.push(message.clone()));
    let same = |earlier: &&Message| earlier.id == message.id;
    let count = inbox.messages.borrow().iter().filter(same).count();
    let behaviour = inbox.plan.lock().expect("nobody panics")(&message, count);
    let response = Response::builder();
    let response = match behaviour {
        Behaviour::Answer(status) => response.status(status),
        Behaviour::AnswerAfter(wait, status) => {
            tokio::time::sleep(wait).await;
            response.status(status)
        }
        Behaviour::Redirect(target) => response.status(307).header(header::LOCATION, target),
        Behaviour::Hang => std::future::pending().await,
    };
    Ok(response.body(Full::default()).expect("a possible answer"))
}

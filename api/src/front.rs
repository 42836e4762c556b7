//! What memory can answer at once: `GET /v1/token`, which integrations call before anything else, and `HEAD`, by which
//! a gateway asks whether a token is good; without a router, a task switch, a log line or a question to a database.
//!
//! **Invariant:** what is answered here is what the router would answer, in the same bytes; only that a good token's
//! `HEAD` leaves out `Content-Length`, which takes names to know (RFC 9110, 9.3.2 allows it). Whatever has to wait, to
//! be looked up or to be logged goes to the router.

use std::convert::Infallible;
use std::future::{Ready, ready};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use hyper::body::Incoming;
use hyper::service::Service;

use crate::app::App;
use crate::auth::middleware::{Known, account_header, know_at_once};
use crate::client_address::{ClientAddress, Peer};
use crate::error::ApiError;
use crate::fixed_headers::put_fixed_headers;
use crate::handlers::show_caller::json;
use crate::measures::Stopwatch;
use crate::measures::requests::Answered;
use crate::router::{REQUEST_ID, request_id};

/// The one path that is answered here.
const PATH: &str = "/v1/token";

/// The whole service, for one connection. Cheap to clone.
#[derive(Clone)]
pub struct Front {
    app: App,
    router: Router,
    got: Answered,
    headed: Answered,
    /// What every good answer says; its name is filled in.
    told: HeaderMap,
    /// Nobody is believed to be anybody without one.
    peer: Option<Peer>,
}

impl Front {
    /// In front of this router.
    pub fn new(app: App, router: Router) -> Self {
        let [got, headed] = ["GET", "HEAD"].map(|method| Answered::new(method, PATH));
        let mut told = std::mem::take(json(Bytes::new()).headers_mut());
        put_fixed_headers(&mut told);
        told.insert(REQUEST_ID, HeaderValue::from_static(""));
        Self { app, router, got, headed, told, peer: None }
    }

    /// The same for a connection to this peer.
    #[must_use]
    pub fn to(&self, peer: Peer) -> Self {
        Self { peer: Some(peer), ..self.clone() }
    }

    /// The answer, if memory has it.
    fn answer<B>(&self, request: &Request<B>) -> Option<Response> {
        let uri = request.uri();
        if uri.path() != PATH || uri.query().is_some() {
            return None;
        }
        let (is_head, answered) = match *request.method() {
            Method::GET => (false, &self.got),
            Method::HEAD => (true, &self.headed),
            _ => return None,
        };
        let watch = Stopwatch::start();
        let headers = request.headers();
        let gateways = &self.app.gateways;
        let address = self.peer.and_then(|peer| ClientAddress::of(peer, headers, gateways));
        let mut response = match know_at_once(&self.app, headers, address) {
            Ok(Known::Token(live)) => match account_header(headers) {
                Ok(_) if is_head => self.tell(Body::empty()),
                Ok(_) => self.tell(self.app.usage.reply(&live)?.into()),
                Err(refusal) => refused(refusal),
            },
            Ok(Known::ToBeFound(_) | Known::NoCredential) => return None,
            Err(refusal) => refused(refusal),
        };
        if is_head {
            leave_out_body(&mut response);
        }
        response.headers_mut().insert(REQUEST_ID, request_id(&self.app, headers));
        answered.count(response.status(), watch);
        Some(response)
    }

    fn tell(&self, body: Body) -> Response {
        let mut response = Response::new(body);
        response.headers_mut().clone_from(&self.told);
        response
    }
}

fn refused(refusal: ApiError) -> Response {
    let mut response = refusal.into_response();
    put_fixed_headers(response.headers_mut());
    response
}

/// Says how long the body would be, if there is one, instead of sending it.
fn leave_out_body(response: &mut Response) {
    let body = std::mem::take(response.body_mut());
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
    }
}

impl Service<Request<Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(response) = self.answer(&request) {
            return Either::Left(ready(Ok(response)));
        }
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(peer);
        }
        Either::Right(tower::Service::call(&mut self.router.clone(), request))
    }
}

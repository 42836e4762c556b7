//! Counts requests as they are answered.

use std::sync::{Arc, OnceLock};

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Counter, Histogram};

use super::Stopwatch;
use super::table::{REQUEST_DURATION, REQUESTS};

/// Instead of the path of a request that no route takes: a path is what the client likes.
const NO_ROUTE: &str = "none";
/// A status has three digits, the first of which is its class.
const STATUS_CLASSES: usize = 10;

/// The answers to one method of one route. What it writes to is looked up once: to look it up each time takes longer than
/// the fastest answers. Cheap to clone.
#[derive(Clone)]
pub struct Answered {
    duration: Histogram,
    method: &'static str,
    route: &'static str,
    by_status: Arc<[OnceLock<Counter>; STATUS_CLASSES]>,
}

impl Answered {
    /// Of this method of this route.
    pub fn new(method: &'static str, route: &'static str) -> Self {
        let duration = metrics::histogram!(REQUEST_DURATION, "method" => method, "route" => route);
        Self { duration, method, route, by_status: Arc::default() }
    }

    /// Counts an answer.
    pub fn count(&self, status: StatusCode, watch: Stopwatch) {
        watch.stop(&self.duration);
        let class = status_class(status);
        let Some(counter) = self.by_status.get(usize::from(status.as_u16() / 100)) else { return };
        let labels = || [("method", self.method), ("route", self.route), ("status", class)];
        counter.get_or_init(|| metrics::counter!(REQUESTS, &labels())).increment(1);
    }
}

/// Around everything else. A client that hangs up before the answer is not counted.
pub async fn count(request: Request, next: Next) -> Response {
    let method = method_name(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let watch = Stopwatch::start();
    let response = next.run(request).await;
    let route = route.as_ref().map_or(NO_ROUTE, MatchedPath::as_str);
    let labels = [("method", method.to_owned()), ("route", route.to_owned())];
    watch.stop(&metrics::histogram!(REQUEST_DURATION, &labels));
    let [method, route] = labels;
    let labels = [method, route, ("status", status_class(response.status()).to_owned())];
    metrics::counter!(REQUESTS, &labels).increment(1);
    response
}

/// A client may call its method anything; those that no route takes are one.
fn method_name(method: &Method) -> &'static str {
    for (known, name) in [
        (Method::GET, "GET"),
        (Method::HEAD, "HEAD"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::DELETE, "DELETE"),
    ] {
        if *method == known {
            return name;
        }
    }
    "other"
}

const fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        0..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        500.. => "5xx",
    }
}

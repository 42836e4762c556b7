//! Counts requests as they are answered.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::Stopwatch;
use super::table::{REQUEST_DURATION, REQUESTS};

/// Instead of the path of a request that no route takes: a path is what the client likes.
const NO_ROUTE: &str = "none";

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

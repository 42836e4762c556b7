//! `GET /metrics`: what the service measures of itself.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;

use crate::measures;

/// The format's name and version.
const PROMETHEUS_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Shows what the service measures of itself.
///
/// For Prometheus. It tells of nobody, and how busy the service is: keep it off the public side in the gateway.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "Health",
    responses((
        status = 200,
        description = "The text format of Prometheus, version 0.0.4.",
        body = String,
        content_type = "text/plain"
    )),
)]
pub async fn show_metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, PROMETHEUS_TEXT)], measures::render())
}

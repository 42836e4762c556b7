//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::error::{ApiError, ErrorBody};

/// Says that the process answers.
#[utoipa::path(
    get,
    path = "/livez",
    tag = "Health",
    responses((status = 200, description = "It does.", body = String, content_type = "text/plain")),
)]
pub async fn live() -> &'static str {
    "ok\n"
}

/// Says that the database answers too.
///
/// # Errors
/// `Unavailable` when it does not.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Health",
    responses(
        (status = 200, description = "It does.", body = String, content_type = "text/plain"),
        (
            status = 503,
            description = "It does not. A page for whoever accepts `text/html`.",
            content((ErrorBody = "application/json"), (String = "text/html")),
            headers(("Retry-After" = u32, description = "After how many seconds to try again.")),
        ),
    ),
)]
pub async fn ready(State(app): State<App>) -> Result<(StatusCode, &'static str), ApiError> {
    app.store.has_users().await?;
    Ok((StatusCode::OK, "ready\n"))
}

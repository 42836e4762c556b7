//! Whether the process lives, and whether it can serve.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::App;
use crate::error::ApiError;

/// `GET /livez`: the process answers.
pub async fn live() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the store answers too.
///
/// # Errors
/// `Unavailable` when it does not.
pub async fn ready(State(app): State<App>) -> Result<(StatusCode, &'static str), ApiError> {
    app.store.has_users().await?;
    Ok((StatusCode::OK, "ready\n"))
}

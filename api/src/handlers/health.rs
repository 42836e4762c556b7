//! Whether the process lives, and whether it can serve.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Response};
use projections::{Health, Standby};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::error::{ApiError, ErrorBody};
use crate::readiness;

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

/// A node that can serve.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Readiness)]
pub struct ReadyReply {
    /// `ready`.
    #[schema(examples("ready"))]
    status: &'static str,
    /// `sqlite` or `postgres`.
    #[schema(examples("postgres"))]
    database: &'static str,
    /// Where tokens are looked up: `replica` or `direct`.
    #[schema(examples("replica"))]
    verifier: &'static str,
    /// The servers that follow the database, a few seconds old.
    standbys: Vec<StandbyReply>,
}

/// A server that follows the database.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Standby)]
pub struct StandbyReply {
    /// Its `application_name`.
    #[schema(examples("node2"))]
    name: String,
    /// `sync`, `quorum`, `potential`, `async`; `unknown` when the service's role may not see it.
    #[schema(examples("sync"))]
    state: &'static str,
    /// Whether it has all that was acknowledged, so that after a failover to it what is dead stays dead. Null
    /// when that is unknown.
    #[schema(required)]
    keeps_promise: Option<bool>,
}

/// Says that the database answers too.
///
/// Within a second, whatever the database does. A node that is asked to stop is not ready, while it still answers.
///
/// # Errors
/// `Unavailable` when it does not.
#[utoipa::path(
    get,
    path = "/readyz",
    tag = "Health",
    responses(
        (
            status = 200,
            description = "It does. With details for whoever accepts `application/json`.",
            content((String = "text/plain"), (ReadyReply = "application/json")),
        ),
        (
            status = 503,
            description = "It does not. A page for whoever accepts `text/html`.",
            content((ErrorBody = "application/json"), (String = "text/html")),
            headers(("Retry-After" = u32, description = "After how many seconds to try again.")),
        ),
    ),
)]
pub async fn ready(State(app): State<App>, headers: HeaderMap) -> Result<Response, ApiError> {
    let health = readiness::look(&app).await?;
    if wants_json(&headers) {
        return Ok(Json(ReadyReply::of(health, app.verifier_kind)).into_response());
    }
    Ok("ready\n".into_response())
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json"))
}

impl ReadyReply {
    fn of(Health { database, standbys }: Health, verifier: &'static str) -> Self {
        let standbys = standbys.into_iter().map(StandbyReply::from).collect();
        Self { status: "ready", database, verifier, standbys }
    }
}

impl From<Standby> for StandbyReply {
    fn from(Standby { name, state }: Standby) -> Self {
        Self { name, state: state.as_str(), keeps_promise: state.keeps_promise() }
    }
}

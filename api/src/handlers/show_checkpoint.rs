//! `GET /v1/audit/checkpoint`: what the log is, signed.

use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;

/// Which checkpoint.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckpointQuery {
    /// Whether to make one that covers everything acknowledged before this request.
    #[serde(default)]
    #[param(default = false)]
    fresh: bool,
}

impl FromRequestParts<App> for CheckpointQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<Self>::from_request_parts(parts, app).await;
        let refused = "this takes fresh only, which is true or false";
        query.map(|Query(query)| query).map_err(|_| ApiError::Validation(refused.to_owned()))
    }
}

/// Shows what the log is, signed.
///
/// A note as of c2sp.org/tlog-checkpoint: the log's name, how many events it has, the root of their tree, and an
/// Ed25519 signature. The latest that was made on schedule, or a fresh one.
///
/// # Errors
/// `InternalServerError` when the log does not continue what was signed before: its history was changed.
#[utoipa::path(
    get,
    path = "/v1/audit/checkpoint",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(CheckpointQuery),
    responses((status = 200, description = "The note.", body = String, content_type = "text/plain"), Auditor),
)]
pub async fn show_checkpoint(
    State(app): State<App>,
    _: Auditor,
    CheckpointQuery { fresh }: CheckpointQuery,
) -> Result<String, ApiError> {
    let latest = if fresh { None } else { app.store.find_latest_checkpoint(None).await? };
    match latest {
        Some(latest) => Ok(latest.note),
        None => Ok(app.notary.sign_everything(&*app.store, app.now()).await?.note),
    }
}

//! `GET /v1/audit/checkpoint`: what the log is, signed.

use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use super::proof_query::number;
use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::openapi::refusals::NotFound;

/// Which checkpoint.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckpointQuery {
    /// Whether to make one that covers everything acknowledged before this request.
    #[serde(default)]
    #[param(default = false)]
    fresh: bool,
    /// The one that covers exactly so many events, if it was made.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    size: Option<u64>,
}

impl FromRequestParts<App> for CheckpointQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<Self>::from_request_parts(parts, app).await;
        let refused = "this takes fresh, which is true or false, or size, which is a number";
        let refused = || ApiError::Validation(refused.to_owned());
        let Query(query) = query.map_err(|_| refused())?;
        number("size", query.size)?;
        if query.fresh && query.size.is_some() { Err(refused()) } else { Ok(query) }
    }
}

/// Shows what the log is, signed.
///
/// A note as of c2sp.org/tlog-checkpoint: the log's name, how many events it has, the root of their tree, and an
/// Ed25519 signature. The latest that was made, a fresh one, or the one of this size.
///
/// # Errors
/// `NotFound` when none of this size was made; `InternalServerError` when the log does not continue what was signed before: its history was changed.
#[utoipa::path(
    get,
    path = "/v1/audit/checkpoint",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(CheckpointQuery),
    responses((status = 200, description = "The note.", body = String, content_type = "text/plain"), Auditor, NotFound),
)]
pub async fn show_checkpoint(
    State(app): State<App>,
    _: Auditor,
    CheckpointQuery { fresh, size }: CheckpointQuery,
) -> Result<String, ApiError> {
    if let Some(size) = size {
        let made = app.store.find_checkpoint(size).await?.ok_or(ApiError::NotFound)?;
        return Ok(made.note);
    }
    let latest = if fresh { None } else { app.store.find_latest_checkpoint(None).await? };
    match latest {
        Some(latest) => Ok(latest.note),
        None => Ok(app.notary.sign_everything(&*app.store, app.now()).await?.note),
    }
}

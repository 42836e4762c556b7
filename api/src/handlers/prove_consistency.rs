//! `GET /v1/audit/proofs/consistency`: that the log only grew.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::proof_query::{hashes, latest_checkpoint, number};
use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;

/// Between which sizes.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConsistencyQuery {
    /// How many events the log had at first.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    from: u64,
    /// How many it had later; without it, those of the latest checkpoint.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    to: Option<u64>,
}

impl FromRequestParts<App> for ConsistencyQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<Self>::from_request_parts(parts, app).await;
        let refused = "this takes from and to only, which are numbers; from is required";
        let Query(query) = query.map_err(|_| ApiError::Validation(refused.to_owned()))?;
        number("from", Some(query.from))?;
        number("to", query.to)?;
        Ok(query)
    }
}

/// That the log of one size is the beginning of that of another.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ConsistencyProof)]
pub struct ConsistencyReply {
    /// How many events the log had at first.
    from: u64,
    /// How many it had later.
    to: u64,
    /// Of the later log, in base64.
    root_hash: String,
    /// From the leaves up, each in base64.
    proof: Vec<String>,
    /// The signed checkpoint of the later log; null when none of that size was made.
    #[schema(required)]
    checkpoint: Option<String>,
}

/// Proves that the log only grew.
///
/// The proof is that of RFC 6962, section 2.1.2. Together with the root of the smaller log, from a checkpoint that
/// you kept, it gives the root of the larger.
///
/// # Errors
/// `ValidationError` for sizes that the log never had, or in the wrong order.
#[utoipa::path(
    get,
    path = "/v1/audit/proofs/consistency",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(ConsistencyQuery),
    responses((status = 200, description = "The proof.", body = ConsistencyReply), Auditor),
)]
pub async fn prove_consistency(
    State(app): State<App>,
    _: Auditor,
    ConsistencyQuery { from, to }: ConsistencyQuery,
) -> Result<Json<ConsistencyReply>, ApiError> {
    let (to, checkpoint) = if let Some(to) = to {
        (to, app.store.find_checkpoint(to).await?)
    } else {
        let latest = latest_checkpoint(&app, from).await?;
        (latest.head.size, Some(latest))
    };
    let proof = app.store.prove_consistency(from, to).await?.ok_or_else(|| {
        ApiError::Validation(format!("the log never grew from {from} to {to} events"))
    })?;
    Ok(Json(ConsistencyReply {
        from,
        to,
        root_hash: proof.head.root.to_string(),
        proof: hashes(&proof.hashes),
        checkpoint: checkpoint.map(|checkpoint| checkpoint.note),
    }))
}

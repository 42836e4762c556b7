//! `GET /v1/audit/proofs/inclusion`: that an event is in the log.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use domain::TokenId;
use projections::{EventKey, KeptCheckpoint};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::proof_query::{LARGEST, hashes, latest_checkpoint, number};
use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::openapi::refusals::NotFound;

/// Which event, and in the log of which size.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InclusionQuery {
    /// The event at this position, from 1.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    position: Option<u64>,
    /// The event that made this token.
    #[param(value_type = Option<Uuid>)]
    token_id: Option<TokenId>,
    /// How many events the log had; without it, those of the latest checkpoint that covers the event.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    size: Option<u64>,
}

impl FromRequestParts<App> for InclusionQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let refused = |text: &str| ApiError::Validation(text.to_owned());
        let query = Query::<Self>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused("this takes position, tokenId and size only, of which tokenId is an id and the others are numbers")
        })?;
        if query.position.is_some() == query.token_id.is_some() {
            return Err(refused("name the event by either position or tokenId"));
        }
        number("position", query.position)?;
        number("size", query.size)?;
        Ok(query)
    }
}

/// That an event is in the log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InclusionProof)]
pub struct InclusionReply {
    /// Where the event stands, from 1.
    position: u64,
    /// The same, from 0, as RFC 6962 counts.
    leaf_index: u64,
    /// How many events the log has in which the proof shows it.
    tree_size: u64,
    /// SHA-256 of the event, in base64.
    leaf_hash: String,
    /// Of that log, in base64.
    root_hash: String,
    /// From the leaf up, each in base64.
    proof: Vec<String>,
    /// The event, as in an export: CloudEvents 1.0.
    #[schema(value_type = Object)]
    event: Box<RawValue>,
    /// The signed checkpoint of that size; null when none was made.
    #[schema(required)]
    checkpoint: Option<String>,
}

/// Proves that an event is in the log.
///
/// The proof is that of RFC 6962, section 2.1.1: hashed together with the leaf it gives the root that the
/// checkpoint signs.
///
/// # Errors
/// `ValidationError` for a size that the log never had, or that is too small for the event; `NotFound` when
/// there is no such event.
#[utoipa::path(
    get,
    path = "/v1/audit/proofs/inclusion",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(InclusionQuery),
    responses((status = 200, description = "The proof.", body = InclusionReply), Auditor, NotFound),
)]
pub async fn prove_inclusion(
    State(app): State<App>,
    _: Auditor,
    query: InclusionQuery,
) -> Result<Json<InclusionReply>, ApiError> {
    let position = find(&app, &query).await?;
    let event = app.store.list_log_events(position - 1, 1).await?.pop();
    let event = event.filter(|event| event.position == position).ok_or(ApiError::NotFound)?;
    let (size, checkpoint) = covering(&app, position, query.size).await?;
    let proof = app.store.prove_inclusion(position - 1, size).await?.ok_or_else(|| {
        ApiError::Validation(format!("no log of {size} events has one at position {position}"))
    })?;
    let line = event.line(app.notary.origin())?;
    Ok(Json(InclusionReply {
        position,
        leaf_index: position - 1,
        tree_size: size,
        leaf_hash: event.leaf.to_string(),
        root_hash: proof.head.root.to_string(),
        proof: hashes(&proof.hashes),
        event: RawValue::from_string(line).map_err(|error| ApiError::Internal(error.into()))?,
        checkpoint: checkpoint.map(|checkpoint| checkpoint.note),
    }))
}

/// Where the event stands. One that was just made may wait for its position, which is then made sure of.
async fn find(app: &App, query: &InclusionQuery) -> Result<u64, ApiError> {
    if let Some(position) = query.position {
        return Ok(position.clamp(1, LARGEST));
    }
    let token_id = query.token_id.ok_or(ApiError::NotFound)?;
    let event: EventKey = app.store.find_issue(token_id).await?.ok_or(ApiError::NotFound)?;
    if let Some(position) = app.store.find_position(&event).await? {
        return Ok(position);
    }
    app.notary.sign_everything(&*app.store, app.now()).await?;
    app.store.find_position(&event).await?.ok_or(ApiError::NotFound)
}

/// The size that is asked about, and its checkpoint.
async fn covering(
    app: &App,
    position: u64,
    size: Option<u64>,
) -> Result<(u64, Option<KeptCheckpoint>), ApiError> {
    if let Some(size) = size {
        return Ok((size, app.store.find_checkpoint(size).await?));
    }
    let latest = latest_checkpoint(app, position).await?;
    Ok((latest.head.size, Some(latest)))
}

//! `POST /v1/webhooks/{secret}/prospects`: add prospects with nothing but a campaign's URL.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use projections::LiveWebhook;
use serde_json::{Map, Value};

use super::prospects_body::NewProspects;
use super::prospects_reply::AddedReply;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Body, read_body};
use crate::prospecting;
use crate::request_context::RequestContext;

/// Answers 202 with what became of each record. Takes one record, or several under `data`.
///
/// # Errors
/// As with a token, and `NotFound` for a URL that is not live.
pub async fn add_prospects_by_webhook(
    State(app): State<App>,
    Extension(webhook): Extension<LiveWebhook>,
    context: RequestContext,
    Body(body): Body<Map<String, Value>>,
) -> Result<(StatusCode, Json<AddedReply>), ApiError> {
    let records = if body.contains_key("data") {
        read_body::<NewProspects>(Value::Object(body))?
    } else {
        NewProspects::one(read_body(Value::Object(body))?)
    };
    let LiveWebhook { account_id, campaign_id, .. } = webhook;
    let prospects = records.prospects()?;
    let outcomes =
        prospecting::add_prospects(&app, account_id, campaign_id, prospects, &context).await?;
    Ok((StatusCode::ACCEPTED, Json(outcomes.into())))
}

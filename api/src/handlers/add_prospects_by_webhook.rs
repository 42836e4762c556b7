//! `POST /v1/webhooks/{secret}/prospects`: add prospects with nothing but a campaign's URL.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use projections::LiveWebhook;

use super::prospects_body::Records;
use super::prospects_reply::AddedReply;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::refusals::WebhookHolder;
use crate::prospecting;
use crate::request_context::RequestContext;

/// Adds prospects with nothing but a campaign's webhook URL.
///
/// Takes one record, or several under `data`. The URL is the credential: keep it like a token.
///
/// # Errors
/// As with a token, and `NotFound` for a URL that is not live.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{secret}/prospects",
    tag = "Campaigns",
    params(("secret" = String, Path, description = "From the URL that was shown once.")),
    request_body = Records,
    responses((status = 202, description = "Prospects added successfully.", body = AddedReply), WebhookHolder),
)]
pub async fn add_prospects_by_webhook(
    State(app): State<App>,
    Extension(webhook): Extension<LiveWebhook>,
    context: RequestContext,
    Body(body): Body<Records>,
) -> Result<(StatusCode, Json<AddedReply>), ApiError> {
    let LiveWebhook { account_id, campaign_id, .. } = webhook;
    let prospects = body.prospects()?;
    let outcomes =
        prospecting::add_prospects(&app, account_id, campaign_id, prospects, &context).await?;
    Ok((StatusCode::ACCEPTED, Json(outcomes.into())))
}

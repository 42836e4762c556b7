//! `DELETE /v1/campaigns/{id}/webhook`: kill the campaign's webhook URL and have none.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{CampaignId, WebhookCommand};

use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::request_context::RequestContext;

/// Kills a campaign's webhook URL.
///
/// # Errors
/// `NotFound` when the account has no such campaign.
#[utoipa::path(
    delete,
    path = "/v1/campaigns/{id}/webhook",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignEditor, ("id" = Uuid, Path, description = "The campaign.")),
    responses((status = 204, description = "No URL is live, now or before."), CampaignEditor, NotFound, Conflict),
)]
pub async fn revoke_webhook(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    Ids(campaign_id): Ids<CampaignId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    app.store.find_campaign(account_id, campaign_id).await?.ok_or(ApiError::NotFound)?;
    let command = WebhookCommand::Revoke { at: app.now() };
    app.commands.webhook(campaign_id, command, context.submission(&app)).await?;
    Ok(StatusCode::NO_CONTENT)
}

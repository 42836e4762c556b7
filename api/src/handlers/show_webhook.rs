//! `GET /v1/campaigns/{id}/webhook`: the campaign's webhook URL without its secret.

use axum::extract::State;
use domain::CampaignId;

use super::webhook_reply::WebhookStateReply;
use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::Ids;

/// Answers 200, whether or not a URL is live.
///
/// # Errors
/// `NotFound` when the account has no such campaign.
pub async fn show_webhook(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    Ids(campaign_id): Ids<CampaignId>,
) -> Result<WebhookStateReply, ApiError> {
    app.store.find_campaign(account_id, campaign_id).await?.ok_or(ApiError::NotFound)?;
    Ok(WebhookStateReply(app.store.find_webhook(campaign_id).await?))
}

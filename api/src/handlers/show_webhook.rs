//! `GET /v1/campaigns/{id}/webhook`: the campaign's webhook URL without its secret.

use axum::extract::State;
use domain::CampaignId;

use super::webhook_reply::{WebhookStateReply, WebhookWithoutSecret};
use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::NotFound;
use crate::openapi::values;

/// Shows whether a campaign has a webhook URL, without its secret.
///
/// # Errors
/// `NotFound` when the account has no such campaign.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/webhook",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignEditor, ("id" = Uuid, Path, description = "The campaign.")),
    responses(
        (status = 200, description = "The state.", body = WebhookWithoutSecret, headers(
            ("ETag" = inline(values::TokenTag), description = "Names the state, for `If-Match`."),
        )),
        CampaignEditor,
        NotFound,
    ),
)]
pub async fn show_webhook(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    Ids(campaign_id): Ids<CampaignId>,
) -> Result<WebhookStateReply, ApiError> {
    app.store.find_campaign(account_id, campaign_id).await?.ok_or(ApiError::NotFound)?;
    Ok(WebhookStateReply(app.store.find_webhook(campaign_id).await?))
}

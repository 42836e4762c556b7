//! `GET /v1/campaigns/{id}`: one campaign.

use axum::Json;
use axum::extract::State;
use domain::CampaignId;

use super::campaign_reply::CampaignReply;
use crate::app::App;
use crate::auth::permissions::CampaignViewer;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::NotFound;

/// Shows a campaign.
///
/// # Errors
/// `NotFound` when the account has no such campaign.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignViewer, ("id" = Uuid, Path, description = "The campaign.")),
    responses((status = 200, description = "The campaign.", body = CampaignReply), CampaignViewer, NotFound),
)]
pub async fn show_campaign(
    State(app): State<App>,
    CampaignViewer { account_id }: CampaignViewer,
    Ids(campaign_id): Ids<CampaignId>,
) -> Result<Json<CampaignReply>, ApiError> {
    let campaign = app.store.find_campaign(account_id, campaign_id).await?;
    Ok(Json(campaign.ok_or(ApiError::NotFound)?.into()))
}

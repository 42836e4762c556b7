//! `GET /v1/campaigns/{id}/prospects`: who is in a campaign.

use axum::Json;
use axum::extract::State;
use domain::CampaignId;

use super::prospects_reply::ProspectReply;
use crate::app::App;
use crate::auth::permissions::CampaignViewer;
use crate::error::ApiError;
use crate::extract::{Ids, List, Paging};
use crate::openapi::refusals::NotFound;

/// Lists the prospects of a campaign, newest first.
///
/// # Errors
/// `NotFound` when the account has no such campaign; `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/prospects",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignViewer, ("id" = Uuid, Path, description = "The campaign."), Paging),
    responses((status = 200, description = "A page of prospects.", body = List<ProspectReply>), CampaignViewer, NotFound),
)]
pub async fn list_prospects(
    State(app): State<App>,
    CampaignViewer { account_id }: CampaignViewer,
    Ids(campaign_id): Ids<CampaignId>,
    Paging(request): Paging,
) -> Result<Json<List<ProspectReply>>, ApiError> {
    app.store.find_campaign(account_id, campaign_id).await?.ok_or(ApiError::NotFound)?;
    let page = app.store.list_prospects(campaign_id, &request).await?;
    Ok(Json(page.map(ProspectReply::from).into()))
}

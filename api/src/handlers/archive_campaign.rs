//! `POST /v1/campaigns/{id}/archive`: let a campaign take no more prospects.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{CampaignCommand, CampaignId};

use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::NotFound;
use crate::request_context::RequestContext;

/// Archives a campaign: it takes no more prospects.
///
/// There is no way back.
///
/// # Errors
/// `NotFound` when the account has no such campaign.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{id}/archive",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignEditor, ("id" = Uuid, Path, description = "The campaign.")),
    responses((status = 204, description = "The campaign is archived, now or before."), CampaignEditor, NotFound),
)]
pub async fn archive_campaign(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    Ids(campaign_id): Ids<CampaignId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    app.store.find_campaign(account_id, campaign_id).await?.ok_or(ApiError::NotFound)?;
    let command = CampaignCommand::Archive { at: app.now() };
    app.commands.campaign(campaign_id, command, context.submission(&app)).await?;
    Ok(StatusCode::NO_CONTENT)
}

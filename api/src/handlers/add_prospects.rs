//! `POST /v1/campaigns/{id}/prospects`: add prospects to a campaign.

use axum::Json;
use axum::extract::State;
use domain::CampaignId;

use super::prospects_body::NewProspects;
use super::prospects_reply::AddedReply;
use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::{Body, Ids};
use crate::openapi::refusals::NotFound;
use crate::prospecting;
use crate::request_context::RequestContext;

/// Adds prospects to a campaign.
///
/// Says what became of each record. A person whom the campaign knows, by e-mail address or else by
/// LinkedIn page, is named and not added again. When one record cannot be used, none is added.
///
/// # Errors
/// `ValidationError`, naming the record; `NotFound` when the account has no such campaign; `Conflict` when
/// it is archived.
#[utoipa::path(
    post,
    path = "/v1/campaigns/{id}/prospects",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignEditor, ("id" = Uuid, Path, description = "The campaign.")),
    request_body = NewProspects,
    responses((status = 200, description = "Prospects added successfully.", body = AddedReply), CampaignEditor, NotFound),
)]
pub async fn add_prospects(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    Ids(campaign_id): Ids<CampaignId>,
    context: RequestContext,
    Body(body): Body<NewProspects>,
) -> Result<Json<AddedReply>, ApiError> {
    let prospects = body.prospects()?;
    let outcomes =
        prospecting::add_prospects(&app, account_id, campaign_id, prospects, &context).await?;
    Ok(Json(outcomes.into()))
}

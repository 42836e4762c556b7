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
use crate::prospecting;
use crate::request_context::RequestContext;

/// Answers 200 with what became of each record. Known persons are told, and are no error.
///
/// # Errors
/// `Validation`, naming the record, and then none is added; `NotFound` when the account has no such
/// campaign; `Conflict` when it is archived.
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

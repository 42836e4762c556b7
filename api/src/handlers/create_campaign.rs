//! `POST /v1/campaigns`: create a campaign.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::campaign::MatchSecret;
use domain::{CampaignCommand, CampaignEvent, CampaignId};
use projections::{CampaignEntry, Particulars};
use serde::Deserialize;
use utoipa::ToSchema;

use super::campaign_reply::CampaignReply;
use crate::app::App;
use crate::auth::permissions::CampaignEditor;
use crate::error::ApiError;
use crate::extract::{self, Body};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// The campaign to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCampaign {
    /// As people read it.
    #[schema(value_type = values::Name, examples("Spring"))]
    name: String,
}

/// Creates a campaign.
///
/// # Errors
/// `ValidationError` for a name that cannot be used.
#[utoipa::path(
    post,
    path = "/v1/campaigns",
    tag = "Campaigns",
    security(("bearer" = []), ("session" = [])),
    params(CampaignEditor),
    request_body = NewCampaign,
    responses((status = 201, description = "The campaign is created.", body = CampaignReply), CampaignEditor),
)]
pub async fn create_campaign(
    State(app): State<App>,
    CampaignEditor { account_id }: CampaignEditor,
    context: RequestContext,
    Body(body): Body<NewCampaign>,
) -> Result<(StatusCode, Json<CampaignReply>), ApiError> {
    let name = extract::name("name", &body.name)?;
    let campaign_id = CampaignId::new(app.new_uuid());
    let match_secret = MatchSecret::new(app.random_bytes());
    let particulars = Particulars::Campaign { campaign_id, name: name.clone(), match_secret };
    let command = CampaignCommand::Create { account_id, at: app.now() };
    let submission = context.submission_with(&app, particulars);
    let receipt = app.commands.campaign(campaign_id, command, submission).await?;
    let (campaign_id, event) = (receipt.id()?, receipt.events.into_iter().next());
    let Some(CampaignEvent::CampaignCreated { at: created_at, .. }) = event else {
        return Err(ApiError::Internal("the command created no campaign".into()));
    };
    let campaign = CampaignEntry { campaign_id, name, created_at, archived_at: None };
    Ok((StatusCode::CREATED, Json(campaign.into())))
}

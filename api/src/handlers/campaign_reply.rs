//! A campaign, as clients see it.

use chrono::{DateTime, Utc};
use domain::CampaignId;
use projections::CampaignEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values;

/// A campaign.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Campaign)]
pub struct CampaignReply {
    /// Names the campaign.
    #[schema(value_type = Uuid)]
    id: CampaignId,
    /// What this is.
    #[schema(pattern = "^campaign$")]
    object_type: &'static str,
    /// As people read it.
    name: String,
    /// Whether it takes prospects.
    #[schema(value_type = values::CampaignStatus)]
    status: &'static str,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed. Adding prospects does not change the campaign itself.
    updated_at: DateTime<Utc>,
}

impl From<CampaignEntry> for CampaignReply {
    fn from(campaign: CampaignEntry) -> Self {
        Self {
            id: campaign.campaign_id,
            object_type: "campaign",
            name: campaign.name,
            status: if campaign.archived_at.is_some() { "archived" } else { "active" },
            created_at: campaign.created_at,
            updated_at: campaign.archived_at.unwrap_or(campaign.created_at),
        }
    }
}

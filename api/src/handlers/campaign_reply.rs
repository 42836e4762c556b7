//! A campaign, as clients see it.

use chrono::{DateTime, Utc};
use domain::CampaignId;
use projections::CampaignEntry;
use serde::Serialize;

/// A campaign.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CampaignReply {
    id: CampaignId,
    object_type: &'static str,
    name: String,
    /// `active`, or `archived`: it takes no more prospects.
    status: &'static str,
    created_at: DateTime<Utc>,
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

//! What happened to a campaign. These are a file format: once released, a shape loads for ever.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::MatchKey;
use crate::{AccountId, ProspectId};

/// What became of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RecordOutcome {
    /// The campaign has a new prospect.
    Added {
        /// Which.
        prospect_id: ProspectId,
        /// By what it is known from now on.
        keys: Vec<MatchKey>,
    },
    /// The campaign had the prospect already.
    Duplicate {
        /// Which.
        prospect_id: ProspectId,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CampaignEvent {
    /// The campaign exists from now on.
    CampaignCreated {
        /// In which account.
        account_id: AccountId,
        /// When.
        at: DateTime<Utc>,
    },
    /// Records came in. Also when all of them were known: the sender was told so.
    ProspectsAdded {
        /// One for each record, in the order in which they were sent.
        records: Vec<RecordOutcome>,
        /// When.
        at: DateTime<Utc>,
    },
    /// The campaign takes no more prospects.
    CampaignArchived {
        /// When.
        at: DateTime<Utc>,
    },
}

impl DomainEvent for CampaignEvent {
    fn event_type(&self) -> String {
        match self {
            Self::CampaignCreated { .. } => "CampaignCreated",
            Self::ProspectsAdded { .. } => "ProspectsAdded",
            Self::CampaignArchived { .. } => "CampaignArchived",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

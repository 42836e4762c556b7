//! What became of records, and prospects as clients see them.

use chrono::{DateTime, Utc};
use domain::ProspectId;
use domain::campaign::RecordOutcome;
use projections::ProspectEntry;
use serde::Serialize;
use utoipa::ToSchema;

use super::actor_reply::ActorReply;
use crate::openapi::values;

/// What became of the records, one by one.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AddedProspects)]
pub struct AddedReply {
    /// How many were new.
    added: usize,
    /// How many were known.
    duplicates: usize,
    /// One for each record, in the order in which they were sent.
    results: Vec<RecordReply>,
}

/// What became of one record.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RecordResult)]
pub struct RecordReply {
    /// Of the record in the request, from 0.
    index: usize,
    /// What became of it.
    #[schema(value_type = values::RecordStatus)]
    status: &'static str,
    /// The prospect, new or known.
    #[schema(value_type = Uuid)]
    prospect_id: ProspectId,
}

impl From<Vec<RecordOutcome>> for AddedReply {
    fn from(outcomes: Vec<RecordOutcome>) -> Self {
        let results: Vec<_> = outcomes
            .into_iter()
            .enumerate()
            .map(|(index, outcome)| {
                let (status, prospect_id) = match outcome {
                    RecordOutcome::Added { prospect_id, .. } => ("added", prospect_id),
                    RecordOutcome::Duplicate { prospect_id } => ("duplicate", prospect_id),
                };
                RecordReply { index, status, prospect_id }
            })
            .collect();
        let added = results.iter().filter(|result| result.status == "added").count();
        Self { added, duplicates: results.len() - added, results }
    }
}

/// A prospect of a campaign. What was not given is null.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Prospect)]
pub struct ProspectReply {
    /// Names the prospect.
    #[schema(value_type = Uuid)]
    id: ProspectId,
    /// What this is.
    #[schema(pattern = "^prospect$")]
    object_type: &'static str,
    /// Given name.
    #[schema(required)]
    first_name: Option<String>,
    /// Family name.
    #[schema(required)]
    last_name: Option<String>,
    /// Where the person works.
    #[schema(required)]
    company: Option<String>,
    /// As what.
    #[schema(required)]
    job_title: Option<String>,
    /// In lower case.
    #[schema(required)]
    email: Option<String>,
    /// As given.
    #[schema(required)]
    linkedin_url: Option<String>,
    /// In E.164 form.
    #[schema(required)]
    phone: Option<String>,
    /// Who added it.
    actor: ActorReply,
    /// When it was added.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<ProspectEntry> for ProspectReply {
    fn from(prospect: ProspectEntry) -> Self {
        let at = prospect.added.at;
        Self {
            id: prospect.prospect_id,
            object_type: "prospect",
            first_name: prospect.first_name,
            last_name: prospect.last_name,
            company: prospect.company,
            job_title: prospect.job_title,
            email: prospect.email,
            linkedin_url: prospect.linkedin_url,
            phone: prospect.phone,
            actor: prospect.added.into(),
            created_at: at,
            updated_at: at,
        }
    }
}

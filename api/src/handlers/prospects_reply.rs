//! What became of records, and prospects as clients see them.

use chrono::{DateTime, Utc};
use domain::ProspectId;
use domain::campaign::RecordOutcome;
use projections::ProspectEntry;
use serde::Serialize;

use super::actor_reply::ActorReply;

/// What became of the records, one by one.
#[derive(Clone, Debug, Serialize)]
pub struct AddedReply {
    added: usize,
    duplicates: usize,
    results: Vec<RecordReply>,
}

/// What became of one record.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordReply {
    /// Of the record in the request, from 0.
    index: usize,
    /// `added`, or `duplicate`: the campaign knew the person.
    status: &'static str,
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
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProspectReply {
    id: ProspectId,
    object_type: &'static str,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    job_title: Option<String>,
    email: Option<String>,
    linkedin_url: Option<String>,
    phone: Option<String>,
    actor: ActorReply,
    created_at: DateTime<Utc>,
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

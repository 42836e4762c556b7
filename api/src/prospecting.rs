//! Adding prospects to a campaign: the same for whoever is a member and whoever holds a webhook URL.

use domain::campaign::{Candidate, Prospect, RecordOutcome};
use domain::{AccountId, CampaignCommand, CampaignEvent, CampaignId, ProspectId};
use projections::Particulars;
use uuid::Uuid;

use crate::app::App;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Adds those whom the campaign does not know; says what became of each, in the order given.
///
/// # Errors
/// `NotFound` when the account has no such campaign; `Conflict` when it is archived.
pub async fn add_prospects(
    app: &App,
    account_id: AccountId,
    campaign_id: CampaignId,
    prospects: Vec<Prospect>,
    context: &RequestContext,
) -> Result<Vec<RecordOutcome>, ApiError> {
    let secret = app.store.find_match_secret(account_id, campaign_id).await?;
    let secret = secret.ok_or(ApiError::NotFound)?;
    let named: Vec<_> = new_ids(app, prospects.len()).into_iter().zip(prospects).collect();
    let candidates = named
        .iter()
        .map(|(prospect_id, prospect)| Candidate {
            prospect_id: *prospect_id,
            keys: prospect.match_keys(&secret),
        })
        .collect();
    let command = CampaignCommand::AddProspects { candidates, at: app.now() };
    let submission = context.submission_with(app, Particulars::Prospects(named));
    let receipt = app.commands.campaign(campaign_id, command, submission).await?;
    match receipt.events.into_iter().next() {
        Some(CampaignEvent::ProspectsAdded { records, .. }) => Ok(records),
        Some(CampaignEvent::CampaignCreated { .. } | CampaignEvent::CampaignArchived { .. })
        | None => Err(ApiError::Internal("the command added no records".into())),
    }
}

/// Ids in rising order, so that a list of prospects keeps the order in which they were sent.
fn new_ids(app: &App, count: usize) -> Vec<ProspectId> {
    let mut ids: Vec<Uuid> = std::iter::repeat_with(|| app.new_uuid()).take(count).collect();
    ids.sort_unstable();
    ids.into_iter().map(ProspectId::new).collect()
}

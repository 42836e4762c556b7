//! What was done in an account, for people to read: names and numbers where clients get ids.
//!
//! The number of the token or webhook URL comes from the event itself, so it is right however many
//! came after.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::Generation;
use domain::{AccountId, CallId, CampaignId};

use crate::campaigns::ProspectRow;
use crate::sql::Sql;
use crate::{Page, PageRequest, ProspectEntry, StoreError};

/// Who did something, as people know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doer {
    /// The user's name; `None` = nobody in particular, or erased.
    pub name: Option<String>,
    /// By what right; see [`Via::as_str`](crate::Via::as_str).
    pub via: String,
    /// Which of the user's tokens, or of the campaign's webhook URLs; `None` for any other right.
    pub generation: Option<Generation>,
}

/// A call that was triggered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedCall {
    /// Which.
    pub call_id: CallId,
    /// When.
    pub triggered_at: DateTime<Utc>,
    /// Of the person called; `None` when erased.
    pub name: Option<String>,
    /// Whom to call, in E.164 form; `None` when erased.
    pub phone_number: Option<String>,
    /// The name of who makes it, whether or not it was removed since.
    pub assistant_name: Option<String>,
    /// Who triggered it.
    pub doer: Doer,
}

/// A prospect that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedProspect {
    /// What is known of the person.
    pub prospect: ProspectEntry,
    /// Who added it.
    pub doer: Doer,
}

/// What was done, by whom.
#[async_trait]
pub trait Reports: Send + Sync {
    /// The account's calls, newest first.
    async fn list_reported_calls(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<ReportedCall>, StoreError>;

    /// The campaign's prospects, newest first.
    async fn list_reported_prospects(
        &self,
        campaign_id: CampaignId,
        request: &PageRequest,
    ) -> Result<Page<ReportedProspect>, StoreError>;
}

const REPORT_CALL: &str = "
SELECT c.call_id, c.triggered_at, d.name, d.phone_number, a.name AS assistant_name,
       c.actor_via, u.name AS doer_name, e.metadata ->> 'token_generation' AS generation
FROM calls c
JOIN events e ON e.aggregate_type = 'call' AND e.aggregate_id = c.call_id AND e.sequence = c.sequence
LEFT JOIN call_details d ON d.call_id = c.call_id
LEFT JOIN assistant_profiles a ON a.assistant_id = c.assistant_id
LEFT JOIN user_profiles u ON u.user_id = c.actor_id";

const REPORT_PROSPECT: &str = "
SELECT p.prospect_id, p.added_at, p.actor_id, p.actor_via, p.credential_id,
       d.first_name, d.last_name, d.company, d.job_title, d.email, d.linkedin_url, d.phone,
       u.name AS doer_name,
       COALESCE(e.metadata ->> 'token_generation', e.metadata ->> 'webhook_generation') AS generation
FROM prospects p
JOIN events e
  ON e.aggregate_type = 'campaign'
 AND e.aggregate_id = p.campaign_id
 AND e.sequence = p.sequence
LEFT JOIN prospect_profiles d ON d.prospect_id = p.prospect_id
LEFT JOIN user_profiles u ON u.user_id = p.actor_id";

#[derive(sqlx::FromRow)]
struct DoerRow {
    doer_name: Option<String>,
    actor_via: String,
    generation: Option<String>,
}

impl TryFrom<DoerRow> for Doer {
    type Error = StoreError;

    fn try_from(row: DoerRow) -> Result<Self, StoreError> {
        let generation = row.generation.map(|text| text.parse().map_err(StoreError::corrupt));
        Ok(Self { name: row.doer_name, via: row.actor_via, generation: generation.transpose()? })
    }
}

#[derive(sqlx::FromRow)]
struct ReportedCallRow {
    call_id: String,
    triggered_at: DateTime<Utc>,
    name: Option<String>,
    phone_number: Option<String>,
    assistant_name: Option<String>,
    #[sqlx(flatten)]
    doer: DoerRow,
}

impl TryFrom<ReportedCallRow> for ReportedCall {
    type Error = StoreError;

    fn try_from(row: ReportedCallRow) -> Result<Self, StoreError> {
        Ok(Self {
            call_id: row.call_id.parse().map_err(StoreError::corrupt)?,
            triggered_at: row.triggered_at,
            name: row.name,
            phone_number: row.phone_number,
            assistant_name: row.assistant_name,
            doer: row.doer.try_into()?,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ReportedProspectRow {
    #[sqlx(flatten)]
    prospect: ProspectRow,
    #[sqlx(flatten)]
    doer: DoerRow,
}

impl TryFrom<ReportedProspectRow> for ReportedProspect {
    type Error = StoreError;

    fn try_from(row: ReportedProspectRow) -> Result<Self, StoreError> {
        Ok(Self { prospect: row.prospect.try_into()?, doer: row.doer.try_into()? })
    }
}

#[async_trait]
impl<S: Sql> Reports for S {
    async fn list_reported_calls(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<ReportedCall>, StoreError> {
        let account = ("c.account_id", account_id.to_string());
        let question = request.statement_of(REPORT_CALL, account, "c.call_id", false);
        let rows = self.fetch::<ReportedCallRow>(question).await?;
        let calls = rows.into_iter().map(ReportedCall::try_from).collect::<Result<_, _>>()?;
        Ok(request.page(calls, |call: &ReportedCall| call.call_id.to_string()))
    }

    async fn list_reported_prospects(
        &self,
        campaign_id: CampaignId,
        request: &PageRequest,
    ) -> Result<Page<ReportedProspect>, StoreError> {
        let campaign = ("p.campaign_id", campaign_id.to_string());
        let question = request.statement_of(REPORT_PROSPECT, campaign, "p.prospect_id", false);
        let rows = self.fetch::<ReportedProspectRow>(question).await?;
        let prospects = rows.into_iter().map(ReportedProspect::try_from);
        let prospects = prospects.collect::<Result<_, _>>()?;
        Ok(request
            .page(prospects, |entry: &ReportedProspect| entry.prospect.prospect_id.to_string()))
    }
}

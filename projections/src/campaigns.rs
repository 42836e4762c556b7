//! The campaigns of an account, and the prospects in them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::campaign::MatchSecret;
use domain::{AccountId, CampaignId, ProspectId};

use crate::sql::{Sql, Statement};
use crate::{Deed, Page, PageRequest, StoreError};

/// A campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CampaignEntry {
    /// Which.
    pub campaign_id: CampaignId,
    /// As people read it.
    pub name: String,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Takes no prospects since; `None` = active.
    pub archived_at: Option<DateTime<Utc>>,
}

/// A prospect of a campaign. Every text is `None` when it was not given, or was erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProspectEntry {
    /// Which.
    pub prospect_id: ProspectId,
    /// When it was added, and by whom.
    pub added: Deed,
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Where the person works.
    pub company: Option<String>,
    /// As what.
    pub job_title: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Page at LinkedIn.
    pub linkedin_url: Option<String>,
    /// In E.164 form.
    pub phone: Option<String>,
}

/// Campaigns, account by account, and their prospects.
#[async_trait]
pub trait Campaigns: Send + Sync {
    /// One of the account's.
    async fn find_campaign(
        &self,
        account_id: AccountId,
        campaign_id: CampaignId,
    ) -> Result<Option<CampaignEntry>, StoreError>;

    /// The account's, newest first.
    async fn list_campaigns(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<CampaignEntry>, StoreError>;

    /// What keys the match keys of a campaign of the account.
    async fn find_match_secret(
        &self,
        account_id: AccountId,
        campaign_id: CampaignId,
    ) -> Result<Option<MatchSecret>, StoreError>;

    /// Whose the campaign is.
    async fn find_account_of(
        &self,
        campaign_id: CampaignId,
    ) -> Result<Option<AccountId>, StoreError>;

    /// These prospects, in any order.
    async fn find_prospects(&self, ids: &[ProspectId]) -> Result<Vec<ProspectEntry>, StoreError>;

    /// The campaign's prospects, newest first.
    async fn list_prospects(
        &self,
        campaign_id: CampaignId,
        request: &PageRequest,
    ) -> Result<Page<ProspectEntry>, StoreError>;
}

const SELECT_CAMPAIGN: &str = "
SELECT c.campaign_id, p.name, c.created_at, c.archived_at
FROM campaigns c
JOIN campaign_profiles p ON p.campaign_id = c.campaign_id AND c.created_sequence > 0";

const FIND_MATCH_SECRET: &str = "
SELECT p.match_secret
FROM campaigns c
JOIN campaign_profiles p ON p.campaign_id = c.campaign_id
WHERE c.account_id = $1
  AND c.campaign_id = $2
  AND c.created_sequence > 0";

const FIND_ACCOUNT_OF: &str = "
SELECT account_id
FROM campaigns
WHERE campaign_id = $1
  AND created_sequence > 0";

const SELECT_PROSPECT: &str = "
SELECT p.prospect_id, p.added_at, p.actor_id, p.actor_via, p.credential_id,
       d.first_name, d.last_name, d.company, d.job_title, d.email, d.linkedin_url, d.phone
FROM prospects p
LEFT JOIN prospect_profiles d ON d.prospect_id = p.prospect_id";

#[derive(sqlx::FromRow)]
struct CampaignRow {
    campaign_id: String,
    name: String,
    created_at: DateTime<Utc>,
    archived_at: Option<DateTime<Utc>>,
}

impl TryFrom<CampaignRow> for CampaignEntry {
    type Error = StoreError;

    fn try_from(row: CampaignRow) -> Result<Self, StoreError> {
        Ok(Self {
            campaign_id: row.campaign_id.parse().map_err(StoreError::corrupt)?,
            name: row.name,
            created_at: row.created_at,
            archived_at: row.archived_at,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ProspectRow {
    prospect_id: String,
    added_at: DateTime<Utc>,
    actor_id: Option<String>,
    actor_via: String,
    credential_id: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    company: Option<String>,
    job_title: Option<String>,
    email: Option<String>,
    linkedin_url: Option<String>,
    phone: Option<String>,
}

impl TryFrom<ProspectRow> for ProspectEntry {
    type Error = StoreError;

    fn try_from(row: ProspectRow) -> Result<Self, StoreError> {
        let added = Deed::read(row.added_at, row.actor_id, row.actor_via, row.credential_id)?;
        Ok(Self {
            prospect_id: row.prospect_id.parse().map_err(StoreError::corrupt)?,
            added,
            first_name: row.first_name,
            last_name: row.last_name,
            company: row.company,
            job_title: row.job_title,
            email: row.email,
            linkedin_url: row.linkedin_url,
            phone: row.phone,
        })
    }
}

#[async_trait]
impl<S: Sql> Campaigns for S {
    async fn find_campaign(
        &self,
        account_id: AccountId,
        campaign_id: CampaignId,
    ) -> Result<Option<CampaignEntry>, StoreError> {
        let question = Statement::new(format!(
            "{SELECT_CAMPAIGN}\nWHERE c.account_id = $1\n  AND c.campaign_id = $2"
        ))
        .bind(account_id.to_string())
        .bind(campaign_id.to_string());
        self.fetch::<CampaignRow>(question).await?.pop().map(CampaignEntry::try_from).transpose()
    }

    async fn list_campaigns(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<CampaignEntry>, StoreError> {
        let question = request.statement_of(
            SELECT_CAMPAIGN,
            ("c.account_id", account_id.to_string()),
            "c.campaign_id",
            false,
        );
        let rows = self.fetch::<CampaignRow>(question).await?;
        let entries = rows.into_iter().map(CampaignEntry::try_from).collect::<Result<_, _>>()?;
        Ok(request.page(entries, |entry: &CampaignEntry| entry.campaign_id.to_string()))
    }

    async fn find_match_secret(
        &self,
        account_id: AccountId,
        campaign_id: CampaignId,
    ) -> Result<Option<MatchSecret>, StoreError> {
        let question = Statement::new(FIND_MATCH_SECRET)
            .bind(account_id.to_string())
            .bind(campaign_id.to_string());
        let Some((bytes,)) = self.fetch::<(Vec<u8>,)>(question).await?.pop() else {
            return Ok(None);
        };
        let bytes =
            bytes.try_into().map_err(|_| StoreError::corrupt("a secret of another size"))?;
        Ok(Some(MatchSecret::new(bytes)))
    }

    async fn find_account_of(
        &self,
        campaign_id: CampaignId,
    ) -> Result<Option<AccountId>, StoreError> {
        let question = Statement::new(FIND_ACCOUNT_OF).bind(campaign_id.to_string());
        let row = self.fetch::<(String,)>(question).await?.pop();
        row.map(|(id,)| id.parse().map_err(StoreError::corrupt)).transpose()
    }

    async fn find_prospects(&self, ids: &[ProspectId]) -> Result<Vec<ProspectEntry>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<_> = (1..=ids.len()).map(|number| format!("${number}")).collect();
        let text = format!("{SELECT_PROSPECT}\nWHERE p.prospect_id IN ({})", numbers.join(", "));
        let question =
            ids.iter().fold(Statement::new(text), |question, id| question.bind(id.to_string()));
        let rows = self.fetch::<ProspectRow>(question).await?;
        rows.into_iter().map(ProspectEntry::try_from).collect()
    }

    async fn list_prospects(
        &self,
        campaign_id: CampaignId,
        request: &PageRequest,
    ) -> Result<Page<ProspectEntry>, StoreError> {
        let question = request.statement_of(
            SELECT_PROSPECT,
            ("p.campaign_id", campaign_id.to_string()),
            "p.prospect_id",
            false,
        );
        let rows = self.fetch::<ProspectRow>(question).await?;
        let entries = rows.into_iter().map(ProspectEntry::try_from).collect::<Result<_, _>>()?;
        Ok(request.page(entries, |entry: &ProspectEntry| entry.prospect_id.to_string()))
    }
}

//! The secret URLs through which prospects are added to campaigns.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenDigest, TokenHint};
use domain::{AccountId, CampaignId, WebhookId};

use crate::StoreError;
use crate::sql::{Sql, Statement};
use crate::verifier::generation;

/// A URL that is live at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveWebhook {
    /// Which.
    pub webhook_id: WebhookId,
    /// Its generation.
    pub generation: Generation,
    /// The campaign that it adds to.
    pub campaign_id: CampaignId,
    /// Whose campaign.
    pub account_id: AccountId,
}

/// A campaign's live URL without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookState {
    /// Which.
    pub webhook_id: WebhookId,
    /// Its generation.
    pub generation: Generation,
    /// The last four characters of the secret.
    pub hint: TokenHint,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// Webhook URLs.
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// The live URL with this digest, if its account is open. Answers from the state of the moment, like
    /// [`Verifier`](crate::Verifier).
    ///
    /// # Errors
    /// `Unavailable` when there is no certain answer. Never `None` in doubt.
    async fn find_live_webhook(
        &self,
        digest: &TokenDigest,
    ) -> Result<Option<LiveWebhook>, StoreError>;

    /// The campaign's live URL.
    async fn find_webhook(
        &self,
        campaign_id: CampaignId,
    ) -> Result<Option<WebhookState>, StoreError>;
}

const FIND_LIVE_WEBHOOK: &str = "
SELECT w.webhook_id, w.generation, w.campaign_id, a.account_id
FROM webhooks w
JOIN campaigns c ON c.campaign_id = w.campaign_id AND c.created_sequence > 0
JOIN accounts a ON a.account_id = c.account_id AND NOT a.is_closed
WHERE w.secret_digest = $1";

const FIND_WEBHOOK: &str = "
SELECT webhook_id, generation, hint, created_at
FROM webhooks
WHERE campaign_id = $1
  AND secret_digest IS NOT NULL";

#[async_trait]
impl<S: Sql> Webhooks for S {
    async fn find_live_webhook(
        &self,
        digest: &TokenDigest,
    ) -> Result<Option<LiveWebhook>, StoreError> {
        let question = Statement::new(FIND_LIVE_WEBHOOK).bind(digest.as_bytes().to_vec());
        let rows = self.fetch::<(String, i64, String, String)>(question).await?;
        let Some((webhook_id, number, campaign_id, account_id)) = rows.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(LiveWebhook {
            webhook_id: webhook_id.parse().map_err(StoreError::corrupt)?,
            generation: generation(number)?,
            campaign_id: campaign_id.parse().map_err(StoreError::corrupt)?,
            account_id: account_id.parse().map_err(StoreError::corrupt)?,
        }))
    }

    async fn find_webhook(
        &self,
        campaign_id: CampaignId,
    ) -> Result<Option<WebhookState>, StoreError> {
        let question = Statement::new(FIND_WEBHOOK).bind(campaign_id.to_string());
        let rows = self.fetch::<(String, i64, String, DateTime<Utc>)>(question).await?;
        let Some((webhook_id, number, hint, created_at)) = rows.into_iter().next() else {
            return Ok(None);
        };
        Ok(Some(WebhookState {
            webhook_id: webhook_id.parse().map_err(StoreError::corrupt)?,
            generation: generation(number)?,
            hint: TokenHint::new(hint),
            created_at,
        }))
    }
}

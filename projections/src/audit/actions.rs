//! Everything that was done with a token: the events that name it as the credential.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{AccountId, TokenId};

use super::{and, ordered};
use crate::deliveries::EventKey;
use crate::sql::{Sql, Statement};
use crate::{Page, PageRequest, StoreError};

/// One thing that was done with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenAction {
    /// Where it stands in the log.
    pub position: i64,
    /// The event.
    pub event: EventKey,
    /// Past tense.
    pub event_type: String,
    /// In which account; `None` for what belongs to none.
    pub account_id: Option<AccountId>,
    /// When.
    pub at: DateTime<Utc>,
    /// In which request, as in its reply and the logs.
    pub request_id: Option<String>,
    /// The client's address; `None` when unknown or erased.
    pub address: Option<String>,
    /// What the client called itself; `None` when unknown or erased.
    pub user_agent: Option<String>,
}

/// What tokens were used for.
#[async_trait]
pub trait AuditActions: Send + Sync {
    /// What was done with the token, the latest first. Only what has its position in the log.
    async fn list_token_actions(
        &self,
        token_id: TokenId,
        request: &PageRequest,
    ) -> Result<Page<TokenAction>, StoreError>;
}

/// The condition on `token_id` is written as the index has it.
const SELECT: &str = "
SELECT g.position, v.aggregate_type, v.aggregate_id, v.sequence, v.event_type,
       COALESCE(
           v.payload -> v.event_type ->> 'account_id',
           CASE v.aggregate_type WHEN 'account' THEN v.aggregate_id END,
           k.account_id
       ) AS account_id,
       v.payload -> v.event_type ->> 'at' AS happened_at,
       v.metadata ->> 'request_id' AS request_id,
       c.address, c.user_agent
FROM events v
JOIN event_log g
  ON g.aggregate_type = v.aggregate_type
 AND g.aggregate_id = v.aggregate_id
 AND g.sequence = v.sequence
LEFT JOIN event_context c
  ON c.aggregate_type = v.aggregate_type
 AND c.aggregate_id = v.aggregate_id
 AND c.sequence = v.sequence
LEFT JOIN campaigns k
  ON v.aggregate_type IN ('campaign', 'webhook')
 AND k.campaign_id = v.aggregate_id
WHERE v.metadata ->> 'token_id' = $1";

#[derive(sqlx::FromRow)]
struct ActionRow {
    position: i64,
    aggregate_type: String,
    aggregate_id: String,
    sequence: i64,
    event_type: String,
    account_id: Option<String>,
    happened_at: Option<String>,
    request_id: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
}

impl TryFrom<ActionRow> for TokenAction {
    type Error = StoreError;

    fn try_from(row: ActionRow) -> Result<Self, StoreError> {
        let at = row.happened_at.ok_or_else(|| StoreError::corrupt("an event without a time"))?;
        Ok(Self {
            position: row.position,
            event: EventKey {
                aggregate_type: row.aggregate_type,
                aggregate_id: row.aggregate_id,
                sequence: row.sequence,
            },
            event_type: row.event_type,
            account_id: row
                .account_id
                .map(|id| id.parse().map_err(StoreError::corrupt))
                .transpose()?,
            at: at.parse().map_err(|error: chrono::ParseError| StoreError::corrupt(error))?,
            request_id: row.request_id,
            address: row.address,
            user_agent: row.user_agent,
        })
    }
}

#[async_trait]
impl<S: Sql> AuditActions for S {
    async fn list_token_actions(
        &self,
        token_id: TokenId,
        request: &PageRequest,
    ) -> Result<Page<TokenAction>, StoreError> {
        let (past, order) = request.direction(false);
        let mut question = Statement::new(SELECT).bind(token_id.to_string());
        if let Some(cursor) = &request.cursor {
            let key = cursor.key.parse::<i64>().map_err(StoreError::corrupt)?;
            question = and(question, &format!("g.position {past} ?"), key);
        }
        let question = ordered(question, &format!("g.position {order}"), request.fetch_limit());
        let rows = self.fetch::<ActionRow>(question).await?;
        let actions = rows.into_iter().map(TokenAction::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(request.page(actions, |action| action.position.to_string()))
    }
}

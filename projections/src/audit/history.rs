//! Every token a user ever had, what ended it, who did it and from where.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{TokenId, UserId};

use crate::sql::{Sql, Statement};
use crate::verifier::generation;
use crate::{Page, PageRequest, StoreError};

/// What happened to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenHistoryKind {
    /// It became live where none was.
    Generated,
    /// It became live and killed another.
    Regenerated,
    /// It died without a successor.
    Revoked,
}

impl TokenHistoryKind {
    /// The type of the event.
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::Generated => "TokenGenerated",
            Self::Regenerated => "TokenRegenerated",
            Self::Revoked => "TokenRevoked",
        }
    }

    /// As part of a sentence.
    pub const fn as_verb(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Regenerated => "regenerated",
            Self::Revoked => "revoked",
        }
    }

    fn parse(text: &str) -> Result<Self, StoreError> {
        match text {
            "generated" => Ok(Self::Generated),
            "regenerated" => Ok(Self::Regenerated),
            "revoked" => Ok(Self::Revoked),
            unknown => Err(StoreError::corrupt(format!("unknown kind {unknown:?}"))),
        }
    }
}

/// One thing that happened to a user's token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHistoryEntry {
    /// Of the event, within the user's token.
    pub sequence: i64,
    /// What happened.
    pub kind: TokenHistoryKind,
    /// The token made or revoked.
    pub token_id: TokenId,
    /// Of that token.
    pub generation: Generation,
    /// Its last four characters; `None` when revoked.
    pub hint: Option<TokenHint>,
    /// The token that this rotation killed.
    pub invalidated_token_id: Option<TokenId>,
    /// Why it was revoked.
    pub reason: Option<String>,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Who; `None` = the system.
    pub actor_id: Option<UserId>,
    /// By what right.
    pub actor_via: String,
    /// The client's address; `None` when unknown or erased.
    pub address: Option<String>,
    /// What the client called itself; `None` when unknown or erased.
    pub user_agent: Option<String>,
    /// When the token made was last used, at most a minute late; `None` = never, or when revoked.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The history of tokens.
#[async_trait]
pub trait AuditHistory: Send + Sync {
    /// What happened to the user's token, newest first.
    async fn list_token_history(
        &self,
        user_id: UserId,
        request: &PageRequest,
    ) -> Result<Page<TokenHistoryEntry>, StoreError>;
}

#[derive(sqlx::FromRow)]
struct HistoryRow {
    sequence: i64,
    kind: String,
    token_id: String,
    generation: i64,
    hint: Option<String>,
    invalidated_token_id: Option<String>,
    reason: Option<String>,
    occurred_at: DateTime<Utc>,
    actor_id: Option<String>,
    actor_via: String,
    address: Option<String>,
    user_agent: Option<String>,
    last_used_at: Option<DateTime<Utc>>,
}

impl TryFrom<HistoryRow> for TokenHistoryEntry {
    type Error = StoreError;

    fn try_from(row: HistoryRow) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.sequence,
            kind: TokenHistoryKind::parse(&row.kind)?,
            token_id: row.token_id.parse().map_err(StoreError::corrupt)?,
            generation: generation(row.generation)?,
            hint: row.hint.map(TokenHint::new),
            invalidated_token_id: row
                .invalidated_token_id
                .map(|id| id.parse().map_err(StoreError::corrupt))
                .transpose()?,
            reason: row.reason,
            occurred_at: row.occurred_at,
            actor_id: row.actor_id.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?,
            actor_via: row.actor_via,
            address: row.address,
            user_agent: row.user_agent,
            last_used_at: row.last_used_at,
        })
    }
}

#[async_trait]
impl<S: Sql> AuditHistory for S {
    async fn list_token_history(
        &self,
        user_id: UserId,
        request: &PageRequest,
    ) -> Result<Page<TokenHistoryEntry>, StoreError> {
        let (past, order) = request.direction(false);
        let text = format!(
            "
SELECT h.sequence, h.kind, h.token_id, h.generation, h.hint, h.invalidated_token_id, h.reason,
       h.occurred_at, h.actor_id, h.actor_via, c.address, c.user_agent, u.last_used_at
FROM token_history h
LEFT JOIN event_context c
  ON c.aggregate_type = 'token'
 AND c.aggregate_id = h.user_id
 AND c.sequence = h.sequence
LEFT JOIN token_usage u ON u.token_id = h.token_id AND h.kind <> 'revoked'
WHERE h.user_id = $1
  AND ($2 IS NULL OR h.sequence {past} $2)
ORDER BY h.sequence {order}
LIMIT $3"
        );
        let past = match &request.cursor {
            Some(cursor) => Some(cursor.key.parse::<i64>().map_err(StoreError::corrupt)?),
            None => None,
        };
        let question =
            Statement::new(text).bind(user_id.to_string()).bind(past).bind(request.fetch_limit());
        let rows = self.fetch::<HistoryRow>(question).await?;
        let entries =
            rows.into_iter().map(TokenHistoryEntry::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(request.page(entries, |entry| entry.sequence.to_string()))
    }
}

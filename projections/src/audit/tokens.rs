//! Every token ever made, one row each: whose, by whom and from where, and what ended it.
//!
//! **Invariant:** a page goes on after the time and id of a token's making, which never change and never
//! occur twice. So whoever reads page by page meets every token that was there at the beginning exactly
//! once, whatever is made and ended meanwhile.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{TokenId, UserId};

use super::token_filter::{TokenFilter, narrowed};
use super::{and, ordered};
use crate::log::unsigned;
use crate::sql::{Sql, Statement};
use crate::verifier::generation;
use crate::{Page, PageRequest, StoreError};

/// How a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenStatus {
    /// Nothing ended it.
    Live,
    /// Another took its place.
    Replaced,
    /// It died without a successor.
    Revoked,
}

impl TokenStatus {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Live, Self::Replaced, Self::Revoked];

    /// The name used in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Replaced => "replaced",
            Self::Revoked => "revoked",
        }
    }

    /// Reads that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    pub(super) const fn condition(self) -> &'static str {
        match self {
            Self::Live => "e.kind IS NULL",
            Self::Replaced => "e.kind = 'regenerated'",
            Self::Revoked => "e.kind = 'revoked'",
        }
    }
}

/// When something was done to a token, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenDeed {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None` = the system.
    pub by: Option<UserId>,
    /// By what right.
    pub via: String,
}

/// What ended a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenEnd {
    /// A rotation.
    Replaced {
        /// The token that took its place.
        successor: TokenId,
    },
    /// A revocation.
    Revoked {
        /// Why.
        reason: String,
    },
}

/// A token, live or dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenEntry {
    /// Which.
    pub token_id: TokenId,
    /// Whose.
    pub user_id: UserId,
    /// The owner's address; `None` when erased.
    pub email: Option<String>,
    /// Which of the owner's tokens.
    pub generation: Generation,
    /// Its last four characters.
    pub hint: TokenHint,
    /// When it was made, and by whom.
    pub generated: TokenDeed,
    /// The client that made it; `None` when unknown or erased.
    pub address: Option<String>,
    /// What that client called itself; `None` when unknown or erased.
    pub user_agent: Option<String>,
    /// What ended it, when and by whom; `None` = it is live.
    pub invalidated: Option<(TokenEnd, TokenDeed)>,
    /// When it was last used, at most a minute late; `None` = never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was first sent after its end; `None` = never, or erased.
    pub first_refused_at: Option<DateTime<Utc>>,
    /// Its owner is shut out.
    pub owner_is_locked: bool,
    /// Its owner belongs to an open account.
    pub owner_is_member: bool,
}

impl TokenEntry {
    /// How it stands.
    pub const fn status(&self) -> TokenStatus {
        match self.invalidated {
            None => TokenStatus::Live,
            Some((TokenEnd::Replaced { .. }, _)) => TokenStatus::Replaced,
            Some((TokenEnd::Revoked { .. }, _)) => TokenStatus::Revoked,
        }
    }
}

/// Every token ever made.
#[async_trait]
pub trait AuditTokens: Send + Sync {
    /// Tokens, the newest first.
    async fn list_audit_tokens(
        &self,
        filter: &TokenFilter,
        request: &PageRequest,
    ) -> Result<Page<TokenEntry>, StoreError>;

    /// How many tokens the filter finds.
    async fn count_audit_tokens(&self, filter: &TokenFilter) -> Result<u64, StoreError>;

    /// All tokens of one user, from the first generation on.
    async fn list_lineage(
        &self,
        user_id: UserId,
        request: &PageRequest,
    ) -> Result<Page<TokenEntry>, StoreError>;

    /// Whose token it is or was; `None` when there never was one of this id.
    async fn find_token_owner(&self, token_id: TokenId) -> Result<Option<UserId>, StoreError>;
}

/// Says nothing new of a live token, and there are few of them beside all that ever were.
const LIVE_NOW: &str = "
  AND h.token_id IN (SELECT t.token_id FROM token_lookup t WHERE t.token_digest IS NOT NULL)";

const FIND_OWNER: &str = "
SELECT user_id
FROM token_history
WHERE token_id = $1
LIMIT 1";

#[derive(sqlx::FromRow)]
struct TokenRow {
    token_id: String,
    user_id: String,
    email: Option<String>,
    generation: i64,
    hint: Option<String>,
    generated_at: DateTime<Utc>,
    generated_by: Option<String>,
    generated_via: String,
    address: Option<String>,
    user_agent: Option<String>,
    #[sqlx(flatten)]
    end: EndRow,
    last_used_at: Option<DateTime<Utc>>,
    first_refused_at: Option<DateTime<Utc>>,
    owner_is_locked: bool,
    owner_is_member: bool,
}

#[derive(sqlx::FromRow)]
struct EndRow {
    end_token_id: Option<String>,
    end_invalidated_token_id: Option<String>,
    end_reason: Option<String>,
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<String>,
    ended_via: Option<String>,
}

impl EndRow {
    /// The end of this token, which the row must be about.
    fn of(self, token_id: &str) -> Result<Option<(TokenEnd, TokenDeed)>, StoreError> {
        let Some(((at, via), other)) = self.ended_at.zip(self.ended_via).zip(self.end_token_id)
        else {
            return Ok(None);
        };
        let (ended, end) = match (self.end_invalidated_token_id, self.end_reason) {
            (Some(ended), None) => (
                ended,
                TokenEnd::Replaced { successor: other.parse().map_err(StoreError::corrupt)? },
            ),
            (None, Some(reason)) => (other, TokenEnd::Revoked { reason }),
            (Some(_), Some(_)) | (None, None) => {
                return Err(StoreError::corrupt(format!("nothing ended token {token_id}")));
            }
        };
        if ended != token_id {
            return Err(StoreError::corrupt(format!("{ended} ended where {token_id} was live")));
        }
        Ok(Some((end, TokenDeed { at, by: user(self.ended_by)?, via })))
    }
}

fn user(id: Option<String>) -> Result<Option<UserId>, StoreError> {
    id.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()
}

impl TryFrom<TokenRow> for TokenEntry {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let hint = row.hint.ok_or_else(|| StoreError::corrupt("a token without a hint"))?;
        let invalidated = row.end.of(&row.token_id)?;
        Ok(Self {
            token_id: row.token_id.parse().map_err(StoreError::corrupt)?,
            user_id: row.user_id.parse().map_err(StoreError::corrupt)?,
            email: row.email,
            generation: generation(row.generation)?,
            hint: TokenHint::new(hint),
            generated: TokenDeed {
                at: row.generated_at,
                by: user(row.generated_by)?,
                via: row.generated_via,
            },
            address: row.address,
            user_agent: row.user_agent,
            invalidated,
            last_used_at: row.last_used_at,
            first_refused_at: row.first_refused_at,
            owner_is_locked: row.owner_is_locked,
            owner_is_member: row.owner_is_member,
        })
    }
}

#[async_trait]
impl<S: Sql> AuditTokens for S {
    async fn list_audit_tokens(
        &self,
        filter: &TokenFilter,
        request: &PageRequest,
    ) -> Result<Page<TokenEntry>, StoreError> {
        let (past, order) = request.direction(false);
        let mut question = narrowed(filter);
        if let Some(cursor) = &request.cursor {
            // SQLite would read an index by the first half alone if one subquery gave both.
            let beyond = format!(
                "(h.occurred_at, h.token_id) {past} ((
      SELECT k.occurred_at
      FROM token_history k
      WHERE k.token_id = ? AND k.kind <> 'revoked'
  ), ?)"
            );
            question = and(question, &beyond, cursor.key.clone());
        }
        let order = format!("h.occurred_at {order}, h.token_id {order}");
        let rows = self.fetch::<TokenRow>(ordered(question, &order, request.fetch_limit())).await?;
        let entries = rows.into_iter().map(TokenEntry::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(request.page(entries, |entry| entry.token_id.to_string()))
    }

    async fn count_audit_tokens(&self, filter: &TokenFilter) -> Result<u64, StoreError> {
        let mut question = narrowed(filter);
        if filter.status == Some(TokenStatus::Live) {
            question.text = format!("{}{LIVE_NOW}", question.text).into();
        }
        question.text = format!("SELECT count(*) FROM ({}\n) found", question.text).into();
        let count = self.fetch::<(i64,)>(question).await?.pop();
        unsigned(count.map_or(0, |(count,)| count))
    }

    async fn list_lineage(
        &self,
        user_id: UserId,
        request: &PageRequest,
    ) -> Result<Page<TokenEntry>, StoreError> {
        let (past, order) = request.direction(true);
        let mut question =
            narrowed(&TokenFilter { user_id: Some(user_id), ..TokenFilter::default() });
        if let Some(cursor) = &request.cursor {
            let key = cursor.key.parse::<i64>().map_err(StoreError::corrupt)?;
            question = and(question, &format!("h.generation {past} ?"), key);
        }
        let order = format!("h.generation {order}");
        let rows = self.fetch::<TokenRow>(ordered(question, &order, request.fetch_limit())).await?;
        let entries = rows.into_iter().map(TokenEntry::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(request.page(entries, |entry| entry.generation.to_string()))
    }

    async fn find_token_owner(&self, token_id: TokenId) -> Result<Option<UserId>, StoreError> {
        let question = Statement::new(FIND_OWNER).bind(token_id.to_string());
        user(self.fetch::<(String,)>(question).await?.pop().map(|(id,)| id))
    }
}

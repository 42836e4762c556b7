//! Every token ever made, one row each: whose, by whom and from where, and what ended it.
//!
//! **Invariant:** a page goes on after the time and id of a token's making, which never change and never
//! occur twice. So whoever reads page by page meets every token that was there at the beginning exactly
//! once, whatever is made and ended meanwhile.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, RevocationReason, TokenDigest, TokenHint};
use domain::{AccountId, TokenId, UserId};

use super::history::TokenHistoryKind;
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

    const fn condition(self) -> &'static str {
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

/// Which tokens to list; `None` = whichever. Times begin with `since` and end before `until`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// Whose.
    pub user_id: Option<UserId>,
    /// Of members of this account, as it is now.
    pub account_id: Option<AccountId>,
    /// How they stand.
    pub status: Option<TokenStatus>,
    /// Made then or later.
    pub generated_since: Option<DateTime<Utc>>,
    /// Made before then.
    pub generated_until: Option<DateTime<Utc>>,
    /// Ended then or later.
    pub invalidated_since: Option<DateTime<Utc>>,
    /// Ended before then.
    pub invalidated_until: Option<DateTime<Utc>>,
    /// Ended by this user.
    pub invalidated_by: Option<UserId>,
    /// Revoked for this reason.
    pub reason: Option<RevocationReason>,
    /// With these last four characters.
    pub hint: Option<TokenHint>,
    /// With this digest.
    pub digest: Option<TokenDigest>,
    /// Neither made nor used since.
    pub idle_since: Option<DateTime<Utc>>,
    /// Made like this: where none was, or in place of another.
    pub made: Option<TokenHistoryKind>,
    /// Only of owners who are locked or belong to no open account.
    pub of_leavers: bool,
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

/// What ended a token is the next event of its owner's token: nothing else can follow its making.
const SELECT: &str = "
SELECT h.token_id, h.user_id, p.email, h.generation, h.hint,
       h.occurred_at AS generated_at, h.actor_id AS generated_by, h.actor_via AS generated_via,
       c.address, c.user_agent,
       e.token_id AS end_token_id, e.invalidated_token_id AS end_invalidated_token_id,
       e.reason AS end_reason, e.occurred_at AS ended_at, e.actor_id AS ended_by, e.actor_via AS ended_via,
       l.last_used_at,
       (SELECT min(f.first_at) FROM token_refusals f WHERE f.token_id = h.token_id) AS first_refused_at,
       o.is_locked AS owner_is_locked,
       EXISTS (
           SELECT 1
           FROM memberships m
           JOIN accounts a ON a.account_id = m.account_id AND NOT a.is_closed
           WHERE m.user_id = h.user_id AND m.role IS NOT NULL
       ) AS owner_is_member
FROM token_history h
LEFT JOIN token_history e
  ON e.user_id = h.user_id
 AND e.sequence = h.sequence + 1
LEFT JOIN event_context c
  ON c.aggregate_type = 'token'
 AND c.aggregate_id = h.user_id
 AND c.sequence = h.sequence
LEFT JOIN user_profiles p ON p.user_id = h.user_id
LEFT JOIN token_usage l ON l.token_id = h.token_id
JOIN users o ON o.user_id = h.user_id
WHERE h.kind <> 'revoked'";

const MEMBER_NOW: &str = "EXISTS (
      SELECT 1
      FROM memberships m
      WHERE m.account_id = ? AND m.user_id = h.user_id AND m.role IS NOT NULL
  )";

const LEAVER: &str = "
  AND (o.is_locked OR NOT EXISTS (
      SELECT 1
      FROM memberships m
      JOIN accounts a ON a.account_id = m.account_id AND NOT a.is_closed
      WHERE m.user_id = h.user_id AND m.role IS NOT NULL
  ))";

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

/// The question with what the filter asks for.
fn narrowed(filter: &TokenFilter) -> Statement {
    let mut question = Statement::new(SELECT);
    let ids = [
        ("h.user_id = ?", filter.user_id.map(|id| id.to_string())),
        (MEMBER_NOW, filter.account_id.map(|id| id.to_string())),
        ("e.actor_id = ?", filter.invalidated_by.map(|id| id.to_string())),
        ("e.reason = ?", filter.reason.map(|reason| reason.as_str().to_owned())),
        ("h.kind = ?", filter.made.map(|kind| kind.as_verb().to_owned())),
        ("h.hint = ?", filter.hint.as_ref().map(|hint| hint.as_str().to_owned())),
    ];
    for (condition, value) in ids {
        if let Some(value) = value {
            question = and(question, condition, value);
        }
    }
    let times = [
        ("h.occurred_at >= ?", filter.generated_since),
        ("h.occurred_at < ?", filter.generated_until),
        ("e.occurred_at >= ?", filter.invalidated_since),
        ("e.occurred_at < ?", filter.invalidated_until),
        ("h.occurred_at < ?", filter.idle_since),
        ("(l.last_used_at IS NULL OR l.last_used_at < ?)", filter.idle_since),
    ];
    for (condition, time) in times {
        if let Some(time) = time {
            question = and(question, condition, time);
        }
    }
    if let Some(digest) = filter.digest {
        question = and(question, "h.token_digest = ?", digest.as_bytes().to_vec());
    }
    if let Some(status) = filter.status {
        question.text = format!("{}\n  AND {}", question.text, status.condition()).into();
    }
    if filter.of_leavers {
        question.text = format!("{}{LEAVER}", question.text).into();
    }
    question
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
            let beyond = format!(
                "(h.occurred_at, h.token_id) {past} (
      SELECT k.occurred_at, k.token_id
      FROM token_history k
      WHERE k.token_id = ? AND k.kind <> 'revoked'
  )"
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

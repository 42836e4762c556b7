//! The token as its owner sees it on the settings page.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{TokenId, UserId};

use crate::StoreError;
use crate::sql::{Sql, Statement};
use crate::verifier::generation;

/// A user's latest token, live or dead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenState {
    /// Which.
    pub token_id: TokenId,
    /// Its generation.
    pub generation: Generation,
    /// `None` when it is dead.
    pub live: Option<LiveState>,
}

/// What can be said about a live token without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveState {
    /// Its last four characters.
    pub hint: TokenHint,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, at most a minute late; `None` = never.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Tokens, as their owners and the janitor see them.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// The user's latest token; `None` when there never was one.
    async fn find_token(&self, user_id: UserId) -> Result<Option<TokenState>, StoreError>;

    /// Locked users whose token is not dead yet: what a crash in the middle of locking leaves.
    async fn list_locked_owners(&self) -> Result<Vec<UserId>, StoreError>;
}

const FIND_TOKEN: &str = "
SELECT t.token_id, t.generation, t.hint, t.created_at, u.last_used_at
FROM token_lookup t
LEFT JOIN token_usage u ON u.token_id = t.token_id
WHERE t.user_id = $1";

const LIST_LOCKED_OWNERS: &str = "
SELECT t.user_id
FROM token_lookup t
JOIN users u ON u.user_id = t.user_id
WHERE t.token_digest IS NOT NULL
  AND u.is_locked";

#[derive(sqlx::FromRow)]
struct TokenRow {
    token_id: String,
    generation: i64,
    hint: Option<String>,
    created_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

#[async_trait]
impl<S: Sql> Tokens for S {
    async fn find_token(&self, user_id: UserId) -> Result<Option<TokenState>, StoreError> {
        let question = Statement::new(FIND_TOKEN).bind(user_id.to_string());
        let Some(row) = self.fetch::<TokenRow>(question).await?.pop() else { return Ok(None) };
        let live = row.hint.zip(row.created_at).map(|(hint, created_at)| LiveState {
            hint: TokenHint::new(hint),
            created_at,
            last_used_at: row.last_used_at,
        });
        Ok(Some(TokenState {
            token_id: row.token_id.parse().map_err(StoreError::corrupt)?,
            generation: generation(row.generation)?,
            live,
        }))
    }

    async fn list_locked_owners(&self) -> Result<Vec<UserId>, StoreError> {
        let rows = self.fetch::<(String,)>(Statement::new(LIST_LOCKED_OWNERS)).await?;
        rows.into_iter().map(|(id,)| id.parse().map_err(StoreError::corrupt)).collect()
    }
}

//! Whose token is this, and what may that person do right now?

use async_trait::async_trait;
use domain::token::{Generation, TokenDigest};
use domain::{AccountId, AccountRole, TokenId, UserId};
use smallvec::SmallVec;

use crate::StoreError;
use crate::sql::{Sql, Statement};

/// A membership in an open account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Where.
    pub account_id: AccountId,
    /// As what.
    pub role: AccountRole,
}

/// Most people have one; it is kept without an allocation of its own.
pub type Memberships = SmallVec<[Membership; 1]>;

/// What an unlocked user may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub user_id: UserId,
    /// Holds the instance role `admin`.
    pub is_admin: bool,
    /// Holds the instance role `auditor`.
    pub is_auditor: bool,
    /// In order of account id.
    pub memberships: Memberships,
}

/// A token that is live at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveToken {
    /// Which.
    pub token_id: TokenId,
    /// Its generation.
    pub generation: Generation,
    /// What its owner may do.
    pub access: Access,
}

/// Answers from the state of the moment: everything acknowledged before the question counts.
#[async_trait]
pub trait Verifier: Send + Sync {
    /// The live token with this digest, if its owner is not locked.
    ///
    /// # Errors
    /// `Unavailable` when there is no certain answer. Never `None` in doubt.
    async fn find_live_token(&self, digest: &TokenDigest) -> Result<Option<LiveToken>, StoreError>;

    /// The same, if that is certain without waiting; `None` says to ask [`Verifier::find_live_token`].
    fn find_live_token_at_once(&self, _digest: &TokenDigest) -> Option<Option<LiveToken>> {
        None
    }

    /// What a user may do; `None` for one who is unknown or locked.
    ///
    /// # Errors
    /// `Unavailable` when there is no certain answer.
    async fn find_access(&self, user_id: UserId) -> Result<Option<Access>, StoreError>;
}

const FIND_LIVE_TOKEN: &str = "
SELECT t.token_id, t.generation, u.user_id, u.is_admin, u.is_auditor, a.account_id, m.role
FROM token_lookup t
JOIN users u ON u.user_id = t.user_id
LEFT JOIN memberships m ON m.user_id = u.user_id AND m.role IS NOT NULL
LEFT JOIN accounts a ON a.account_id = m.account_id AND NOT a.is_closed
WHERE t.token_digest = $1
  AND u.registered_sequence > 0
  AND NOT u.is_locked
ORDER BY a.account_id";

const FIND_ACCESS: &str = "
SELECT u.user_id, u.is_admin, u.is_auditor, a.account_id, m.role
FROM users u
LEFT JOIN memberships m ON m.user_id = u.user_id AND m.role IS NOT NULL
LEFT JOIN accounts a ON a.account_id = m.account_id AND NOT a.is_closed
WHERE u.user_id = $1
  AND u.registered_sequence > 0
  AND NOT u.is_locked
ORDER BY a.account_id";

/// One row per membership; one row without an account for a user who has none.
#[derive(sqlx::FromRow)]
struct AccessRow {
    user_id: String,
    is_admin: bool,
    is_auditor: bool,
    account_id: Option<String>,
    role: Option<String>,
}

#[derive(sqlx::FromRow)]
struct LiveTokenRow {
    token_id: String,
    generation: i64,
    #[sqlx(flatten)]
    access: AccessRow,
}

fn access(rows: &[AccessRow]) -> Result<Option<Access>, StoreError> {
    let Some(first) = rows.first() else { return Ok(None) };
    let mut memberships = Memberships::with_capacity(rows.len());
    for row in rows {
        if let (Some(account_id), Some(role)) = (&row.account_id, &row.role) {
            memberships.push(Membership {
                account_id: account_id.parse().map_err(StoreError::corrupt)?,
                role: role
                    .parse()
                    .map_err(|error: domain::role::UnknownRole| StoreError::corrupt(error))?,
            });
        }
    }
    Ok(Some(Access {
        user_id: first.user_id.parse().map_err(StoreError::corrupt)?,
        is_admin: first.is_admin,
        is_auditor: first.is_auditor,
        memberships,
    }))
}

/// Reads a stored generation.
pub(crate) fn generation(number: i64) -> Result<Generation, StoreError> {
    u32::try_from(number)
        .ok()
        .and_then(Generation::new)
        .ok_or_else(|| StoreError::corrupt(format!("generation {number}")))
}

#[async_trait]
impl<S: Sql> Verifier for S {
    async fn find_live_token(&self, digest: &TokenDigest) -> Result<Option<LiveToken>, StoreError> {
        let question = Statement::new(FIND_LIVE_TOKEN).bind(digest.as_bytes().to_vec());
        let rows = self.fetch::<LiveTokenRow>(question).await?;
        let Some(first) = rows.first() else { return Ok(None) };
        let token_id = first.token_id.parse().map_err(StoreError::corrupt)?;
        let generation = generation(first.generation)?;
        let rows: Vec<AccessRow> = rows.into_iter().map(|row| row.access).collect();
        Ok(access(&rows)?.map(|access| LiveToken { token_id, generation, access }))
    }

    async fn find_access(&self, user_id: UserId) -> Result<Option<Access>, StoreError> {
        let question = Statement::new(FIND_ACCESS).bind(user_id.to_string());
        access(&self.fetch::<AccessRow>(question).await?)
    }
}

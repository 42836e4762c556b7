//! The live set as the tables have it, read in bulk.

use domain::token::TokenDigest;

use super::LiveSet;
use crate::StoreError;
use crate::verifier::generation;

/// A row of a table that a live set is made from. Rows of dead tokens and former members are left out: whatever
/// happens later has a higher sequence.
pub(crate) trait LiveRow: Send + Unpin {
    /// What finds all of them.
    const QUESTION: &str;

    /// Adds what the row says.
    fn add_to(&self, live: &mut LiveSet) -> Result<(), StoreError>;
}

#[derive(sqlx::FromRow)]
pub(crate) struct AccountRow {
    account_id: String,
    is_closed: bool,
    sequence: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct UserRow {
    user_id: String,
    is_admin: bool,
    is_auditor: bool,
    is_locked: bool,
    registered_sequence: i64,
    lock_sequence: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct TokenRow {
    user_id: String,
    token_id: String,
    generation: i64,
    token_digest: Vec<u8>,
    sequence: i64,
}

#[derive(sqlx::FromRow)]
pub(crate) struct MembershipRow {
    account_id: String,
    user_id: String,
    role: String,
    sequence: i64,
}

fn sequence(number: i64) -> Result<u32, StoreError> {
    u32::try_from(number).map_err(StoreError::corrupt)
}

impl LiveRow for AccountRow {
    const QUESTION: &str = "
SELECT account_id, is_closed, sequence
FROM accounts";

    fn add_to(&self, live: &mut LiveSet) -> Result<(), StoreError> {
        let account_id = self.account_id.parse().map_err(StoreError::corrupt)?;
        live.put_account(account_id, self.is_closed, sequence(self.sequence)?);
        Ok(())
    }
}

impl LiveRow for UserRow {
    const QUESTION: &str = "
SELECT user_id, is_admin, is_auditor, is_locked, registered_sequence, lock_sequence
FROM users";

    fn add_to(&self, live: &mut LiveSet) -> Result<(), StoreError> {
        let user_id = self.user_id.parse().map_err(StoreError::corrupt)?;
        let registered = sequence(self.registered_sequence)?;
        live.put_user(user_id, self.is_admin, self.is_auditor, registered);
        // A lock without an event is no less a lock to the database.
        let lock = sequence(self.lock_sequence)?.max(u32::from(self.is_locked));
        live.put_lock(user_id, self.is_locked, lock);
        Ok(())
    }
}

impl LiveRow for TokenRow {
    const QUESTION: &str = "
SELECT user_id, token_id, generation, token_digest, sequence
FROM token_lookup
WHERE token_digest IS NOT NULL";

    fn add_to(&self, live: &mut LiveSet) -> Result<(), StoreError> {
        let user_id = self.user_id.parse().map_err(StoreError::corrupt)?;
        let token_id = self.token_id.parse().map_err(StoreError::corrupt)?;
        let digest = <[u8; 32]>::try_from(&*self.token_digest).map_err(StoreError::corrupt)?;
        let (generation, sequence) = (generation(self.generation)?, sequence(self.sequence)?);
        live.put_token(user_id, token_id, generation, Some(&TokenDigest::new(digest)), sequence);
        Ok(())
    }
}

impl LiveRow for MembershipRow {
    const QUESTION: &str = "
SELECT account_id, user_id, role, sequence
FROM memberships
WHERE role IS NOT NULL";

    fn add_to(&self, live: &mut LiveSet) -> Result<(), StoreError> {
        let account_id = self.account_id.parse().map_err(StoreError::corrupt)?;
        let user_id = self.user_id.parse().map_err(StoreError::corrupt)?;
        let role = self
            .role
            .parse()
            .map_err(|error: domain::role::UnknownRole| StoreError::corrupt(error))?;
        live.put_membership(account_id, user_id, Some(role), sequence(self.sequence)?);
        Ok(())
    }
}

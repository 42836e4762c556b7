//! Forgetting who a user is.
//!
//! What the user did stays, under an id that means nobody: events, the history of tokens, who made which
//! call. What goes is every row that tells who it was or where from. Of other people, those who were called
//! and those in campaigns, nothing goes.
//!
//! **Invariant:** it happens in the transaction of the event that says so. A command of the user's own that
//! was under way meanwhile may still add where it came from: [`Erasure::forget_late`] finds that.

use async_trait::async_trait;
use domain::UserId;

use crate::StoreError;
use crate::sql::{Sql, Statement};

/// Whose rows go, when it is one user's. The user's id is `$1`.
const ONE: &str = "= $1";
/// Whose rows go, when it is everyone's who was ever forgotten.
const ALL: &str = "IN (SELECT user_id FROM users WHERE erased_at IS NOT NULL)";

/// The rows to go, by who the user is. Codes first: whoever is using one up is waited for, and what came of
/// it goes next.
fn texts(whose: &str) -> Vec<String> {
    vec![
        // The codes for whoever comes first, too: the first user may be the one who is forgotten.
        format!(
            "
DELETE FROM setup_codes
WHERE user_id {whose}
   OR (user_id IS NULL AND EXISTS (SELECT 1 FROM users WHERE erased_at IS NOT NULL))"
        ),
        format!("DELETE FROM identities WHERE user_id {whose}"),
        format!("DELETE FROM user_profiles WHERE user_id {whose}"),
        format!("DELETE FROM event_context WHERE user_id {whose}"),
        format!(
            "
DELETE FROM token_refusals
WHERE token_id IN (SELECT token_id FROM token_history WHERE user_id {whose})"
        ),
        // What an auditor read stays recorded; from where, does not.
        format!(
            "
UPDATE audit_reads
SET address = NULL,
    user_agent = NULL
WHERE reader_id {whose}
  AND (address IS NOT NULL OR user_agent IS NOT NULL)"
        ),
    ]
}

/// What to do in the transaction of the event.
pub(crate) fn of(user_id: UserId, forget_sessions: &'static str) -> Vec<Statement> {
    let texts = texts(ONE).into_iter().chain([forget_sessions.to_owned()]);
    texts.map(|text| Statement::new(text).bind(user_id.to_string())).collect()
}

/// What is left to do after the event.
#[async_trait]
pub trait Erasure: Send + Sync {
    /// Deletes what came to be known of a forgotten user since.
    async fn forget_again(&self, user_id: UserId) -> Result<(), StoreError>;

    /// Deletes what came to be known of any forgotten user since; says how many rows.
    async fn forget_late(&self) -> Result<u64, StoreError>;

    /// See [`Sql::scrub`].
    async fn scrub_files(&self) -> Result<(), StoreError>;
}

#[async_trait]
impl<S: Sql> Erasure for S {
    async fn forget_again(&self, user_id: UserId) -> Result<(), StoreError> {
        for statement in of(user_id, S::FORGET_SESSIONS) {
            self.execute(statement).await?;
        }
        Ok(())
    }

    async fn forget_late(&self) -> Result<u64, StoreError> {
        let mut rows = 0;
        for text in texts(ALL) {
            rows += self.execute(Statement::new(text)).await?;
        }
        Ok(rows)
    }

    async fn scrub_files(&self) -> Result<(), StoreError> {
        self.scrub().await
    }
}

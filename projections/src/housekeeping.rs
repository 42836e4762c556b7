//! What is done behind the requests to keep the tables small.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::StoreError;
use crate::sql::{Sql, Statement};

const FORGET_KEYS: &str = "
DELETE FROM idempotency_keys
WHERE expires_at <= $1";

const FORGET_CODES: &str = "
DELETE FROM setup_codes
WHERE expires_at <= $1";

/// Forgets what is of no use any more: whoever asks for it is told the same as before.
#[async_trait]
pub trait Housekeeping: Send + Sync {
    /// Forgets idempotency keys that have expired; says how many.
    async fn forget_expired_keys(&self, at: DateTime<Utc>) -> Result<u64, StoreError>;

    /// Forgets set-up codes that have expired, used or not; says how many.
    async fn forget_expired_codes(&self, at: DateTime<Utc>) -> Result<u64, StoreError>;
}

#[async_trait]
impl<S: Sql> Housekeeping for S {
    async fn forget_expired_keys(&self, at: DateTime<Utc>) -> Result<u64, StoreError> {
        self.execute(Statement::new(FORGET_KEYS).bind(at)).await
    }

    async fn forget_expired_codes(&self, at: DateTime<Utc>) -> Result<u64, StoreError> {
        self.execute(Statement::new(FORGET_CODES).bind(at)).await
    }
}

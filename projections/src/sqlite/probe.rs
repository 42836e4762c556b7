//! Whether the file can be read.

use std::time::Instant;

use async_trait::async_trait;

use super::Sqlite;
use crate::health::{Health, Probe};
use crate::{Directory, StoreError};

#[async_trait]
impl Probe for Sqlite {
    async fn probe(&self, _: Instant) -> Result<Health, StoreError> {
        self.has_users().await?;
        Ok(Health { database: "sqlite", standbys: Vec::new() })
    }
}

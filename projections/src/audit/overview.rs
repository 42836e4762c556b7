//! What an auditor sees at a glance: how much happened on which day, and how the log stands.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use domain::UserId;

use super::history::TokenHistoryKind;
use crate::log::{CheckpointRow, SELECT_CHECKPOINT, unsigned};
use crate::sql::{Sql, Statement};
use crate::{KeptCheckpoint, StoreError};

/// How often something happened to tokens on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCount {
    /// In UTC.
    pub day: NaiveDate,
    /// What.
    pub kind: TokenHistoryKind,
    /// How often.
    pub events: u64,
}

/// The glance.
#[async_trait]
pub trait AuditOverview: Send + Sync {
    /// What happened to tokens from `since` on and before `until`, day by day. Days and kinds without
    /// anything are left out.
    async fn count_token_events(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<DayCount>, StoreError>;

    /// How many events have no place in the log yet.
    async fn count_waiting_events(&self) -> Result<u64, StoreError>;

    /// The latest checkpoints, the largest first, `limit` at most.
    async fn list_checkpoints(&self, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError>;

    /// Who signs in with this address, locked or not.
    async fn find_user_id_by_email(&self, email: &str) -> Result<Option<UserId>, StoreError>;
}

/// Both databases write a time down with the day before everything else, and both in UTC.
const COUNT_BY_DAY: &str = "
SELECT substr(CAST(occurred_at AS TEXT), 1, 10) AS day, kind, count(*) AS events
FROM token_history
WHERE occurred_at >= $1
  AND occurred_at < $2
GROUP BY 1, 2
ORDER BY 1, 2";

const COUNT_WAITING: &str = "
SELECT count(*)
FROM log_queue";

const FIND_USER_ID: &str = "
SELECT user_id
FROM user_profiles
WHERE email = $1";

#[async_trait]
impl<S: Sql> AuditOverview for S {
    async fn count_token_events(
        &self,
        since: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<DayCount>, StoreError> {
        let question = Statement::new(COUNT_BY_DAY).bind(since).bind(until);
        let rows = self.fetch::<(String, String, i64)>(question).await?;
        rows.into_iter()
            .map(|(day, kind, events)| {
                Ok(DayCount {
                    day: day
                        .parse()
                        .map_err(|error: chrono::ParseError| StoreError::corrupt(error))?,
                    kind: TokenHistoryKind::parse(&kind)?,
                    events: unsigned(events)?,
                })
            })
            .collect()
    }

    async fn count_waiting_events(&self) -> Result<u64, StoreError> {
        let count = self.fetch::<(i64,)>(Statement::new(COUNT_WAITING)).await?.pop();
        unsigned(count.map_or(0, |(count,)| count))
    }

    async fn list_checkpoints(&self, limit: u32) -> Result<Vec<KeptCheckpoint>, StoreError> {
        let text = format!("{SELECT_CHECKPOINT}\nORDER BY size DESC, made_at DESC\nLIMIT $1");
        let rows = self.fetch::<CheckpointRow>(Statement::new(text).bind(i64::from(limit))).await?;
        rows.into_iter().map(KeptCheckpoint::try_from).collect()
    }

    async fn find_user_id_by_email(&self, email: &str) -> Result<Option<UserId>, StoreError> {
        let row = self.fetch::<(String,)>(Statement::new(FIND_USER_ID).bind(email)).await?.pop();
        row.map(|(id,)| id.parse().map_err(StoreError::corrupt)).transpose()
    }
}

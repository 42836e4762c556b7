//! Who read what of the history.
//!
//! **Invariant:** nothing is taken back. Only where a reader was may be erased, with the reader.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{TokenId, UserId};
use sqlx::types::Json;

use super::{and, ordered};
use crate::sql::{Sql, Statement};
use crate::{Page, PageRequest, StoreError};

/// One read, as it is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRead {
    /// When.
    pub at: DateTime<Utc>,
    /// As in the reply and the logs.
    pub request_id: String,
    /// Who.
    pub reader_id: UserId,
    /// With which token; `None` in a browser.
    pub token_id: Option<TokenId>,
    /// The client's address; `None` when unknown or erased.
    pub address: Option<String>,
    /// What the client called itself; `None` when unknown or erased.
    pub user_agent: Option<String>,
    /// Of the request.
    pub method: String,
    /// As in the list of routes.
    pub route: String,
    /// What was asked: names and values. No secret.
    pub parameters: Vec<(String, Option<String>)>,
    /// Of the answer.
    pub status: u16,
}

/// One read, as it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditReadEntry {
    /// Which: rises.
    pub id: i64,
    /// The reader's address; `None` when erased.
    pub email: Option<String>,
    /// The read.
    pub read: AuditRead,
}

/// Which reads to list; `None` = whichever.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadFilter {
    /// By whom.
    pub reader_id: Option<UserId>,
    /// Of this route.
    pub route: Option<String>,
    /// Then or later.
    pub since: Option<DateTime<Utc>>,
    /// Before then.
    pub until: Option<DateTime<Utc>>,
}

/// The record of reads.
#[async_trait]
pub trait AuditReads: Send + Sync {
    /// Records a read.
    ///
    /// # Errors
    /// When it is not recorded; then what was read must not be shown.
    async fn record_read(&self, read: &AuditRead) -> Result<(), StoreError>;

    /// Reads, the latest first.
    async fn list_reads(
        &self,
        filter: &ReadFilter,
        request: &PageRequest,
    ) -> Result<Page<AuditReadEntry>, StoreError>;
}

const RECORD: &str = "
INSERT INTO audit_reads (read_at, request_id, reader_id, via, token_id, address, user_agent,
                         method, route, parameters, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

const SELECT: &str = "
SELECT r.id, r.read_at, r.request_id, r.reader_id, p.email, r.token_id, r.address, r.user_agent,
       r.method, r.route, r.parameters, r.status
FROM audit_reads r
LEFT JOIN user_profiles p ON p.user_id = r.reader_id
WHERE r.id > 0";

#[derive(sqlx::FromRow)]
struct ReadRow {
    id: i64,
    read_at: DateTime<Utc>,
    request_id: String,
    reader_id: String,
    email: Option<String>,
    token_id: Option<String>,
    address: Option<String>,
    user_agent: Option<String>,
    method: String,
    route: String,
    parameters: Json<Vec<(String, Option<String>)>>,
    status: i64,
}

impl TryFrom<ReadRow> for AuditReadEntry {
    type Error = StoreError;

    fn try_from(row: ReadRow) -> Result<Self, StoreError> {
        let token_id =
            row.token_id.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?;
        Ok(Self {
            id: row.id,
            email: row.email,
            read: AuditRead {
                at: row.read_at,
                request_id: row.request_id,
                reader_id: row.reader_id.parse().map_err(StoreError::corrupt)?,
                token_id,
                address: row.address,
                user_agent: row.user_agent,
                method: row.method,
                route: row.route,
                parameters: row.parameters.0,
                status: u16::try_from(row.status).map_err(StoreError::corrupt)?,
            },
        })
    }
}

#[async_trait]
impl<S: Sql> AuditReads for S {
    async fn record_read(&self, read: &AuditRead) -> Result<(), StoreError> {
        let parameters = serde_json::to_value(&read.parameters).map_err(StoreError::corrupt)?;
        let via = if read.token_id.is_some() { "token" } else { "session" };
        let record = Statement::new(RECORD)
            .bind(read.at)
            .bind(&*read.request_id)
            .bind(read.reader_id.to_string())
            .bind(via)
            .bind(read.token_id.map(|id| id.to_string()))
            .bind(read.address.clone())
            .bind(read.user_agent.clone())
            .bind(&*read.method)
            .bind(&*read.route)
            .bind(parameters)
            .bind(i64::from(read.status));
        self.execute(record).await.map(drop)
    }

    async fn list_reads(
        &self,
        filter: &ReadFilter,
        request: &PageRequest,
    ) -> Result<Page<AuditReadEntry>, StoreError> {
        let (past, order) = request.direction(false);
        let mut question = Statement::new(SELECT);
        if let Some(cursor) = &request.cursor {
            let key = cursor.key.parse::<i64>().map_err(StoreError::corrupt)?;
            question = and(question, &format!("r.id {past} ?"), key);
        }
        if let Some(reader_id) = filter.reader_id {
            question = and(question, "r.reader_id = ?", reader_id.to_string());
        }
        if let Some(route) = &filter.route {
            question = and(question, "r.route = ?", route.clone());
        }
        for (condition, time) in [("r.read_at >= ?", filter.since), ("r.read_at < ?", filter.until)]
        {
            if let Some(time) = time {
                question = and(question, condition, time);
            }
        }
        let question = ordered(question, &format!("r.id {order}"), request.fetch_limit());
        let rows = self.fetch::<ReadRow>(question).await?;
        let entries =
            rows.into_iter().map(AuditReadEntry::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(request.page(entries, |entry| entry.id.to_string()))
    }
}

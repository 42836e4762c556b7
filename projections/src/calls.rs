//! The calls of an account, and whom they are for.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{AccountId, AssistantId, CallId};
use sqlx::types::Json;

use crate::sql::{Sql, Statement};
use crate::{Deed, Page, PageRequest, StoreError};

/// A call that was triggered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallEntry {
    /// Which.
    pub call_id: CallId,
    /// Who makes it.
    pub assistant_id: AssistantId,
    /// When, and by whom.
    pub triggered: Deed,
    /// Whom it is for; `None` when erased.
    pub details: Option<CallDetailsEntry>,
}

/// Whom a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDetailsEntry {
    /// Of the person called.
    pub name: String,
    /// Whom to call, in E.164 form.
    pub phone_number: String,
    /// From which number, in E.164 form.
    pub from_number: String,
    /// Of the person called.
    pub email: Option<String>,
    /// The IANA name of a time zone.
    pub timezone: Option<String>,
    /// A JSON object: what the assistant should know.
    pub data: Option<serde_json::Value>,
    /// A JSON object: to whom the assistant may hand over, and how.
    pub call_transfer: Option<serde_json::Value>,
}

/// Calls, account by account.
#[async_trait]
pub trait Calls: Send + Sync {
    /// One of the account's.
    async fn find_call(
        &self,
        account_id: AccountId,
        call_id: CallId,
    ) -> Result<Option<CallEntry>, StoreError>;

    /// The account's, newest first.
    async fn list_calls(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<CallEntry>, StoreError>;
}

const SELECT_CALL: &str = "
SELECT c.call_id, c.assistant_id, c.triggered_at, c.actor_id, c.actor_via, c.credential_id,
       d.name, d.phone_number, d.from_number, d.email, d.timezone, d.data, d.call_transfer
FROM calls c
LEFT JOIN call_details d ON d.call_id = c.call_id";

#[derive(sqlx::FromRow)]
struct CallRow {
    call_id: String,
    assistant_id: String,
    triggered_at: DateTime<Utc>,
    actor_id: Option<String>,
    actor_via: String,
    credential_id: Option<String>,
    #[sqlx(flatten)]
    details: DetailsRow,
}

#[derive(sqlx::FromRow)]
struct DetailsRow {
    name: Option<String>,
    phone_number: Option<String>,
    from_number: Option<String>,
    email: Option<String>,
    timezone: Option<String>,
    data: Option<Json<serde_json::Value>>,
    call_transfer: Option<Json<serde_json::Value>>,
}

impl TryFrom<CallRow> for CallEntry {
    type Error = StoreError;

    fn try_from(row: CallRow) -> Result<Self, StoreError> {
        let triggered =
            Deed::read(row.triggered_at, row.actor_id, row.actor_via, row.credential_id)?;
        Ok(Self {
            call_id: row.call_id.parse().map_err(StoreError::corrupt)?,
            assistant_id: row.assistant_id.parse().map_err(StoreError::corrupt)?,
            triggered,
            details: details(row.details),
        })
    }
}

fn details(row: DetailsRow) -> Option<CallDetailsEntry> {
    Some(CallDetailsEntry {
        name: row.name?,
        phone_number: row.phone_number?,
        from_number: row.from_number?,
        email: row.email,
        timezone: row.timezone,
        data: row.data.map(|Json(value)| value),
        call_transfer: row.call_transfer.map(|Json(value)| value),
    })
}

#[async_trait]
impl<S: Sql> Calls for S {
    async fn find_call(
        &self,
        account_id: AccountId,
        call_id: CallId,
    ) -> Result<Option<CallEntry>, StoreError> {
        let question =
            Statement::new(format!("{SELECT_CALL}\nWHERE c.account_id = $1\n  AND c.call_id = $2"))
                .bind(account_id.to_string())
                .bind(call_id.to_string());
        self.fetch::<CallRow>(question).await?.pop().map(CallEntry::try_from).transpose()
    }

    async fn list_calls(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<CallEntry>, StoreError> {
        let question = request.statement_of(
            SELECT_CALL,
            ("c.account_id", account_id.to_string()),
            "c.call_id",
            false,
        );
        let rows = self.fetch::<CallRow>(question).await?;
        let entries = rows.into_iter().map(CallEntry::try_from).collect::<Result<_, _>>()?;
        Ok(request.page(entries, |entry: &CallEntry| entry.call_id.to_string()))
    }
}

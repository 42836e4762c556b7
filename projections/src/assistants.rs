//! The assistants of an account: what makes its calls.

use async_trait::async_trait;
use domain::contact::PhoneNumber;
use domain::{AccountId, AssistantId};

use crate::sql::{Sql, Statement};
use crate::{Page, PageRequest, StoreError};

/// An assistant that can make calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssistantEntry {
    /// Which.
    pub assistant_id: AssistantId,
    /// As people read it.
    pub name: String,
    /// Calls come from it.
    pub phone_number: PhoneNumber,
}

/// Assistants that were not removed.
#[async_trait]
pub trait Assistants: Send + Sync {
    /// One of the account's.
    async fn find_assistant(
        &self,
        account_id: AccountId,
        assistant_id: AssistantId,
    ) -> Result<Option<AssistantEntry>, StoreError>;

    /// The account's, oldest first.
    async fn list_assistants(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<AssistantEntry>, StoreError>;
}

const SELECT_ASSISTANT: &str = "
SELECT a.assistant_id, p.name, p.phone_number
FROM assistants a
JOIN assistant_profiles p ON p.assistant_id = a.assistant_id AND NOT a.is_removed";

#[derive(sqlx::FromRow)]
struct AssistantRow {
    assistant_id: String,
    name: String,
    phone_number: String,
}

impl TryFrom<AssistantRow> for AssistantEntry {
    type Error = StoreError;

    fn try_from(row: AssistantRow) -> Result<Self, StoreError> {
        Ok(Self {
            assistant_id: row.assistant_id.parse().map_err(StoreError::corrupt)?,
            name: row.name,
            phone_number: PhoneNumber::parse(&row.phone_number).map_err(StoreError::corrupt)?,
        })
    }
}

#[async_trait]
impl<S: Sql> Assistants for S {
    async fn find_assistant(
        &self,
        account_id: AccountId,
        assistant_id: AssistantId,
    ) -> Result<Option<AssistantEntry>, StoreError> {
        let question = Statement::new(format!(
            "{SELECT_ASSISTANT}\nWHERE a.account_id = $1\n  AND a.assistant_id = $2"
        ))
        .bind(account_id.to_string())
        .bind(assistant_id.to_string());
        self.fetch::<AssistantRow>(question).await?.pop().map(AssistantEntry::try_from).transpose()
    }

    async fn list_assistants(
        &self,
        account_id: AccountId,
        request: &PageRequest,
    ) -> Result<Page<AssistantEntry>, StoreError> {
        let question = request.statement_of(
            SELECT_ASSISTANT,
            ("a.account_id", account_id.to_string()),
            "a.assistant_id",
            true,
        );
        let rows = self.fetch::<AssistantRow>(question).await?;
        let entries = rows.into_iter().map(AssistantEntry::try_from).collect::<Result<_, _>>()?;
        Ok(request.page(entries, |entry: &AssistantEntry| entry.assistant_id.to_string()))
    }
}

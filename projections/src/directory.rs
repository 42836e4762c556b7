//! The people and accounts of the installation, by name.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::role::UnknownRole;
use domain::{AccountId, AccountRole, InstanceRole, UserId};

use crate::sql::{Sql, Statement};
use crate::{Page, PageRequest, StoreError};

/// A user, as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEntry {
    /// Who.
    pub user_id: UserId,
    /// How the user signs in; `None` when erased.
    pub email: Option<String>,
    /// As people read it; `None` when erased.
    pub name: Option<String>,
    /// Roles across the instance.
    pub roles: BTreeSet<InstanceRole>,
    /// Shut out.
    pub is_locked: bool,
    /// When everything that told who this is was erased; `None` when it was not.
    pub erased_at: Option<DateTime<Utc>>,
}

/// An account, as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountEntry {
    /// Which.
    pub account_id: AccountId,
    /// As people read it.
    pub name: String,
    /// Nobody can act in it.
    pub is_closed: bool,
}

/// A member of an account, as an administrator sees one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMember {
    /// Who.
    pub user_id: UserId,
    /// As people read it; `None` when erased.
    pub name: Option<String>,
    /// As what.
    pub role: AccountRole,
}

/// Who and what there is.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Whether anyone can sign in, or soon will.
    async fn has_users(&self) -> Result<bool, StoreError>;

    /// One user.
    async fn find_user(&self, user_id: UserId) -> Result<Option<UserEntry>, StoreError>;

    /// All users, oldest first.
    async fn list_users(&self, request: &PageRequest) -> Result<Page<UserEntry>, StoreError>;

    /// One account.
    async fn find_account(&self, account_id: AccountId)
    -> Result<Option<AccountEntry>, StoreError>;

    /// All accounts, oldest first.
    async fn list_accounts(&self, request: &PageRequest) -> Result<Page<AccountEntry>, StoreError>;

    /// Everyone who is a member of the account, oldest user first.
    async fn list_members(&self, account_id: AccountId) -> Result<Vec<AccountMember>, StoreError>;

    /// The accounts a user is or was a member of.
    async fn list_accounts_of(&self, user_id: UserId) -> Result<Vec<AccountEntry>, StoreError>;
}

const SELECT_USER: &str = "
SELECT u.user_id, p.email, p.name, u.is_admin, u.is_auditor, u.is_locked, u.erased_at
FROM users u
LEFT JOIN user_profiles p ON p.user_id = u.user_id";

const SELECT_ACCOUNT: &str = "
SELECT a.account_id, p.name, a.is_closed
FROM accounts a
JOIN account_profiles p ON p.account_id = a.account_id";

#[derive(sqlx::FromRow)]
struct UserRow {
    user_id: String,
    email: Option<String>,
    name: Option<String>,
    is_admin: bool,
    is_auditor: bool,
    is_locked: bool,
    erased_at: Option<DateTime<Utc>>,
}

impl TryFrom<UserRow> for UserEntry {
    type Error = StoreError;

    fn try_from(row: UserRow) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: row.user_id.parse().map_err(StoreError::corrupt)?,
            email: row.email,
            name: row.name,
            roles: roles(row.is_admin, row.is_auditor),
            is_locked: row.is_locked,
            erased_at: row.erased_at,
        })
    }
}

/// The roles that two columns stand for.
pub(crate) fn roles(is_admin: bool, is_auditor: bool) -> BTreeSet<InstanceRole> {
    let admin = is_admin.then_some(InstanceRole::Admin);
    let auditor = is_auditor.then_some(InstanceRole::Auditor);
    admin.into_iter().chain(auditor).collect()
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    account_id: String,
    name: String,
    is_closed: bool,
}

impl TryFrom<AccountRow> for AccountEntry {
    type Error = StoreError;

    fn try_from(row: AccountRow) -> Result<Self, StoreError> {
        Ok(Self {
            account_id: row.account_id.parse().map_err(StoreError::corrupt)?,
            name: row.name,
            is_closed: row.is_closed,
        })
    }
}

const LIST_MEMBERS: &str = "
SELECT m.user_id, p.name, m.role
FROM memberships m
LEFT JOIN user_profiles p ON p.user_id = m.user_id
WHERE m.account_id = $1
  AND m.role IS NOT NULL
ORDER BY m.user_id";

fn convert<R, T: TryFrom<R, Error = StoreError>>(rows: Vec<R>) -> Result<Vec<T>, StoreError> {
    rows.into_iter().map(T::try_from).collect()
}

/// `select` with the end that makes it a page in ascending order of `key`.
fn paged(select: &str, key: &str, request: &PageRequest) -> Statement {
    let (past, order) = request.direction(true);
    Statement::new(format!(
        "{select}
WHERE ($1 IS NULL OR {key} {past} $1)
ORDER BY {key} {order}
LIMIT $2"
    ))
    .bind(request.cursor.as_ref().map(|cursor| cursor.key.clone()))
    .bind(request.fetch_limit())
}

#[async_trait]
impl<S: Sql> Directory for S {
    async fn has_users(&self) -> Result<bool, StoreError> {
        let question = Statement::new("SELECT user_id FROM user_profiles LIMIT 1");
        Ok(!self.fetch::<(String,)>(question).await?.is_empty())
    }

    async fn find_user(&self, user_id: UserId) -> Result<Option<UserEntry>, StoreError> {
        let question = Statement::new(format!("{SELECT_USER}\nWHERE u.user_id = $1"))
            .bind(user_id.to_string());
        self.fetch::<UserRow>(question).await?.pop().map(UserEntry::try_from).transpose()
    }

    async fn list_users(&self, request: &PageRequest) -> Result<Page<UserEntry>, StoreError> {
        let rows = self.fetch::<UserRow>(paged(SELECT_USER, "u.user_id", request)).await?;
        Ok(request.page(convert(rows)?, |user: &UserEntry| user.user_id.to_string()))
    }

    async fn find_account(
        &self,
        account_id: AccountId,
    ) -> Result<Option<AccountEntry>, StoreError> {
        let question = Statement::new(format!("{SELECT_ACCOUNT}\nWHERE a.account_id = $1"))
            .bind(account_id.to_string());
        self.fetch::<AccountRow>(question).await?.pop().map(AccountEntry::try_from).transpose()
    }

    async fn list_accounts(&self, request: &PageRequest) -> Result<Page<AccountEntry>, StoreError> {
        let rows = self.fetch::<AccountRow>(paged(SELECT_ACCOUNT, "a.account_id", request)).await?;
        Ok(request.page(convert(rows)?, |account: &AccountEntry| account.account_id.to_string()))
    }

    async fn list_members(&self, account_id: AccountId) -> Result<Vec<AccountMember>, StoreError> {
        let question = Statement::new(LIST_MEMBERS).bind(account_id.to_string());
        let rows = self.fetch::<(String, Option<String>, String)>(question).await?;
        rows.into_iter()
            .map(|(user_id, name, role)| {
                Ok(AccountMember {
                    user_id: user_id.parse().map_err(StoreError::corrupt)?,
                    name,
                    role: role.parse().map_err(|error: UnknownRole| StoreError::corrupt(error))?,
                })
            })
            .collect()
    }

    async fn list_accounts_of(&self, user_id: UserId) -> Result<Vec<AccountEntry>, StoreError> {
        let question = Statement::new(format!(
            "{SELECT_ACCOUNT}
JOIN memberships m ON m.account_id = a.account_id
WHERE m.user_id = $1
ORDER BY a.account_id"
        ))
        .bind(user_id.to_string());
        convert(self.fetch::<AccountRow>(question).await?)
    }
}

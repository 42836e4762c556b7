//! How people prove who they are: password hashes and set-up codes.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{InstanceRole, UserId};

use crate::StoreError;
use crate::directory::roles;
use crate::sql::{Sql, Statement};
use crate::submission::SetupCode;
use crate::write::issue_setup_code;

/// A person who can sign in. No `Serialize`; `Debug` leaves the hash out.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// Who.
    pub user_id: UserId,
    /// How the user signs in.
    pub email: String,
    /// As people read it.
    pub name: String,
    /// Roles across the instance.
    pub roles: BTreeSet<InstanceRole>,
    /// argon2id in PHC text form.
    pub password_hash: String,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Passwords and set-up codes.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// The unlocked person with this e-mail address (lower case) who has chosen a password.
    async fn find_registration_by_email(
        &self,
        email: &str,
    ) -> Result<Option<Registration>, StoreError>;

    /// The same by id.
    async fn find_registration(&self, user_id: UserId) -> Result<Option<Registration>, StoreError>;

    /// Makes a set-up code usable.
    async fn issue_setup_code(&self, code: &SetupCode) -> Result<(), StoreError>;

    /// The code with this digest, if it is unused and unexpired.
    async fn find_setup_code(
        &self,
        digest: [u8; 32],
        at: DateTime<Utc>,
    ) -> Result<Option<SetupCode>, StoreError>;

    /// Uses up an invitation and sets its user's password, both or neither; `false` when the code was
    /// used in the meantime.
    async fn redeem_invitation(
        &self,
        code: &SetupCode,
        password_hash: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

const SELECT_REGISTRATION: &str = "
SELECT p.user_id, p.email, p.name, p.password_hash, u.is_admin, u.is_auditor
FROM user_profiles p
JOIN users u ON u.user_id = p.user_id
WHERE p.password_hash IS NOT NULL
  AND u.registered_sequence > 0
  AND NOT u.is_locked";

const FIND_SETUP_CODE: &str = "
SELECT user_id, expires_at
FROM setup_codes
WHERE code_digest = $1
  AND used_at IS NULL";

// One statement: the password is set by whoever uses the code up, and an invitation works only for
// someone who has no password yet.
const REDEEM_INVITATION: &str = "
UPDATE user_profiles
SET password_hash = $3
WHERE user_id = $2
  AND password_hash IS NULL
  AND EXISTS (SELECT 1
              FROM setup_codes
              WHERE code_digest = $1
                AND user_id = $2
                AND used_at IS NULL)";

const USE_UP_SETUP_CODE: &str = "
UPDATE setup_codes
SET used_at = $2
WHERE code_digest = $1";

#[derive(sqlx::FromRow)]
struct RegistrationRow {
    user_id: String,
    email: String,
    name: String,
    password_hash: String,
    is_admin: bool,
    is_auditor: bool,
}

impl TryFrom<RegistrationRow> for Registration {
    type Error = StoreError;

    fn try_from(row: RegistrationRow) -> Result<Self, StoreError> {
        Ok(Self {
            user_id: row.user_id.parse().map_err(StoreError::corrupt)?,
            email: row.email,
            name: row.name,
            roles: roles(row.is_admin, row.is_auditor),
            password_hash: row.password_hash,
        })
    }
}

async fn find_one(sql: &impl Sql, question: Statement) -> Result<Option<Registration>, StoreError> {
    sql.fetch::<RegistrationRow>(question).await?.pop().map(Registration::try_from).transpose()
}

#[async_trait]
impl<S: Sql> SignIn for S {
    async fn find_registration_by_email(
        &self,
        email: &str,
    ) -> Result<Option<Registration>, StoreError> {
        let text = format!("{SELECT_REGISTRATION}\n  AND p.email = $1");
        find_one(self, Statement::new(text).bind(email)).await
    }

    async fn find_registration(&self, user_id: UserId) -> Result<Option<Registration>, StoreError> {
        let text = format!("{SELECT_REGISTRATION}\n  AND p.user_id = $1");
        find_one(self, Statement::new(text).bind(user_id.to_string())).await
    }

    async fn issue_setup_code(&self, code: &SetupCode) -> Result<(), StoreError> {
        self.execute(issue_setup_code(code)).await.map(drop)
    }

    async fn find_setup_code(
        &self,
        digest: [u8; 32],
        at: DateTime<Utc>,
    ) -> Result<Option<SetupCode>, StoreError> {
        let question = Statement::new(FIND_SETUP_CODE).bind(digest.to_vec());
        let rows = self.fetch::<(Option<String>, DateTime<Utc>)>(question).await?;
        let Some((user_id, expires_at)) = rows.into_iter().next() else { return Ok(None) };
        if at >= expires_at {
            return Ok(None);
        }
        let user_id = user_id.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?;
        Ok(Some(SetupCode { digest, user_id, expires_at }))
    }

    async fn redeem_invitation(
        &self,
        code: &SetupCode,
        password_hash: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(user_id) = code.user_id else { return Ok(false) };
        let redeem = Statement::new(REDEEM_INVITATION)
            .bind(code.digest.to_vec())
            .bind(user_id.to_string())
            .bind(password_hash);
        if self.execute(redeem).await? == 0 {
            return Ok(false);
        }
        self.execute(Statement::new(USE_UP_SETUP_CODE).bind(code.digest.to_vec()).bind(at)).await?;
        Ok(true)
    }
}

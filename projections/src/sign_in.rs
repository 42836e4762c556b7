//! How people prove who they are: password hashes, identities at providers, and set-up codes.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::{InstanceRole, UserId};

use crate::directory::roles;
use crate::sql::{Sql, Statement};
use crate::write::issue_setup_code;
use crate::{SetupCode, StoreError};

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
    /// argon2id in PHC text form; `None` for someone who comes in another way.
    pub password_hash: Option<String>,
    /// Sessions begun under an earlier one have ended.
    pub session_epoch: i64,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").field("user_id", &self.user_id).finish_non_exhaustive()
    }
}

/// Someone as an identity provider names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider's URL.
    pub issuer: String,
    /// The provider's name for the person, never reused.
    pub subject: String,
}

/// Passwords, identities and set-up codes.
#[async_trait]
pub trait SignIn: Send + Sync {
    /// The unlocked person with this e-mail address (lower case).
    async fn find_registration_by_email(
        &self,
        email: &str,
    ) -> Result<Option<Registration>, StoreError>;

    /// The same by id.
    async fn find_registration(&self, user_id: UserId) -> Result<Option<Registration>, StoreError>;

    /// The unlocked person with this identity.
    async fn find_registration_by_identity(
        &self,
        identity: &Identity,
    ) -> Result<Option<Registration>, StoreError>;

    /// Ends every session of the user.
    async fn end_sessions(&self, user_id: UserId) -> Result<(), StoreError>;

    /// Makes a set-up code usable.
    async fn issue_setup_code(&self, code: &SetupCode) -> Result<(), StoreError>;

    /// The code with this digest, if it is unused and unexpired.
    async fn find_setup_code(
        &self,
        digest: [u8; 32],
        at: DateTime<Utc>,
    ) -> Result<Option<SetupCode>, StoreError>;

    /// Uses up an invitation and sets its user's first password, both or neither; `false` when the code
    /// was used or expired in the meantime, or the user has a password.
    async fn redeem_invitation(
        &self,
        code: &SetupCode,
        password_hash: &str,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;

    /// Uses up an invitation and gives its user the identity, both or neither; `false` when the code
    /// was used or expired in the meantime, or the identity belongs to someone.
    async fn link_identity(
        &self,
        code: &SetupCode,
        identity: &Identity,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError>;
}

const SELECT_REGISTRATION: &str = "
SELECT p.user_id, p.email, p.name, p.password_hash, p.session_epoch, u.is_admin, u.is_auditor
FROM user_profiles p
JOIN users u ON u.user_id = p.user_id
WHERE u.registered_sequence > 0
  AND NOT u.is_locked";

const FIND_SETUP_CODE: &str = "
SELECT user_id, expires_at
FROM setup_codes
WHERE code_digest = $1
  AND used_at IS NULL";

const USE_UP_INVITATION: &str = "
UPDATE setup_codes
SET used_at = $3
WHERE code_digest = $1
  AND user_id = $2
  AND used_at IS NULL
  AND expires_at > $3";

const SET_PASSWORD: &str = "
UPDATE user_profiles
SET password_hash = $2
WHERE user_id = $1
  AND password_hash IS NULL";

const INSERT_IDENTITY: &str = "
INSERT INTO identities (issuer, subject, user_id)
VALUES ($1, $2, $3)
ON CONFLICT (issuer, subject) DO NOTHING";

const END_SESSIONS: &str = "
UPDATE user_profiles
SET session_epoch = session_epoch + 1
WHERE user_id = $1";

fn use_up_invitation(code: &SetupCode, user_id: UserId, at: DateTime<Utc>) -> Statement {
    Statement::new(USE_UP_INVITATION).bind(code.digest.to_vec()).bind(user_id.to_string()).bind(at)
}

#[derive(sqlx::FromRow)]
struct RegistrationRow {
    user_id: String,
    email: String,
    name: String,
    password_hash: Option<String>,
    session_epoch: i64,
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
            session_epoch: row.session_epoch,
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

    async fn find_registration_by_identity(
        &self,
        identity: &Identity,
    ) -> Result<Option<Registration>, StoreError> {
        let text = format!(
            "{SELECT_REGISTRATION}
  AND p.user_id = (SELECT user_id FROM identities WHERE issuer = $1 AND subject = $2)"
        );
        let question = Statement::new(text).bind(&*identity.issuer).bind(&*identity.subject);
        find_one(self, question).await
    }

    async fn end_sessions(&self, user_id: UserId) -> Result<(), StoreError> {
        self.execute(Statement::new(END_SESSIONS).bind(user_id.to_string())).await.map(drop)
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
        let set = Statement::new(SET_PASSWORD).bind(user_id.to_string()).bind(password_hash);
        self.execute_all(vec![use_up_invitation(code, user_id, at), set]).await
    }

    async fn link_identity(
        &self,
        code: &SetupCode,
        identity: &Identity,
        at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let Some(user_id) = code.user_id else { return Ok(false) };
        let link = Statement::new(INSERT_IDENTITY)
            .bind(&*identity.issuer)
            .bind(&*identity.subject)
            .bind(user_id.to_string());
        self.execute_all(vec![use_up_invitation(code, user_id, at), link]).await
    }
}

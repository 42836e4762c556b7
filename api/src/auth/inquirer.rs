//! Who may ask about the history of tokens: auditors about everyone, anyone else about themself.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::UserId;

use super::{Caller, Credential};
use crate::app::App;
use crate::error::ApiError;

/// Someone who asks about tokens. An auditor by session or token; anyone else in a browser only, because a
/// token that leaked must not tell of others before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inquirer {
    user_id: UserId,
    is_auditor: bool,
}

impl Inquirer {
    /// About whom is asked: `None` = about everyone.
    ///
    /// # Errors
    /// `Forbidden` when someone who is no auditor asks about someone else.
    pub fn subject(self, named: Option<UserId>) -> Result<Option<UserId>, ApiError> {
        match named {
            named if self.is_auditor => Ok(named),
            None => Ok(Some(self.user_id)),
            Some(named) if named == self.user_id => Ok(Some(named)),
            Some(_) => Err(ApiError::Forbidden),
        }
    }

    /// About which one user is asked: the inquirer, when nobody is named.
    ///
    /// # Errors
    /// `Forbidden` when someone who is no auditor asks about someone else.
    pub fn one(self, named: Option<UserId>) -> Result<UserId, ApiError> {
        Ok(self.subject(named)?.unwrap_or(self.user_id))
    }

    /// Whether the inquirer may know of what belongs to `owner`.
    pub fn may_know_of(self, owner: UserId) -> bool {
        self.is_auditor || owner == self.user_id
    }
}

impl FromRequestParts<App> for Inquirer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        let inquirer = Self { user_id: caller.user_id(), is_auditor: caller.access.is_auditor };
        match caller.credential {
            Credential::Session => Ok(inquirer),
            Credential::Token { .. } if inquirer.is_auditor => Ok(inquirer),
            Credential::Token { .. } => Err(ApiError::Forbidden),
        }
    }
}

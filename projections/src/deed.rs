//! When something was done, and by whom, as read models tell it.

use chrono::{DateTime, Utc};
use domain::UserId;

use crate::StoreError;

/// When something was done, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: DateTime<Utc>,
    /// The user; `None` = nobody in particular, as through a webhook URL.
    pub user_id: Option<UserId>,
    /// By what right; see [`Via::as_str`](crate::Via::as_str).
    pub via: String,
    /// Exactly which token or webhook URL; `None` for any other right.
    pub credential_id: Option<String>,
}

impl Deed {
    /// Reads the four columns.
    pub(crate) fn read(
        at: DateTime<Utc>,
        user_id: Option<String>,
        via: String,
        credential_id: Option<String>,
    ) -> Result<Self, StoreError> {
        let user_id = user_id.map(|id| id.parse().map_err(StoreError::corrupt)).transpose()?;
        Ok(Self { at, user_id, via, credential_id })
    }
}

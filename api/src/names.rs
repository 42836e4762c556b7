//! What people and accounts are called, for answers that are right without it.
//!
//! **Invariant:** nobody who was verified is refused because a name cannot be had, and nobody waits long for one.

use std::sync::Arc;
use std::time::Duration;

use domain::{AccountId, UserId};
use hashbrown::HashMap;
use projections::{Directory, StoreError};

use crate::error::ApiError;

/// Asks the database for names, and does not insist.
pub struct Names {
    directory: Arc<dyn Directory>,
    patience: Duration,
}

/// A user's name, and those of the accounts that the user is or was a member of.
#[derive(Default)]
pub struct NamesOfUser {
    /// `None` of an erased user, too.
    pub user: Option<String>,
    /// By account.
    pub accounts: HashMap<AccountId, String>,
}

impl Names {
    /// Waits so long for an answer of the directory.
    pub fn new(directory: Arc<dyn Directory>, patience: Duration) -> Self {
        Self { directory, patience }
    }

    /// The names that have to do with a user; `None` when they cannot be had now.
    ///
    /// # Errors
    /// `Internal` for a directory that cannot be understood.
    pub async fn find_for_user(&self, id: UserId) -> Result<Option<NamesOfUser>, ApiError> {
        let asked = async {
            let user = self.directory.find_user(id).await?.and_then(|user| user.name);
            let accounts = self.directory.list_accounts_of(id).await?.into_iter();
            let accounts = accounts.map(|account| (account.account_id, account.name)).collect();
            Ok(NamesOfUser { user, accounts })
        };
        self.in_time(asked).await
    }

    /// What an account is called; `None` when that cannot be had now.
    ///
    /// # Errors
    /// `Internal` for a directory that cannot be understood.
    pub async fn find_for_account(&self, id: AccountId) -> Result<Option<String>, ApiError> {
        let account = self.in_time(self.directory.find_account(id)).await?.flatten();
        Ok(account.map(|account| account.name))
    }

    async fn in_time<T>(
        &self,
        asked: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<Option<T>, ApiError> {
        match tokio::time::timeout(self.patience, asked).await {
            Ok(Ok(found)) => Ok(Some(found)),
            Ok(Err(StoreError::Unavailable(_))) | Err(_) => Ok(None),
            Ok(Err(error)) => Err(error.into()),
        }
    }
}

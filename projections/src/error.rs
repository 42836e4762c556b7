//! Everything that can go wrong between a command or a question and the database.

use std::error::Error;
use std::sync::Arc;

use cqrs_es::persist::PersistenceError;

type Source = Box<dyn Error + Send + Sync>;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another command wrote the aggregate's next event first. Nothing was written.
    #[error("another command changed the aggregate first")]
    Conflict,
    /// The user is locked or unknown, and so gets no token. Nothing was written.
    #[error("the user is locked or unknown")]
    UserNotActive,
    /// The e-mail address belongs to someone else. Nothing was written.
    #[error("the e-mail address is in use")]
    EmailTaken,
    /// A first user exists. Nothing was written.
    #[error("the first user exists")]
    AlreadySetUp,
    /// The set-up code is unknown, used or expired. Nothing was written.
    #[error("the set-up code is not valid")]
    SetupCodeRefused,
    /// A command was carried out under this idempotency key before. Nothing was written.
    #[error("a command was carried out under this idempotency key")]
    Repeated,
    /// The idempotency key belongs to another request. Nothing was written.
    #[error("the idempotency key belongs to another request")]
    KeyReused,
    /// The database could not be asked. No event was written.
    #[error("the database cannot be asked")]
    Unavailable(#[source] Source),
    /// The commit was sent and its answer was lost: it may or may not have happened.
    #[error("the outcome of the commit is unknown")]
    OutcomeUnknown(#[source] Source),
    /// What is stored cannot be understood, or the database broke a rule that always holds.
    #[error("the stored data is not as it must be")]
    Corrupt(#[source] Source),
}

impl StoreError {
    pub(crate) fn corrupt(error: impl Into<Source>) -> Self {
        Self::Corrupt(error.into())
    }

    /// What each of several is told that failed as one, before anything was written.
    pub(crate) fn of_several(failure: &Arc<Self>) -> Self {
        let cause = Box::new(Arc::clone(failure));
        if matches!(**failure, Self::Corrupt(_)) {
            return Self::Corrupt(cause);
        }
        Self::Unavailable(cause)
    }
}

/// A failed question says nothing about the data, except when the data itself is the problem.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_)) {
            return Self::corrupt(error);
        }
        Self::Unavailable(error.into())
    }
}

/// How the error travels through cqrs-es, which knows conflicts and hands the rest through.
impl From<StoreError> for PersistenceError {
    fn from(error: StoreError) -> Self {
        if matches!(error, StoreError::Conflict) {
            return Self::OptimisticLockError;
        }
        Self::UnknownError(error.into())
    }
}

//! Browser sessions under a time limit: a database that does not answer must not hold a request for ever.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};
use tower_sessions::{ExpiredDeletion, SessionStore};

/// Longest wait for any answer of the store.
const LIMIT: Duration = Duration::from_secs(5);

/// A session store whose every call ends in time.
#[derive(Clone, Debug)]
pub struct TimedStore<S>(S);

impl<S> TimedStore<S> {
    /// The same store, under the limit.
    pub const fn new(store: S) -> Self {
        Self(store)
    }
}

async fn in_time<T: Send>(answer: impl Future<Output = Result<T>> + Send) -> Result<T> {
    tokio::time::timeout(LIMIT, answer)
        .await
        .unwrap_or_else(|_| Err(Error::Backend("the session store did not answer in time".into())))
}

#[async_trait]
impl<S: SessionStore> SessionStore for TimedStore<S> {
    async fn create(&self, record: &mut Record) -> Result<()> {
        in_time(self.0.create(record)).await
    }

    async fn save(&self, record: &Record) -> Result<()> {
        in_time(self.0.save(record)).await
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        in_time(self.0.load(id)).await
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        in_time(self.0.delete(id)).await
    }
}

#[async_trait]
impl<S: ExpiredDeletion> ExpiredDeletion for TimedStore<S> {
    async fn delete_expired(&self) -> Result<()> {
        in_time(self.0.delete_expired()).await
    }
}

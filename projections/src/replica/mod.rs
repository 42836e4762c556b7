//! The whole live set in memory: whose each token is, and what that person may do right now.
//!
//! It is changed by the same [`Change`](crate::projector::Change)s that the tables are, and answers only while it is
//! certain to be as strict as asking the primary: on SQLite it changes inside the write's critical section; on
//! PostgreSQL it is under a [`lease`](crate::lease).
//!
//! **Invariant:** what memory cannot answer is asked of the database, once; what that cannot answer is refused.

#[cfg(feature = "failpoints")]
mod faults;
mod live_set;
mod loading;
mod memory;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cqrs_es::Aggregate;
use cqrs_es::persist::SerializedEvent;
use domain::token::TokenDigest;
use domain::{Account, Token, User, UserId};

pub use live_set::{LiveSet, Verdict};
pub(crate) use loading::{AccountRow, LiveRow, MembershipRow, TokenRow, UserRow};
pub use memory::Memory;

use crate::recorded::RecordedEvent;
use crate::verifier::{Access, LiveToken, Verifier};
use crate::{StoreError, lease, projector};

/// What [`memory`] is made of; a model puts others in their place.
mod sync {
    pub(super) use std::sync::RwLock;
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};
}

/// Whether events of this type of aggregate change what a caller may do.
pub fn follows(aggregate_type: &str) -> bool {
    [Token::TYPE, User::TYPE, Account::TYPE].contains(&aggregate_type)
}

/// Answers from memory while it may, and otherwise asks the database.
#[derive(Clone)]
pub struct Replica {
    memory: Arc<Memory<LiveSet>>,
    database: Arc<dyn Verifier>,
    /// Longest wait for the database.
    patience: Option<Duration>,
}

impl Replica {
    /// A replica that asks `database` when memory must not answer, and waits for `patience` at most.
    pub const fn new(
        memory: Arc<Memory<LiveSet>>,
        database: Arc<dyn Verifier>,
        patience: Option<Duration>,
    ) -> Self {
        Self { memory, database, patience }
    }

    async fn in_time<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let Some(patience) = self.patience else { return answer.await };
        let too_late = "the database did not answer in time, and there is no lease";
        tokio::time::timeout(patience, answer)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(too_late.into())))
    }
}

fn certain<T>(verdict: Verdict<T>) -> Result<Option<T>, StoreError> {
    match verdict {
        Verdict::Live(found) => Ok(Some(found)),
        Verdict::Nothing => Ok(None),
        Verdict::NotUnderstood => {
            let cause = "an event was recorded that this version does not understand";
            Err(StoreError::Unavailable(cause.into()))
        }
    }
}

#[async_trait]
impl Verifier for Replica {
    async fn find_live_token(&self, digest: &TokenDigest) -> Result<Option<LiveToken>, StoreError> {
        #[cfg(feature = "failpoints")]
        if let Some(wrong) = faults::wrong_answer(digest) {
            return Ok(Some(wrong));
        }
        let found = match self.memory.ask(|live| live.find_live_token(digest)) {
            Some(verdict) => certain(verdict),
            None => self.in_time(self.database.find_live_token(digest)).await,
        };
        #[cfg(feature = "failpoints")]
        if let Ok(Some(found)) = &found {
            faults::remember(digest, found);
        }
        found
    }

    async fn find_access(&self, user_id: UserId) -> Result<Option<Access>, StoreError> {
        match self.memory.ask(|live| live.find_access(user_id)) {
            Some(verdict) => certain(verdict),
            None => self.in_time(self.database.find_access(user_id)).await,
        }
    }
}

/// Does to the live set what an event says.
pub(crate) fn apply(live: &mut LiveSet, event: &SerializedEvent) {
    if !follows(&event.aggregate_type) {
        return;
    }
    match RecordedEvent::read(event) {
        Ok(recorded) => projector::changes(&recorded).iter().for_each(|change| live.apply(change)),
        Err(error) => distrust(live, event, &error),
    }
}

/// Nobody knows what an event that cannot be read has changed, so whoever it may concern is refused.
fn distrust(live: &mut LiveSet, event: &SerializedEvent, error: &StoreError) {
    let (kind, id) = (&*event.aggregate_type, &*event.aggregate_id);
    tracing::error!(
        %error,
        event_type = event.event_type,
        "cannot apply an event of {kind} {id}; whoever it concerns is refused until the next start"
    );
    if kind == Account::TYPE {
        if let Ok(account_id) = id.parse() {
            live.distrust_account(account_id);
        }
    } else if let Ok(user_id) = id.parse() {
        live.distrust_user(user_id);
    }
}

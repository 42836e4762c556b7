//! The whole live set in memory: whose each token is, and what that person may do right now.
//!
//! It is changed by the same [`Change`](crate::projector::Change)s that the tables are, and answers only while it is
//! certain to be as strict as asking the primary: on SQLite it changes inside the write's critical section; on
//! PostgreSQL it is under a [`lease`].
//!
//! **Invariant:** what memory cannot answer is asked of the database, once; what that does not answer in time, and memory has
//! not come to know meanwhile, is refused.

#[cfg(feature = "failpoints")]
mod faults;
mod intent;
mod live_set;
mod loading;
mod memory;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use cqrs_es::Aggregate;
use cqrs_es::persist::SerializedEvent;
use domain::token::TokenDigest;
use domain::{Account, Token, User, UserId};
use metrics::Counter;

pub use intent::{Intent, InvalidIntent};
pub use live_set::{LiveSet, Verdict};
pub(crate) use loading::{Fields, QUESTIONS, Question, SIZES, with_room};
pub use memory::Memory;

use crate::recorded::RecordedEvent;
use crate::verifier::{Access, LiveToken, Verifier};
use crate::{StoreError, lease, measures, projector};

/// What [`memory`] is made of; a model puts others in their place.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU64, Ordering};

    pub(super) use crossbeam_utils::sync::ShardedLock;
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
    counted: Arc<OnceLock<Counted>>,
}

/// Who answered, how often. Looked up by name once: a verification takes less time than that.
struct Counted {
    memory: Counter,
    database: Counter,
    nowhere: Counter,
}

impl Counted {
    fn new() -> Self {
        let from = |from| metrics::counter!(measures::VERIFICATIONS, "from" => from);
        Self { memory: from("memory"), database: from("database"), nowhere: from("nowhere") }
    }
}

impl Replica {
    /// A replica that asks `database` when memory must not answer.
    pub fn new(memory: Arc<Memory<LiveSet>>, database: Arc<dyn Verifier>) -> Self {
        Self { memory, database, counted: Arc::default() }
    }

    /// What memory says, or else the database.
    async fn answer<T, F: Future<Output = Result<Option<T>, StoreError>>>(
        &self,
        read: impl Fn(&LiveSet) -> Verdict<T>,
        ask: impl FnOnce() -> F,
    ) -> Result<Option<T>, StoreError> {
        let counted = self.counted.get_or_init(Counted::new);
        let (answer, by) = match self.recall(&read) {
            Some(known) => (known, &counted.memory),
            None => match ask().await {
                // A lease may have come meanwhile, and the change may be done that was under way.
                Err(error) => (self.recall(&read).unwrap_or(Err(error)), &counted.memory),
                said => (said, &counted.database),
            },
        };
        if answer.is_ok() { by } else { &counted.nowhere }.increment(1);
        answer
    }

    /// What memory says, if it is certain.
    fn recall<T>(
        &self,
        read: impl FnOnce(&LiveSet) -> Verdict<T>,
    ) -> Option<Result<Option<T>, StoreError>> {
        match self.memory.ask(read)? {
            Verdict::Live(found) => Some(Ok(Some(found))),
            Verdict::Nothing => Some(Ok(None)),
            Verdict::NotUnderstood => Some(Err(not_understood())),
            Verdict::Unsettled => None,
        }
    }
}

fn not_understood() -> StoreError {
    let cause = "an event was recorded that this version does not understand";
    StoreError::Unavailable(cause.into())
}

#[async_trait]
impl Verifier for Replica {
    async fn find_live_token(&self, digest: &TokenDigest) -> Result<Option<LiveToken>, StoreError> {
        #[cfg(feature = "failpoints")]
        if let Some(wrong) = faults::wrong_answer(digest) {
            return Ok(Some(wrong));
        }
        let ask = || self.database.find_live_token(digest);
        let found = self.answer(|live| live.find_live_token(digest), ask).await;
        #[cfg(feature = "failpoints")]
        if let Ok(Some(found)) = &found {
            faults::remember(digest, found);
        }
        found
    }

    fn find_live_token_at_once(&self, digest: &TokenDigest) -> Option<Option<LiveToken>> {
        // Wrong answers that tests ask for are given by the other way.
        #[cfg(feature = "failpoints")]
        if faults::are_asked_for() {
            return None;
        }
        let found = self.recall(|live| live.find_live_token(digest))?.ok()?;
        self.counted.get_or_init(Counted::new).memory.increment(1);
        Some(found)
    }

    async fn find_access(&self, user_id: UserId) -> Result<Option<Access>, StoreError> {
        let ask = || self.database.find_access(user_id);
        self.answer(|live| live.find_access(user_id), ask).await
    }
}

/// Publishes that memory was filled.
pub(crate) fn tell_loaded(live: &LiveSet, milliseconds: u128) {
    let (users, tokens) = (live.users(), live.tokens());
    tracing::info!(users, tokens, "loaded {tokens} tokens of {users} users in {milliseconds} ms");
    metrics::counter!(measures::REPLICA_LOADS).increment(1);
    tell_size(live);
}

fn tell_size(live: &LiveSet) {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    metrics::gauge!(measures::REPLICA_USERS).set(number(live.users()));
    metrics::gauge!(measures::REPLICA_TOKENS).set(number(live.tokens()));
}

/// Does to the live set what events say.
pub(crate) fn apply_all(live: &mut LiveSet, events: &[SerializedEvent]) {
    for event in events {
        apply(live, event);
    }
    tell_size(live);
}

fn apply(live: &mut LiveSet, event: &SerializedEvent) {
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

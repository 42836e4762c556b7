//! Tells one endpoint: takes what is due, posts it, and notes what became of it.
//!
//! Any number of nodes may do so at the same time; the claim decides who sends a delivery. A node that
//! dies in the middle leaves a claim that runs out, and the next one sends again.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use projections::{DueDelivery, FailedAttempt, StoreError};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::endpoint::Endpoint;
use super::message;
use super::post::{NotDelivered, PATIENCE, Postman};
use crate::app::App;
use crate::measures::table::DELIVERY_ATTEMPTS;

/// A claim runs out after this long.
const CLAIM: TimeDelta = TimeDelta::seconds(20);
/// An attempt that begins with less of its claim left is not made: another could begin before it ends.
const ATTEMPT: TimeDelta = TimeDelta::seconds(11);
/// Messages under way to one endpoint at the same time, each of another aggregate.
const AT_ONCE: usize = 8;
/// What another node committed, and what has become due, is found this soon.
const POLL: Duration = Duration::from_secs(1);

/// Who tells one endpoint.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) app: App,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) postman: Postman,
}

impl Worker {
    /// Works until `stop`, and then until what is under way has ended.
    pub(super) async fn run(self, mut bell: watch::Receiver<()>, stop: CancellationToken) {
        let mut under_way = JoinSet::new();
        let mut store_answers = true;
        while !stop.is_cancelled() {
            let taken = self.take(&mut under_way).await;
            if let (Err(error), true) = (&taken, store_answers) {
                let name = self.endpoint.name();
                tracing::warn!(endpoint = name, %error, "cannot see what endpoint {name} is to be told");
            }
            store_answers = taken.is_ok();
            tokio::select! {
                () = stop.cancelled() => {}
                Some(_) = under_way.join_next() => {}
                Ok(()) = bell.changed(), if store_answers => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Claims what is due, as much as there are hands for, and begins to send it.
    async fn take(&self, under_way: &mut JoinSet<()>) -> Result<(), StoreError> {
        let free = AT_ONCE.saturating_sub(under_way.len());
        if free == 0 {
            return Ok(());
        }
        let store = &self.app.store;
        for due in store.list_due_deliveries(self.endpoint.name(), self.app.now(), free).await? {
            let now = self.app.now();
            let until = now + CLAIM;
            if store.claim_delivery(due.id, now, until).await? {
                let span = tracing::info_span!(
                    "delivery",
                    id = due.id,
                    endpoint = self.endpoint.name(),
                    event_type = due.event_type
                );
                under_way.spawn(self.clone().attempt(due, until).instrument(span));
            }
        }
        Ok(())
    }

    /// One attempt. Without an outcome on record the claim runs out, and another follows.
    async fn attempt(self, due: DueDelivery, claimed_until: DateTime<Utc>) {
        if self.app.now() + ATTEMPT > claimed_until {
            return;
        }
        let outcome = match tokio::time::timeout(PATIENCE, self.tell(&due)).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot make the message of delivery {}", due.id);
                return;
            }
            Err(_) => Err(NotDelivered { status: None, reason: "no answer in time".to_owned() }),
        };
        let noted = match outcome {
            Ok(status) => {
                tracing::debug!(status, "delivery {} arrived", due.id);
                metrics::counter!(DELIVERY_ATTEMPTS, "outcome" => "arrived").increment(1);
                self.app.store.finish_delivery(due.id, status, self.app.now()).await
            }
            Err(failure) => self.fail(&due, claimed_until, failure).await,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "cannot note what became of delivery {}", due.id);
        }
    }

    /// Makes the message and posts it.
    ///
    /// # Errors
    /// When the store cannot be asked, which is no fault of the receiver's.
    async fn tell(&self, due: &DueDelivery) -> Result<Result<u16, NotDelivered>, StoreError> {
        let body = match self.body(due).await {
            Ok(body) => body,
            Err(StoreError::Corrupt(error)) => {
                tracing::error!(%error, "the event of delivery {} cannot be told", due.id);
                let reason = "the event cannot be told; the log says why".to_owned();
                return Ok(Err(NotDelivered { status: None, reason }));
            }
            Err(error) => return Err(error),
        };
        let id = message::id(&due.event);
        Ok(self.postman.post(&self.endpoint, &id, body, self.app.now()).await)
    }

    async fn body(&self, due: &DueDelivery) -> Result<String, StoreError> {
        let store = &*self.app.store;
        message::body(store, &store.find_event(&due.event).await?).await
    }

    async fn fail(
        &self,
        due: &DueDelivery,
        claimed_until: DateTime<Utc>,
        NotDelivered { status, reason }: NotDelivered,
    ) -> Result<(), StoreError> {
        let (now, attempts) = (self.app.now(), due.attempts + 1);
        let wait = self.app.endpoints.schedule().wait(attempts, &mut self.app.chance.rng());
        let name = self.endpoint.name();
        let then = if wait.is_some() { "it is tried again" } else { "it is dead" };
        tracing::warn!(
            status,
            attempts,
            reason,
            "attempt {attempts} at delivery {} to {name} failed, {then}: {reason}",
            due.id
        );
        let outcome = if wait.is_some() { "failed" } else { "dead" };
        metrics::counter!(DELIVERY_ATTEMPTS, "outcome" => outcome).increment(1);
        let failure =
            FailedAttempt { status, error: reason, next_attempt_at: wait.map(|wait| now + wait) };
        self.app.store.fail_delivery(due.id, claimed_until, &failure, now).await.map(drop)
    }
}

//! When tokens were last used, what their bearers were told, and who still sends dead ones: kept in memory, and what is to
//! last, written in batches behind the requests.
//!
//! **Invariant:** a request never waits for a write. It leaves a note in memory, and what becomes of the
//! note shows in no answer to it.

mod bearers;
mod client;
mod refused;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use domain::TokenId;
use domain::token::TokenDigest;
use projections::{LiveToken, StoreError, Usage};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

pub use client::Client;

use self::bearers::Bearers;
use self::refused::Refused;
use crate::app::App;

/// From one batch to the next.
const PERIOD: Duration = Duration::from_secs(1);

/// A token is written about at most this often.
const INTERVAL: Duration = Duration::from_mins(1);

/// Takes note of uses and refusals. Cheap to clone.
#[derive(Clone, Default)]
pub struct UsageRecorder(Arc<Notes>);

#[derive(Default)]
struct Notes {
    bearers: Bearers,
    refused: Mutex<Refused>,
}

impl UsageRecorder {
    fn refusals(&self) -> MutexGuard<'_, Refused> {
        self.0.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note that a live token was used.
    pub fn used(&self, token_id: TokenId, at: DateTime<Utc>) {
        self.0.bearers.note(token_id, at);
    }

    /// What the bearer of a token whose use was noted was told before, if all that it says is still so.
    pub fn reply(&self, to: &LiveToken) -> Option<Bytes> {
        self.0.bearers.reply(to)
    }

    /// Keeps what such a bearer was told.
    pub fn keep_reply(&self, to: LiveToken, body: &[u8]) {
        self.0.bearers.keep_reply(to, body);
    }

    /// Forgets what was told to those who do not ask any more, until it is dropped.
    pub async fn keep_young(&self) {
        let mut rounds = tokio::time::interval(INTERVAL);
        loop {
            rounds.tick().await;
            self.0.bearers.age();
        }
    }

    /// Takes note that a token was refused, which may be a dead one, or none that ever was.
    pub fn refused(
        &self,
        digest: &TokenDigest,
        client: impl FnOnce() -> Client,
        at: DateTime<Utc>,
        was_told_to_slow_down: bool,
    ) {
        self.refusals().note(digest, client, at, was_told_to_slow_down);
    }

    /// Writes what is due, or everything `at_last`. What cannot be written is kept for the next time.
    ///
    /// # Errors
    /// When the store cannot be asked.
    async fn flush(
        &self,
        store: &(impl Usage + ?Sized),
        now: Instant,
        at_last: bool,
    ) -> Result<(), StoreError> {
        let unknown = self.refusals().unknown();
        if !unknown.is_empty() {
            let found = store.find_tokens(&unknown).await?;
            self.refusals().recognise(&unknown, found, now);
        }
        let uses = self.0.bearers.take_uses(now, at_last);
        if !uses.is_empty()
            && let Err(error) = store.record_uses(&uses).await
        {
            self.0.bearers.put_uses_back(&uses);
            return Err(error);
        }
        let taken = self.refusals().take(now, at_last);
        let rows: Vec<_> = taken.iter().flat_map(refused::Taken::rows).collect();
        if !rows.is_empty()
            && let Err(error) = store.record_refusals(&rows).await
        {
            self.refusals().put_back(taken);
            return Err(error);
        }
        Ok(())
    }
}

fn is_due(written: Option<Instant>, now: Instant) -> bool {
    written.is_none_or(|written| now.saturating_duration_since(written) >= INTERVAL)
}

/// The task that writes.
pub struct UsageWriter {
    task: JoinHandle<()>,
    stop: oneshot::Sender<()>,
}

impl UsageWriter {
    /// Begins to write what the app takes note of.
    pub fn start(app: &App) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { task: tokio::spawn(write(app.clone(), stopped)), stop }
    }

    /// Writes everything that is left, and ends.
    pub async fn stop(self) {
        drop(self.stop);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the task that writes uses of tokens ended early: {error}");
        }
    }
}

async fn write(app: App, mut stopped: oneshot::Receiver<()>) {
    let mut rounds = tokio::time::interval(PERIOD);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        let at_last = tokio::select! {
            _ = &mut stopped => true,
            _ = rounds.tick() => false,
        };
        let outcome = app.usage.flush(&*app.store, app.clock.instant(), at_last).await;
        match outcome {
            Err(error) if !failing => {
                tracing::warn!(%error, "could not write when tokens were used: {error}; it is tried again");
                failing = true;
            }
            Err(_) => {}
            Ok(()) => failing = false,
        }
        if at_last {
            return;
        }
    }
}

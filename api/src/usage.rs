//! When a token was last used: remembered to the minute, written behind the requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use domain::TokenId;
use projections::Tokens;
use tokio::sync::mpsc;

/// A token's use is written at most this often.
const INTERVAL: TimeDelta = TimeDelta::minutes(1);
/// Uses waiting to be written. Beyond it they are dropped: the next use comes soon enough.
const QUEUE_LENGTH: usize = 1024;
/// Tokens remembered before old ones are forgotten.
const REMEMBERED: usize = 100_000;

/// Takes note of uses without making requests wait.
#[derive(Clone)]
pub struct UsageRecorder {
    recent: Arc<Mutex<HashMap<TokenId, DateTime<Utc>>>>,
    queue: mpsc::Sender<(TokenId, DateTime<Utc>)>,
}

impl UsageRecorder {
    /// Starts writing uses to `store`, until the last clone of the recorder is dropped.
    pub fn start(store: Arc<impl Tokens + ?Sized + 'static>) -> Self {
        let (queue, mut waiting) = mpsc::channel(QUEUE_LENGTH);
        tokio::spawn(async move {
            while let Some((token_id, at)) = waiting.recv().await {
                if let Err(error) = store.record_use(token_id, at).await {
                    tracing::warn!(%token_id, %error, "could not record a use of token {token_id}");
                }
            }
        });
        Self { recent: Arc::default(), queue }
    }

    /// Takes note that a token was used.
    pub fn note(&self, token_id: TokenId, at: DateTime<Utc>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.get(&token_id).is_some_and(|last| at - *last < INTERVAL) {
            return;
        }
        if self.queue.try_send((token_id, at)).is_ok() {
            if recent.len() >= REMEMBERED {
                recent.retain(|_, last| at - *last < INTERVAL);
            }
            recent.insert(token_id, at);
        }
    }
}

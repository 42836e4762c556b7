//! What is done behind the requests, now and then, to keep the tables small.

use std::sync::Arc;
use std::time::Duration;

use projections::ReadModels;

use crate::clock::Clock;

/// Between two rounds.
const INTERVAL: Duration = Duration::from_hours(1);

/// Goes round until it is dropped. A round that fails is made up for by the next.
pub async fn keep_house(store: Arc<dyn ReadModels>, clock: Arc<dyn Clock>) {
    let mut rounds = tokio::time::interval(INTERVAL);
    loop {
        rounds.tick().await;
        match store.forget_expired_keys(clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "forgot {count} expired idempotency keys"),
            Err(error) => tracing::warn!(%error, "could not forget expired idempotency keys"),
        }
    }
}

//! What is done behind the requests, now and then, to keep the tables small.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use projections::{ReadModels, StoreError};
use tower_sessions::ExpiredDeletion;

use crate::clock::Clock;

/// Between two rounds.
const INTERVAL: Duration = Duration::from_hours(1);
/// How long a delivery can be looked up after it arrived. Those that were given up stay.
const DELIVERIES_KEPT: TimeDelta = TimeDelta::days(7);

/// Goes round until it is dropped. A round that fails is made up for by the next.
pub async fn keep_house(
    store: Arc<dyn ReadModels>,
    sessions: impl ExpiredDeletion,
    clock: Arc<dyn Clock>,
) {
    let mut rounds = tokio::time::interval(INTERVAL);
    loop {
        rounds.tick().await;
        tell("expired idempotency keys", store.forget_expired_keys(clock.now()).await);
        tell("expired set-up codes", store.forget_expired_codes(clock.now()).await);
        if let Err(error) = sessions.delete_expired().await {
            tracing::warn!(%error, "could not forget expired sessions");
        }
        match forget_late(&*store).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "erased {count} rows of users who were erased"),
            Err(error) => tracing::warn!(%error, "could not erase what came late"),
        }
        if let Err(error) = forget_deliveries(&*store, clock.now() - DELIVERIES_KEPT).await {
            tracing::warn!(%error, "could not forget old deliveries");
        }
    }
}

fn tell(what: &str, forgotten: Result<u64, StoreError>) {
    match forgotten {
        Ok(0) => {}
        Ok(count) => tracing::info!(count, "forgot {count} {what}"),
        Err(error) => tracing::warn!(%error, "could not forget {what}"),
    }
}

/// What commands that were under way wrote about users who were being erased.
async fn forget_late(store: &dyn ReadModels) -> Result<u64, StoreError> {
    let count = store.forget_late().await?;
    if count > 0 {
        store.scrub_files().await?;
    }
    Ok(count)
}

/// A few at a time, so that commands get their turn in between.
async fn forget_deliveries(
    store: &dyn ReadModels,
    before: DateTime<Utc>,
) -> Result<(), StoreError> {
    while store.forget_deliveries(before).await? > 0 {
        tokio::task::yield_now().await;
    }
    Ok(())
}

//! Forgets what was delivered long ago. Dead letters stay until someone replays them.

use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;

/// How long a delivery can be looked up after it arrived.
const KEPT: TimeDelta = TimeDelta::days(7);
const INTERVAL: Duration = Duration::from_hours(1);

/// Tidies up for ever.
pub(super) async fn run(app: App) {
    loop {
        match app.store.forget_deliveries(app.now() - KEPT).await {
            // As many as it takes at a time: there may be more.
            Ok(1_000..) => tokio::task::yield_now().await,
            Ok(_) => tokio::time::sleep(INTERVAL).await,
            Err(error) => {
                tracing::warn!(%error, "cannot forget old deliveries");
                tokio::time::sleep(INTERVAL).await;
            }
        }
    }
}

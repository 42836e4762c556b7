//! Whether this node should be sent requests.

use std::time::Duration;

use projections::Health;
use projections::StoreError;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::error::ApiError;

/// The answer is there within a second, whatever the database does.
const PATIENCE: Duration = Duration::from_millis(900);

/// What readiness depends on, beside the database.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    stopping: CancellationToken,
}

impl Readiness {
    /// From now on the node is not ready: it answers what comes, and stops soon.
    pub fn end(&self) {
        self.stopping.cancel();
    }
}

/// Looks.
///
/// # Errors
/// `Stopping` when the node is about to stop; `Unavailable` when the database does not answer.
pub async fn look(app: &App) -> Result<Health, ApiError> {
    if app.readiness.stopping.is_cancelled() {
        return Err(ApiError::Stopping);
    }
    let health = app.store.probe(app.clock.instant());
    let health = tokio::time::timeout(PATIENCE, health).await;
    Ok(health.unwrap_or_else(|elapsed| Err(StoreError::Unavailable(elapsed.into())))?)
}

//! What the two kinds of proof have in common.

use domain::log::TreeHash;
use projections::KeptCheckpoint;

use crate::app::App;
use crate::error::ApiError;

/// The largest number that means anything here: what every JSON reader keeps exact.
pub(super) const LARGEST: u64 = (1 << 53) - 1;

/// Refuses a position or size that cannot be.
pub(super) fn number(name: &str, number: Option<u64>) -> Result<(), ApiError> {
    match number {
        Some(number) if !(1..=LARGEST).contains(&number) => {
            Err(ApiError::Validation(format!("{name} must be between 1 and {LARGEST}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// The latest checkpoint, or a new one when that does not cover so many events.
pub(super) async fn latest_checkpoint(app: &App, size: u64) -> Result<KeptCheckpoint, ApiError> {
    let latest = app.store.find_latest_checkpoint(None).await?;
    match latest.filter(|latest| latest.head.size >= size) {
        Some(latest) => Ok(latest),
        None => Ok(app.notary.sign_everything(&*app.store, app.now()).await?),
    }
}

/// Each in base64.
pub(super) fn hashes(hashes: &[TreeHash]) -> Vec<String> {
    hashes.iter().map(ToString::to_string).collect()
}

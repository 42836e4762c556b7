//! `symbolon migrate`

use super::Outcome;
use super::console::say;
use crate::settings::Settings;
use crate::startup::Store;

/// Brings the tables up to date and stops.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let store = Store::open(&settings.database).await?;
    store.migrate().await?;
    store.close().await;
    say("The tables are up to date.");
    Ok(())
}

//! Waiting for what happens by itself.

use std::fmt::Display;
use std::time::{Duration, Instant};

/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(10);

/// Looks until there is something to see. Panics with what was seen last instead when patience is at its end. For a test's own task:
/// Rust cannot say yet that what an async closure does may move to another thread.
pub async fn eventually<T, E: Display>(
    patience: Duration,
    mut look: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match look().await {
            Ok(seen) => return seen,
            Err(instead) => {
                assert!(Instant::now() < deadline, "{instead}, after {patience:?}");
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks until it is so. Panics with what is the matter when patience is at its end.
pub async fn until(matter: &str, patience: Duration, mut is_so: impl AsyncFnMut() -> bool) {
    eventually(patience, async || if is_so().await { Ok(()) } else { Err(matter) }).await;
}

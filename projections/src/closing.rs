//! The end of a pool.

use std::time::Duration;

use sqlx::{Database, Pool};

/// Between two looks whether everything has come back.
const PAUSE: Duration = Duration::from_millis(1);
/// What is still in use then ends with the process.
const PATIENCE: Duration = Duration::from_secs(5);

/// Closes a pool and every connection of it.
///
/// sqlx 0.8 does not always wait for a connection that is on its way back when closing begins: each idle one that it closes counts as
/// one that came back.
pub(crate) async fn close<DB: Database>(pool: &Pool<DB>) {
    let all = async {
        pool.close().await;
        while pool.size() > 0 {
            tokio::time::sleep(PAUSE).await;
            pool.close().await;
        }
    };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        tracing::warn!(left = pool.size(), "connections to the database are still in use");
    }
}

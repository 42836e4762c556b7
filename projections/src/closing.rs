//! The end of a pool.

use sqlx::{Database, Pool};

/// Closes a pool and every connection of it.
///
/// A connection that is on its way back when closing begins may come back after sqlx 0.8 has looked for idle ones for the
/// last time. Then nobody has any connection, so the second time finds it.
pub(crate) async fn close<DB: Database>(pool: &Pool<DB>) {
    pool.close().await;
    pool.close().await;
}

//! Which connections are used: those to a primary, as long as they answer.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};

use super::{ACQUIRE_TIMEOUT, OpenError, in_time};

/// So that the server finds out within half a minute that a node is gone, and frees what it held. The other way
/// round sqlx offers nothing: there every call has a time limit.
pub(super) const KEEPALIVE: [(&str, &str); 4] = [
    ("tcp_keepalives_idle", "10"),
    ("tcp_keepalives_interval", "5"),
    ("tcp_keepalives_count", "3"),
    ("tcp_user_timeout", "25000"),
];

/// A connection that is given back must answer within this. One into a network that swallows everything would hold
/// its place in the pool until the kernel gives it up, after a quarter of an hour.
const GIVEN_BACK: Duration = Duration::from_secs(1);

/// Connections to the primary, so many of them open before they are needed.
pub(super) fn pool(ready: u32, connections: u32, options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .min_connections(ready)
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(refuse_standby(connection)))
        .after_release(|connection, _| Box::pin(require_answer(connection)))
        .connect_lazy_with(options)
}

/// Behind one address now this server may answer and now that. A primary that becomes a standby drops its
/// connections, so it is enough to ask each new one.
pub(super) async fn refuse_standby(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_standby = sqlx::query_scalar("SELECT pg_is_in_recovery()").fetch_one(connection);
    if in_time(is_standby).await? {
        return Err(sqlx::Error::Configuration(OpenError::Standby.into()));
    }
    Ok(())
}

async fn require_answer(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let answered = tokio::time::timeout(GIVEN_BACK, connection.ping()).await;
    answered.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
}

//! Which connections are used: those to a primary, as long as they answer.

use std::io::ErrorKind;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPoolOptions, PgSeverity};
use sqlx::{Connection, PgConnection, PgPool, Postgres};

use super::{ACQUIRE_TIMEOUT, OpenError, in_time};
use crate::sql::Row;

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

/// Whether a connection is still there is asked when it was idle for so long.
const IDLE: Duration = Duration::from_secs(1);

/// For a session whose plans are made once, and by which an index finds what is named, whatever statistics say.
pub(super) const BY_INDEX: [(&str, &str); 3] =
    [("enable_seqscan", "off"), ("jit", "off"), ("plan_cache_mode", "force_generic_plan")];

/// Connections to the primary, so many of them open before they are needed.
pub(super) fn pool(ready: u32, connections: u32, options: PgConnectOptions) -> PgPool {
    to_primary(connections).min_connections(ready).connect_lazy_with(options)
}

/// Connections to the primary for what is written one group after another. One that was used a moment ago is not asked whether
/// it is still there: [`ask`] finds out. Nobody waits long because another of the group must.
pub(super) fn groups(connections: u32, options: &PgConnectOptions) -> PgPool {
    to_primary(connections)
        .test_before_acquire(false)
        .before_acquire(|connection, state| {
            Box::pin(async move {
                if state.idle_for < IDLE { Ok(true) } else { require_answer(connection).await }
            })
        })
        .connect_lazy_with(options.clone().options(BY_INDEX).options([("lock_timeout", "100")]))
}

fn to_primary(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .after_connect(|connection, _| Box::pin(refuse_standby(connection)))
        .after_release(|connection, _| Box::pin(require_answer(connection)))
}

/// Asks what may be asked twice, of another connection when one turns out to have ended. Its values are arrays of texts. The
/// connection that answered comes along.
pub(super) async fn ask<R: Row>(
    groups: &PgPool,
    text: &str,
    values: &[&[String]],
) -> Result<(Vec<R>, PoolConnection<Postgres>), sqlx::Error> {
    // All of those that were there may have ended.
    for _ in 0..=groups.options().get_max_connections() {
        let mut connection = groups.acquire().await?;
        let question = values.iter().fold(sqlx::query_as(text), |it, value| it.bind(*value));
        match in_time(question.fetch_all(&mut *connection)).await {
            Ok(rows) => return Ok((rows, connection)),
            Err(error) => {
                connection.close_on_drop();
                if !has_ended(&error) {
                    return Err(error);
                }
            }
        }
    }
    Err(sqlx::Error::PoolTimedOut)
}

/// Whether the connection is gone, rather than silent.
fn has_ended(error: &sqlx::Error) -> bool {
    if let sqlx::Error::Io(error) = error {
        return error.kind() != ErrorKind::TimedOut;
    }
    let error = error.as_database_error().and_then(|it| it.try_downcast_ref::<PgDatabaseError>());
    error.is_some_and(|error| error.severity() != PgSeverity::Error)
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

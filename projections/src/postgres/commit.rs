//! Commits, and whether what they say can be relied upon.
//!
//! **Invariant:** nothing is taken for done that a standby which must have it does not have. Someone may cancel the wait
//! for that standby: then PostgreSQL answers the commit with success and a warning, and everybody sees the change that
//! a failover would take back.

use std::cell::Cell;
use std::future::Future;
use std::sync::LazyLock;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use tracing::instrument::WithSubscriber;
use tracing::span::{Attributes, Id, Record};
use tracing::{Dispatch, Event, Level, Metadata, Subscriber, level_filters::LevelFilter};

/// Longest wait for the answer to a commit. What became of it is asked in the rest of five seconds.
const COMMIT: Duration = Duration::from_secs(4);

/// A commit that waits for all that it follows. Where no standby is waited for, what is visible is safe.
const BARRIER: &str = "
SELECT CASE WHEN current_setting('synchronous_standby_names') <> ''
            THEN pg_logical_emit_message(true, 'symbolon', '')::text
       END";

/// What sqlx does with a warning: it logs it, here.
const NOTICES: &str = "sqlx::postgres::notice";

tokio::task_local! {
    /// Whether the database warned.
    static IS_WARNED: Cell<bool>;
}

/// The answer to a commit.
///
/// # Errors
/// When there was none in time, or one with a warning: then it is not known what became of it.
pub(super) async fn committed<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    static LISTENER: LazyLock<Dispatch> = LazyLock::new(|| Dispatch::new(Listener));
    let listened = IS_WARNED.scope(Cell::new(false), async {
        let answer = answer.with_subscriber(LISTENER.clone()).await;
        (answer, IS_WARNED.with(Cell::get))
    });
    match tokio::time::timeout(COMMIT, listened).await {
        Ok((Ok(_), true)) => {
            Err(sqlx::Error::Protocol("the commit was answered with a warning".into()))
        }
        Ok((answer, _)) => answer,
        Err(_) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
    }
}

/// Returns when all that anybody can see now is where it must be to outlive a failover.
pub(super) async fn secure(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    committed(sqlx::query(BARRIER).execute(connection)).await.map(drop)
}

/// Hears warnings of the database and nothing else. What is logged during a commit ends here.
struct Listener;

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == NOTICES && *metadata.level() <= Level::WARN
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::WARN)
    }

    fn event(&self, _: &Event<'_>) {
        // Outside a commit nobody listens.
        let _ = IS_WARNED.try_with(|it| it.set(true));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

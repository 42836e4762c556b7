//! The embedded database: one file, one process, one who writes at a time.

mod connection;
mod event_store;
mod keeping;
mod loading;
mod lock;
mod probe;
mod scaffold;
mod sql;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::SqlitePool;
use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::closing::close;
use crate::lease::Moment;
use crate::rebuild::Failure;
use crate::replica::{LiveSet, Memory};
use crate::{EventStore, Finding, MigrateError, Numbering, StoreError, Turn, log};
use lock::DatabaseLock;
use writing::Writing;

pub use scaffold::SqliteScaffold;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/sqlite");

/// Connections that only read. Two cores answer what four ask.
const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why the database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another process holds the file, by this or any other path.
    #[error("{0} is in use by another symbolon process; stop that one first")]
    InUse(PathBuf),
    /// The tables are older or newer than this program.
    #[error(
        "the tables of {0} are not those of this version; run `symbolon migrate` with the version that serves"
    )]
    OtherVersion(PathBuf),
    /// SQLite refused.
    #[error("cannot open {path}: {source}")]
    Database {
        /// Which.
        path: PathBuf,
        /// Why.
        source: Failure,
    },
}

/// The database of one process.
///
/// **Invariant:** whoever writes holds the one connection of a pool, so writes are in one order; `synchronous=FULL`, so
/// an acknowledged write outlives a power cut; the file is locked as long as any connection may be open.
#[derive(Clone, Debug)]
pub struct Sqlite {
    path: PathBuf,
    writer: SqlitePool,
    reader: SqlitePool,
    /// Changes while the write connection is held.
    memory: Arc<Memory<LiveSet>>,
    /// Through which commands reach the thread that writes them.
    writing: Writing,
    /// Held, never read.
    _lock: Arc<DatabaseLock>,
}

impl Sqlite {
    /// Opens the file, creating it and its folder when missing. Migrations are not run.
    ///
    /// # Errors
    /// When the file is in use, cannot be read or written, or is no database.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = Arc::new(DatabaseLock::take(path)?);
        let database = |source: sqlx::Error| OpenError::Database {
            path: path.to_owned(),
            source: source.into(),
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            // So that INSERT OR REPLACE meets the trigger that refuses to delete an event.
            .pragma("recursive_triggers", "on")
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            // What a savepoint may have to put back is small.
            .connect_with(options.clone().pragma("temp_store", "memory"))
            .await
            .map_err(database)?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            .connect_lazy_with(options.read_only(true).pragma("query_only", "on"));
        let memory = Arc::new(Memory::new(LiveSet::default(), Moment::now));
        let writing = Writing::start(path, writer.clone(), memory.clone(), lock.clone())
            .map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned(), writer, reader, memory, writing, _lock: lock })
    }

    /// Brings the tables up to date, and gives events that are older than the log their places in it.
    ///
    /// # Errors
    /// When a migration fails, one that was applied has changed since, or an event has no place.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        MIGRATIONS.run(&self.writer).await?;
        while let Numbering::Done { more: true, .. } = self.number_batch(Turn::Await).await? {}
        Ok(())
    }

    /// The connection that browser sessions are written through.
    pub fn session_pool(&self) -> SqlitePool {
        self.writer.clone()
    }

    /// The live set, when [`Sqlite::fill_replica`] has filled it.
    pub fn memory(&self) -> Arc<Memory<LiveSet>> {
        Arc::clone(&self.memory)
    }

    /// What an operator should know about this database.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        let synchronous: i64 =
            sqlx::query_scalar("PRAGMA synchronous").fetch_one(&self.writer).await?;
        let journal: String =
            sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&self.writer).await?;
        let integrity: String =
            sqlx::query_scalar("PRAGMA quick_check").fetch_one(&self.writer).await?;
        let finding = |text: String, good: bool, remedy: &str| Finding {
            text,
            remedy: (!good).then(|| remedy.to_owned()),
        };
        Ok(vec![
            finding(
                format!("SQLite synchronous={synchronous} (2 = FULL: every commit is on disk)"),
                synchronous == 2,
                "This build sets FULL itself; report this.",
            ),
            finding(
                format!("SQLite journal_mode={journal}"),
                journal == "wal",
                "Put the database on a local file system; network file systems cannot do WAL.",
            ),
            finding(
                format!("SQLite quick_check: {integrity}"),
                integrity == "ok",
                "The file is damaged. Restore the last backup and keep this file for examination.",
            ),
            log::finding(self).await,
        ])
    }

    /// Closes all connections; writes that began or wait are finished first.
    pub async fn close(&self) {
        self.writing.finish().await;
        close(&self.reader).await;
        close(&self.writer).await;
    }
}

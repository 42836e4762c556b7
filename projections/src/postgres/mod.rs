//! A PostgreSQL primary, shared by any number of nodes.

mod announcing;
mod commit;
mod connecting;
mod event_store;
mod gathering;
mod keeping;
mod loading;
mod probe;
mod recalling;
mod round;
mod rows;
mod scaffold;
mod snapshot;
mod sql;
mod sweeping;
mod writing;

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, PgPool};
use tokio::sync::Notify;

use crate::closing::close;
use crate::lease::Moment;
use crate::replica::{LiveSet, Memory};
use crate::{Finding, MigrateError, StoreError, log};
use probe::Prober;
use recalling::Recalling;
use writing::Writing;

pub use scaffold::PostgresScaffold;

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations/postgres");

/// Longest wait for any single answer of the database.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// Separate pools: slow commands must not starve authentication.
const COMMAND_CONNECTIONS: u32 = 16;
const GROUP_CONNECTIONS: u32 = 16;
const READ_CONNECTIONS: u32 = 16;
const VERIFYING_CONNECTIONS: u32 = 8;
/// How often it is looked whether a lease was renewed while patience lasts.
const LOOKS: u32 = 6;
const PROBE_CONNECTIONS: u32 = 1;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one.
    #[error("the database URL is not valid: {0}")]
    Url(#[source] sqlx::Error),
    /// The server cannot be reached or refused.
    #[error(
        "cannot connect to PostgreSQL: {0}; check that it runs and that the database URL is right"
    )]
    Connect(#[source] sqlx::Error),
    /// The server would lose acknowledged writes.
    #[error(
        "PostgreSQL runs with fsync=off and would lose acknowledged tokens in a crash; set fsync=on"
    )]
    FsyncOff,
    /// The server repeats another's writes, late, and takes none.
    #[error("PostgreSQL is a standby; connect to the primary")]
    Standby,
    /// Another rebuild is going on.
    #[error("another rebuild of this database is going on; wait for it to end")]
    InUse,
    /// The tables are older or newer than this program.
    #[error(
        "the tables are not those of this version; run `symbolon migrate` with the version that serves"
    )]
    OtherVersion,
}

/// The database, as one node uses it.
#[derive(Clone, Debug)]
pub struct Postgres {
    commands: PgPool,
    groups: PgPool,
    reads: PgPool,
    /// Longest silence while an answer from those is waited for; `None`: silence does not matter.
    patience: Option<Duration>,
    verifying: PgPool,
    /// Rings when a lease should be renewed before it is due, to see what has happened.
    hint: Arc<Notify>,
    /// Rings when this node has committed events.
    bell: Arc<Notify>,
    /// For connections that belong to no pool.
    options: Arc<PgConnectOptions>,
    memory: Arc<Memory<LiveSet>>,
    recalling: Arc<Recalling>,
    writing: Arc<Writing>,
    prober: Arc<Prober>,
}

impl Postgres {
    /// Connects, and refuses a server that cannot keep what it acknowledges. Migrations are not run.
    ///
    /// # Errors
    /// When the server cannot be reached, is a standby, or runs without fsync.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
        // Settings of the connection beat those of role and database. The backslash is libpq's way to
        // write a space.
        let options =
            options.application_name("symbolon").options(connecting::KEEPALIVE).options([
                ("synchronous_commit", "on"),
                ("default_transaction_isolation", "read\\ committed"),
                ("statement_timeout", "5000"),
                ("lock_timeout", "4000"),
                ("idle_in_transaction_session_timeout", "10000"),
                // Without it, the database makes a writer outlive all leases.
                ("symbolon.waits_for_nodes", if is_old_release() { "off" } else { "on" }),
            ]);
        refuse_unsafe_server(&options).await?;
        let pool = |ready, connections| connecting::pool(ready, connections, options.clone());
        let (commands, bell) = (pool(0, COMMAND_CONNECTIONS), Arc::default());
        let groups = connecting::groups(GROUP_CONNECTIONS, &options);
        let reads = pool(0, READ_CONNECTIONS);
        let writing = Writing::start(groups.clone(), commands.clone(), Arc::clone(&bell));
        Ok(Self {
            writing: Arc::new(writing),
            recalling: Arc::new(Recalling::start(groups.clone())),
            commands,
            groups,
            reads,
            patience: None,
            hint: Arc::default(),
            // There is no time to open one.
            verifying: pool(VERIFYING_CONNECTIONS, VERIFYING_CONNECTIONS),
            prober: Arc::new(Prober::new(pool(0, PROBE_CONNECTIONS))),
            bell,
            options: Arc::new(options),
            memory: Arc::new(Memory::new(LiveSet::default(), Moment::now)),
        })
    }

    /// Returns when nothing was heard of the database for so long. A renewal is asked for meanwhile: that the answer takes its time
    /// is no proof that it is away.
    async fn silence(&self, patience: Duration) {
        let (mut valid_until, mut heard) = (self.memory.valid_until(), Instant::now());
        while heard.elapsed() < patience {
            tokio::time::sleep(patience / LOOKS).await;
            let now = self.memory.valid_until();
            if now > valid_until {
                (valid_until, heard) = (now, Instant::now());
            } else {
                self.hint.notify_one();
            }
        }
    }

    async fn setting(&self, name: &str) -> Result<String, sqlx::Error> {
        sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&self.commands).await
    }

    /// Brings the tables up to date. Nodes that start together wait for one another.
    ///
    /// # Errors
    /// When a migration fails or one that was applied has changed since.
    pub async fn migrate(&self) -> Result<(), MigrateError> {
        // A role that may not make tables can serve once another has made them.
        if !self.is_up_to_date().await {
            MIGRATIONS.run(&self.commands).await?;
        }
        Ok(())
    }

    /// Whether exactly the migrations of this version were applied.
    async fn is_up_to_date(&self) -> bool {
        let question =
            "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
        let applied = sqlx::query_as::<_, (i64, Vec<u8>)>(question).fetch_all(&self.commands).await;
        applied.is_ok_and(|applied| crate::is_up_to_date(&MIGRATIONS, &applied))
    }

    /// The connections that browser sessions use.
    pub fn session_pool(&self) -> PgPool {
        self.commands.clone()
    }

    /// The same database, asked on connections that serve nothing but verification: whatever else waits for an answer,
    /// whose a token is can be asked.
    ///
    /// A database of which nothing is heard for so long as `patience`, neither the answer nor that a lease is renewed, counts as
    /// being away.
    #[must_use]
    pub fn for_verification(&self, patience: Option<Duration>) -> Self {
        Self { reads: self.verifying.clone(), patience, ..self.clone() }
    }

    /// The live set, when [`Postgres::keep_replica`] keeps it.
    pub fn memory(&self) -> Arc<Memory<LiveSet>> {
        Arc::clone(&self.memory)
    }

    /// What an operator should know about this database.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn findings(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Vec::new();
        for (name, good, remedy) in [
            ("fsync", "on", "Set fsync=on: without it a crash loses acknowledged tokens."),
            (
                "full_page_writes",
                "on",
                "Set full_page_writes=on: a torn page cannot be repaired without.",
            ),
            (
                "synchronous_commit",
                "on",
                "A pooler dropped the connection settings; let it pass `options`.",
            ),
        ] {
            let value = self.setting(name).await?;
            findings.push(Finding {
                text: format!("PostgreSQL {name}={value}"),
                remedy: (value != good).then(|| remedy.to_owned()),
            });
        }
        let standbys = self.setting("synchronous_standby_names").await?;
        findings.push(Finding {
            text: if standbys.is_empty() {
                "PostgreSQL has no synchronous standby: a failover to an asynchronous one may lose \
                 acknowledged tokens"
                    .to_owned()
            } else {
                format!("PostgreSQL synchronous_standby_names={standbys}")
            },
            remedy: None,
        });
        findings.extend(self.prober.findings().await?);
        findings.push(log::finding(self).await);
        Ok(findings)
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.prober.close().await;
        for pool in [&self.verifying, &self.reads, &self.groups, &self.commands] {
            close(pool).await;
        }
    }
}

/// Whether to behave as the version did that knew of no leases.
fn is_old_release() -> bool {
    fail::eval("old_release", |_| ()).is_some()
}

/// Asks on a connection of its own: a pool would hide why it cannot connect.
async fn refuse_unsafe_server(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = in_time(options.connect()).await.map_err(OpenError::Connect)?;
    let question = "SELECT pg_is_in_recovery(), current_setting('fsync')";
    let answer = in_time(sqlx::query_as(question).fetch_one(&mut connection));
    let (is_standby, fsync): (bool, String) = answer.await.map_err(OpenError::Connect)?;
    if is_standby {
        return Err(OpenError::Standby);
    }
    if fsync == "off" {
        return Err(OpenError::FsyncOff);
    }
    in_time(connection.close()).await.map_err(OpenError::Connect)
}

/// An answer, or `Unavailable` after [`CALL_TIMEOUT`].
async fn in_time<T>(
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    within(CALL_TIMEOUT, answer).await
}

/// An answer, or `Unavailable` after so long.
async fn within<T, E: From<sqlx::Error>>(
    limit: Duration,
    answer: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| Err(too_late().into()))
}

fn too_late() -> sqlx::Error {
    let too_late = "the database did not answer in time";
    sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, too_late))
}

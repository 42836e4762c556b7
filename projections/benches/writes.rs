//! Commands a second on SQLite, and how long each takes: this store beside sqlite-es as it comes, in one run and on
//! one disk, both with `synchronous=FULL`.
//!
//! The command is a regenerate. Stock sqlite-es writes its event and nothing else. This store also writes the read
//! models, the context and the place in the log, and changes memory.
//!
//! `cargo bench -p projections --bench writes`

#![expect(clippy::print_stdout, reason = "the numbers are what it is for")]

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use cqrs_es::CqrsFramework;
use cqrs_es::persist::PersistedEventStore;
use domain::token::{FreshToken, TokenDigest, TokenHint};
use domain::{CommandId, Token, TokenCommand, TokenId, User, UserCommand, UserId};
use projections::sqlite::Sqlite;
use projections::{Actor, CommandRepository, Origin, Submission, Via};
use sqlite_es::{SqliteCqrs, sqlite_cqrs};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use uuid::Uuid;

type Failure = Box<dyn Error + Send + Sync>;

/// So many that no history becomes long.
const USERS: usize = 4096;
/// How many commands at once, and how many in all.
const CROWDS: [(usize, usize); 3] = [(1, 512), (16, 3072), (64, 3072)];
/// Both take turns.
const ROUNDS: usize = 3;
/// As sqlite-es makes its pool.
const STOCK_CONNECTIONS: u32 = 10;

const STOCK_TABLE: &str = "
CREATE TABLE events (
    aggregate_type TEXT    NOT NULL,
    aggregate_id   TEXT    NOT NULL,
    sequence       INTEGER NOT NULL,
    event_type     TEXT    NOT NULL,
    event_version  TEXT    NOT NULL,
    payload        TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

/// Carries commands of tokens out.
trait Store: Clone + Send + 'static {
    fn execute(
        &self,
        user_id: UserId,
        command: TokenCommand,
        submission: Submission,
    ) -> impl Future<Output = Result<(), Failure>> + Send;
}

impl Store for Sqlite {
    async fn execute(
        &self,
        user_id: UserId,
        command: TokenCommand,
        submission: Submission,
    ) -> Result<(), Failure> {
        let metadata = submission.metadata();
        let repository = CommandRepository::new(self.clone(), submission);
        let store = PersistedEventStore::<_, Token>::new_event_store(repository);
        let framework = CqrsFramework::new(store, vec![], ());
        Ok(framework.execute_with_metadata(&user_id.to_string(), command, metadata).await?)
    }
}

impl Store for Arc<SqliteCqrs<Token>> {
    async fn execute(
        &self,
        user_id: UserId,
        command: TokenCommand,
        submission: Submission,
    ) -> Result<(), Failure> {
        let (id, metadata) = (user_id.to_string(), submission.metadata());
        Ok(self.execute_with_metadata(&id, command, metadata).await?)
    }
}

fn fresh() -> FreshToken {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = Uuid::from_u64_pair(0x7000, (2 << 62) | COUNT.fetch_add(1, Ordering::Relaxed));
    let mut digest = [0xd1; 32];
    digest.iter_mut().zip(id.as_bytes()).for_each(|(to, from)| *to = *from);
    let hint = TokenHint::new("abcd".to_owned());
    FreshToken { id: TokenId::new(id), digest: TokenDigest::new(digest), hint }
}

fn by(user_id: UserId) -> Submission {
    Submission {
        command_id: CommandId::new(fresh().id.as_uuid()),
        request_id: "0198c0de-0000-7000-8000-000000000000".to_owned(),
        actor: Actor { user_id: Some(user_id), via: Via::Session },
        origin: Origin {
            salt: [0x5a; 16],
            address: Some("198.51.100.7".to_owned()),
            user_agent: Some("Netscape/4".to_owned()),
        },
        particulars: None,
        idempotency_key: None,
        subscribers: Arc::default(),
    }
}

/// An empty place on the disk that the build is on.
fn file(name: &str) -> Result<PathBuf, Failure> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("writes").join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder.join("store.db"))
}

async fn ours(users: &[UserId]) -> Result<Sqlite, Failure> {
    let store = Sqlite::open(&file("ours")?).await?;
    store.migrate().await?;
    let mut tasks = Vec::new();
    for user_id in users.iter().copied() {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            let command = UserCommand::Register { roles: [].into(), at: Utc::now() };
            let submission = by(user_id);
            let metadata = submission.metadata();
            let repository = CommandRepository::new(store, submission);
            let events = PersistedEventStore::<_, User>::new_event_store(repository);
            let framework = CqrsFramework::new(events, vec![], ());
            framework.execute_with_metadata(&user_id.to_string(), command, metadata).await
        }));
    }
    for task in tasks {
        task.await??;
    }
    store.fill_replica().await?;
    Ok(store)
}

async fn stock() -> Result<Arc<SqliteCqrs<Token>>, Failure> {
    let options = SqliteConnectOptions::new()
        .filename(file("stock")?)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new().max_connections(STOCK_CONNECTIONS);
    let pool = pool.connect_with(options).await?;
    sqlx::query(STOCK_TABLE).execute(&pool).await?;
    Ok(Arc::new(sqlite_cqrs(pool, vec![], ())))
}

/// What was measured of one store under one crowd.
#[derive(Default)]
struct Measured {
    took: Vec<Duration>,
    elapsed: Duration,
    /// Of all threads.
    processor: Duration,
}

impl Measured {
    fn count(&self) -> f64 {
        u32::try_from(self.took.len()).map_or(f64::INFINITY, f64::from)
    }

    fn per_second(&self) -> f64 {
        self.count() / self.elapsed.as_secs_f64()
    }

    /// In milliseconds.
    fn percentile(&self, percent: usize) -> f64 {
        let mut sorted = self.took.clone();
        sorted.sort_unstable();
        let at = sorted.len().saturating_sub(1) * percent / 100;
        sorted.get(at).map_or(f64::NAN, Duration::as_secs_f64) * 1000.0
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, p50, p99) = (self.per_second(), self.percentile(50), self.percentile(99));
        let each = self.processor.as_secs_f64() * 1e6 / self.count();
        write!(
            f,
            "{rate:>7.0}/s  p50 {p50:>7.2} ms  p99 {p99:>8.2} ms  {each:>5.0} µs of a processor"
        )
    }
}

/// What this process has used of the processors.
fn processor() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::try_from(used).unwrap_or_default()
}

/// Each client has users of its own and replaces one token after the other.
async fn measure(
    store: &impl Store,
    users: &[UserId],
    (clients, commands): (usize, usize),
    measured: &mut Measured,
) -> Result<(), Failure> {
    let (begun, used) = (Instant::now(), processor());
    let mut tasks = Vec::new();
    for users in users.chunks(users.len() / clients) {
        let (store, users) = (store.clone(), users.to_vec());
        tasks.push(tokio::spawn(async move {
            let mut took = Vec::new();
            for user_id in users.iter().cycle().take(commands / clients) {
                let command =
                    TokenCommand::Generate { replace: true, fresh: fresh(), at: Utc::now() };
                let begun = Instant::now();
                store.execute(*user_id, command, by(*user_id)).await?;
                took.push(begun.elapsed());
            }
            Ok::<_, Failure>(took)
        }));
    }
    for task in tasks {
        measured.took.extend(task.await??);
    }
    measured.elapsed += begun.elapsed();
    measured.processor += processor().saturating_sub(used);
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let only = std::env::var("ONLY").unwrap_or_default();
    let users: Vec<_> = (0..USERS).map(|_| UserId::new(fresh().id.as_uuid())).collect();
    let (ours, stock) = (ours(&users).await?, stock().await?);
    // Everyone's first token, and everything is warm.
    let warm = (64, USERS);
    measure(&ours, &users, warm, &mut Measured::default()).await?;
    measure(&stock, &users, warm, &mut Measured::default()).await?;
    for crowd in CROWDS {
        let (mut of_ours, mut of_stock) = (Measured::default(), Measured::default());
        for _ in 0..ROUNDS {
            if only != "stock" {
                measure(&ours, &users, crowd, &mut of_ours).await?;
            }
            if only != "ours" {
                measure(&stock, &users, crowd, &mut of_stock).await?;
            }
        }
        let faster = of_ours.per_second() / of_stock.per_second();
        let sooner = of_ours.percentile(99) / of_stock.percentile(99);
        println!("{:>2} clients   ours  {of_ours}", crowd.0);
        println!("             stock {of_stock}");
        println!("             {faster:.2} times the commands, {sooner:.2} of the p99");
    }
    ours.close().await;
    Ok(())
}

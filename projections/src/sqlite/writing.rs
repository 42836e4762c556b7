//! Commands, written by one thread: up to 64 in one transaction, which share its fsync.
//!
//! **Invariant:** nobody is answered before the transaction has ended, not even who is refused: what refuses one command
//! may be what another did in the same transaction.
//! **Invariant:** memory changes after COMMIT and before the first answer, in the order of the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use cqrs_es::persist::SerializedEvent;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::ACQUIRE_TIMEOUT;
use super::connection::{Native, WriteConnection};
use super::lock::DatabaseLock;
use crate::event_store::CommitError;
use crate::replica::{self, Intent, LiveSet, Memory};
use crate::sequencer::{self, Placed};
use crate::write;
use crate::{StoreError, Submission};

/// Most commands in one transaction. Twice as many gain little more, and each waits for all.
const GROUP: usize = 64;

/// IMMEDIATE takes the write lock at once; a deferred transaction that reads first can fail with `SQLITE_BUSY_SNAPSHOT`
/// when it comes to write.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// A command, ready to be written.
#[derive(Debug)]
pub(super) struct Draft {
    statements: Vec<Native>,
    leaves: Vec<Placed>,
    intents: Vec<Intent>,
    events: Vec<SerializedEvent>,
}

impl Draft {
    /// What `events` come to. Everything that can be done without the write connection is done here.
    pub(super) fn of(
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            statements: Native::of(write::steps::<SqliteConnection>(events, submission)?),
            leaves: write::leaves(events)?,
            intents: Intent::of(events)?,
            events: events.to_vec(),
        })
    }
}

/// The way to the thread that writes.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    queue: mpsc::Sender<Order>,
    ended: CancellationToken,
}

#[derive(Debug)]
enum Order {
    Write(Waiting),
    /// Let nothing more in.
    Close,
}

impl Writing {
    /// Starts the thread. It ends with [`Writing::finish`], or when nobody can reach it any more.
    pub(super) fn start(
        path: &Path,
        turns: SqlitePool,
        memory: Arc<Memory<LiveSet>>,
        lock: Arc<DatabaseLock>,
    ) -> std::io::Result<Self> {
        let (queue, orders) = mpsc::channel(GROUP);
        let ended = CancellationToken::new();
        let writer = Writer {
            queue: orders,
            runtime: Handle::current(),
            turns,
            path: path.to_owned(),
            connection: None,
            memory,
            _lock: lock,
            _ended: ended.clone().drop_guard(),
        };
        thread::Builder::new().name("sqlite-writer".to_owned()).spawn(|| writer.run())?;
        Ok(Self { queue, ended })
    }

    /// Writes the command; returns when that is on disk and in memory.
    pub(super) async fn write(&self, draft: Draft) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { draft, refusal: None, answer };
        let unavailable = |error: String| StoreError::Unavailable(error.into());
        self.queue
            .send_timeout(Order::Write(waiting), ACQUIRE_TIMEOUT)
            .await
            .map_err(|error| unavailable(format!("the command cannot be written: {error}")))?;
        answered.await.unwrap_or_else(|lost| Err(CommitError::AnswerLost(lost.into())))
    }

    /// Lets nothing more in, and returns when what waits is written.
    pub(super) async fn finish(&self) {
        // It fails when that was said before.
        drop(self.queue.send(Order::Close).await);
        self.ended.cancelled().await;
    }
}

/// A command on its way to the disk.
#[derive(Debug)]
struct Waiting {
    draft: Draft,
    /// Set when it was taken back.
    refusal: Option<StoreError>,
    answer: oneshot::Sender<Result<(), CommitError>>,
}

impl Waiting {
    /// Whoever has gone away meanwhile hears nothing.
    fn tell(self, outcome: Result<(), CommitError>) {
        drop(self.answer.send(outcome));
    }
}

struct Writer {
    queue: mpsc::Receiver<Order>,
    runtime: Handle,
    /// Whoever holds its one connection may write, through that one or, here, through another.
    turns: SqlitePool,
    path: PathBuf,
    /// `None` before the first group, and after one of which nobody knows what the connection is in the middle of.
    connection: Option<WriteConnection>,
    memory: Arc<Memory<LiveSet>>,
    /// Held, never read.
    _lock: Arc<DatabaseLock>,
    /// Says that all of this is gone.
    _ended: DropGuard,
}

impl Writer {
    /// Everyone else who writes gets a turn between two groups: the pool serves in the order of asking.
    fn run(mut self) {
        // A turn is given back by a task.
        let runtime = self.runtime.clone();
        let _context = runtime.enter();
        while let Some(first) = self.queue.blocking_recv() {
            let Order::Write(first) = first else {
                self.queue.close();
                continue;
            };
            let turn = runtime.block_on(self.turns.acquire());
            let group = self.gather(first);
            match turn {
                Err(error) => tell_failed(group, Failure::Before(error.into())),
                Ok(_turn) => self.write(group),
            }
        }
    }

    /// What waits, from the first on.
    fn gather(&mut self, first: Waiting) -> Vec<Waiting> {
        let mut group = vec![first];
        while group.len() < GROUP
            && let Ok(next) = self.queue.try_recv()
        {
            match next {
                Order::Write(waiting) => group.push(waiting),
                Order::Close => self.queue.close(),
            }
        }
        group
    }

    fn write(&mut self, group: Vec<Waiting>) {
        let connection = self.connection.take();
        let written = || write(connection, &self.path, &self.memory, group);
        // A panic takes the connection with it, and the answers.
        self.connection = catch_unwind(AssertUnwindSafe(written)).unwrap_or_default();
    }
}

/// Why a whole group failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Before(#[from] StoreError),
    #[error(transparent)]
    AtCommit(rusqlite::Error),
}

/// Tells everyone what each would have been told alone.
fn tell_failed(group: Vec<Waiting>, failure: Failure) {
    let failure = Arc::new(failure);
    for waiting in group {
        let cause = Box::new(Arc::clone(&failure));
        let error = match &*failure {
            Failure::AtCommit(_) if waiting.refusal.is_none() => CommitError::AnswerLost(cause),
            Failure::Before(StoreError::Corrupt(_)) => StoreError::Corrupt(cause).into(),
            // Why it was refused may have been undone.
            Failure::Before(_) | Failure::AtCommit(_) => StoreError::Unavailable(cause).into(),
        };
        waiting.tell(Err(error));
    }
}

/// Writes a group and answers it. Gives the connection back if it may be used again: after an error nobody knows what it is in
/// the middle of.
fn write(
    connection: Option<WriteConnection>,
    path: &Path,
    memory: &Memory<LiveSet>,
    mut group: Vec<Waiting>,
) -> Option<WriteConnection> {
    match commit(connection, path, memory, &mut group) {
        Err(failure) => {
            tell_failed(group, failure);
            None
        }
        Ok(connection) => {
            let mut is_sound = true;
            for mut waiting in group {
                let refusal = waiting.refusal.take();
                is_sound &=
                    !matches!(refusal, Some(StoreError::Unavailable(_) | StoreError::Corrupt(_)));
                waiting.tell(refusal.map_or(Ok(()), |error| Err(error.into())));
            }
            is_sound.then_some(connection)
        }
    }
}

/// Commits all of the group that is not refused. After an error nothing of it is in the middle of being written.
fn commit(
    connection: Option<WriteConnection>,
    path: &Path,
    memory: &Memory<LiveSet>,
    group: &mut [Waiting],
) -> Result<WriteConnection, Failure> {
    let connection = connection.map_or_else(|| WriteConnection::open(path), Ok)?;
    fill(&connection, group)?;
    let written: Vec<_> =
        group.iter().filter(|it| it.refusal.is_none()).map(|it| &it.draft).collect();
    if written.is_empty() {
        connection.execute("ROLLBACK")?;
        return Ok(connection);
    }
    let intents: Vec<_> = written.iter().flat_map(|draft| &draft.intents).copied().collect();
    let doubt = memory.doubt(|live| live.announce(&intents));
    connection.commit().map_err(Failure::AtCommit)?;
    doubt.settle(|live| {
        for draft in written {
            replica::apply_all(live, &draft.events);
        }
        live.announce(&[]);
    });
    Ok(connection)
}

/// Begins a transaction with all that the group comes to, except what is refused.
fn fill(connection: &WriteConnection, group: &mut [Waiting]) -> Result<(), StoreError> {
    connection.execute(BEGIN)?;
    for Waiting { draft, refusal, .. } in &mut *group {
        connection.execute("SAVEPOINT command")?;
        *refusal = connection.run(std::mem::take(&mut draft.statements)).err();
        if refusal.is_some() {
            // Fails when SQLite has ended the transaction by itself.
            connection.execute("ROLLBACK TO command")?;
        }
        connection.execute("RELEASE command")?;
    }
    let written = group.iter_mut().filter(|it| it.refusal.is_none());
    let leaves: Vec<_> = written.flat_map(|it| it.draft.leaves.drain(..)).collect();
    if leaves.is_empty() {
        return Ok(());
    }
    let head = connection.head()?.ok_or_else(|| StoreError::corrupt("the log has no head"))?;
    connection.run(Native::of(sequencer::steps(head.frontier()?, &leaves)?))
}

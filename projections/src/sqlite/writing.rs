//! Commands, written by one task: up to 64 in one transaction, which share its fsync.
//!
//! **Invariant:** nobody is answered before the transaction has ended, not even who is refused: what refuses one command
//! may be what another did in the same transaction.
//! **Invariant:** memory changes after COMMIT and before the first answer, in the order of the log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use cqrs_es::persist::SerializedEvent;
use futures_util::FutureExt;
use sqlx::{SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::ACQUIRE_TIMEOUT;
use super::lock::DatabaseLock;
use super::script::Script;
use crate::event_store::CommitError;
use crate::replica::{self, Intent, LiveSet, Memory};
use crate::sequencer::{self, HeadRow, Placed, SELECT_HEAD};
use crate::sql::Statement;
use crate::write::{self, Transaction};
use crate::{StoreError, Submission};

/// Most commands in one transaction. Twice as many gain little more, and each waits for all.
const GROUP: usize = 64;

/// Most commands in one message.
const RUN: usize = 8;

/// Ends what can be taken back, and begins the next.
const SAVE: [&str; 2] = ["RELEASE command", "SAVEPOINT command"];
const TAKE_BACK: &str = "ROLLBACK TO command";

/// IMMEDIATE takes the write lock at once; a deferred transaction that reads first can fail with `SQLITE_BUSY_SNAPSHOT`
/// when it comes to write. The first savepoint is there to be released.
const BEGIN: &str = "BEGIN IMMEDIATE; SAVEPOINT command;";

/// A command, ready to be written.
#[derive(Debug)]
pub(super) struct Draft {
    script: Script,
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
            script: Script::of(write::steps::<SqliteConnection>(events, submission)?),
            leaves: write::leaves(events)?,
            intents: Intent::of(events)?,
            events: events.to_vec(),
        })
    }
}

/// The way to the task that writes.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    queue: mpsc::Sender<Waiting>,
    closing: CancellationToken,
    task: TaskTracker,
}

impl Writing {
    /// Starts the task. It ends with [`Writing::finish`], or when nobody can reach it any more.
    pub(super) fn start(
        connections: SqlitePool,
        memory: Arc<Memory<LiveSet>>,
        lock: Arc<DatabaseLock>,
    ) -> Self {
        let (queue, waiting) = mpsc::channel(GROUP);
        let (closing, task) = (CancellationToken::new(), TaskTracker::new());
        let writer =
            Writer { queue: waiting, closing: closing.clone(), connections, memory, _lock: lock };
        task.spawn(writer.run());
        task.close();
        Self { queue, closing, task }
    }

    /// Writes the command; returns when that is on disk and in memory.
    pub(super) async fn write(&self, draft: Draft) -> Result<(), CommitError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { draft, refusal: None, answer };
        let unavailable = |error: String| StoreError::Unavailable(error.into());
        self.queue
            .send_timeout(waiting, ACQUIRE_TIMEOUT)
            .await
            .map_err(|error| unavailable(format!("the command cannot be written: {error}")))?;
        answered.await.unwrap_or_else(|lost| Err(CommitError::AnswerLost(lost.into())))
    }

    /// Lets nothing more in, and returns when what waits is written.
    pub(super) async fn finish(&self) {
        self.closing.cancel();
        self.task.wait().await;
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
    queue: mpsc::Receiver<Waiting>,
    closing: CancellationToken,
    connections: SqlitePool,
    memory: Arc<Memory<LiveSet>>,
    /// Held, never read.
    _lock: Arc<DatabaseLock>,
}

impl Writer {
    /// Everyone else who writes gets a turn between two groups: the pool serves in the order of asking.
    async fn run(mut self) {
        while let Some(first) = self.next().await {
            let connection = self.connections.acquire().await;
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = self.queue.try_recv()
            {
                group.push(next);
            }
            match connection {
                Err(error) => tell_failed(group, Failure::Before(error.into())),
                Ok(mut connection) => {
                    let writing = AssertUnwindSafe(write(&mut connection, &self.memory, group));
                    // After a panic nobody knows what it was in the middle of; the answers are lost with the group.
                    if !writing.catch_unwind().await.unwrap_or(false) {
                        connection.close_on_drop();
                    }
                }
            }
        }
    }

    async fn next(&mut self) -> Option<Waiting> {
        tokio::select! {
            biased;
            () = self.closing.cancelled(), if !self.queue.is_closed() => {
                self.queue.close();
                self.queue.recv().await
            }
            waiting = self.queue.recv() => waiting,
        }
    }
}

/// Why a whole group failed.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Before(#[from] StoreError),
    #[error(transparent)]
    AtCommit(sqlx::Error),
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

/// Writes a group and answers it. Says whether the connection may be used again: after an error nobody knows what it is in
/// the middle of.
async fn write(
    connection: &mut SqliteConnection,
    memory: &Memory<LiveSet>,
    mut group: Vec<Waiting>,
) -> bool {
    if let Err(failure) = commit(connection, memory, &mut group).await {
        // Whether or not SQLite has done so by itself.
        drop(connection.execute(Statement::new("ROLLBACK")).await);
        tell_failed(group, failure);
        return false;
    }
    let mut is_sound = true;
    for mut waiting in group {
        let refusal = waiting.refusal.take();
        is_sound &= !matches!(refusal, Some(StoreError::Unavailable(_) | StoreError::Corrupt(_)));
        waiting.tell(refusal.map_or(Ok(()), |error| Err(error.into())));
    }
    is_sound
}

/// Commits all of the group that is not refused. After an error the transaction may still be open.
async fn commit(
    connection: &mut SqliteConnection,
    memory: &Memory<LiveSet>,
    group: &mut [Waiting],
) -> Result<(), Failure> {
    fill(connection, group).await?;
    let written: Vec<_> =
        group.iter().filter(|it| it.refusal.is_none()).map(|it| &it.draft).collect();
    if written.is_empty() {
        connection.execute(Statement::new("ROLLBACK")).await.map_err(StoreError::from)?;
        return Ok(());
    }
    let intents: Vec<_> = written.iter().flat_map(|draft| &draft.intents).copied().collect();
    let doubt = memory.doubt(|live| live.announce(&intents));
    connection.execute(Statement::new("COMMIT")).await.map_err(Failure::AtCommit)?;
    doubt.settle(|live| {
        for draft in written {
            replica::apply_all(live, &draft.events);
        }
        live.announce(&[]);
    });
    Ok(())
}

/// Begins a transaction with all that the group comes to, except what is refused.
async fn fill(connection: &mut SqliteConnection, group: &mut [Waiting]) -> Result<(), StoreError> {
    let begin = format!("{BEGIN}{SELECT_HEAD}");
    let head = sqlx::query_as::<_, HeadRow>(&begin).fetch_all(&mut *connection).await?.pop();
    let mut rest = &mut *group;
    while !rest.is_empty() {
        let (run, later) = rest.split_at_mut(alike(rest));
        write_run(connection, run).await?;
        rest = later;
    }
    let written = group.iter_mut().filter(|it| it.refusal.is_none());
    let leaves: Vec<_> = written.flat_map(|it| it.draft.leaves.drain(..)).collect();
    if leaves.is_empty() {
        return Ok(());
    }
    let head = head.ok_or_else(|| StoreError::corrupt("the log has no head"))?;
    connection.run(sequencer::steps(head.frontier()?, &leaves)?).await
}

/// How many commands from the first on make one message: a power of two, so that few texts are prepared.
fn alike(commands: &[Waiting]) -> usize {
    let Some(first) = commands.first() else { return 0 };
    let is_like = |it: &&Waiting| it.draft.script.is_like(&first.draft.script);
    let count = commands.iter().take(RUN).take_while(is_like).count().max(1);
    1 << count.ilog2()
}

/// Writes commands as one message; if that fails, each by itself, and takes back what is refused.
async fn write_run(
    connection: &mut SqliteConnection,
    run: &mut [Waiting],
) -> Result<(), StoreError> {
    if run.len() > 1 {
        let scripts: Vec<_> = run.iter().map(|it| &it.draft.script).collect();
        if Script::try_all(&scripts, &SAVE, connection).await {
            return Ok(());
        }
        take_back(connection).await?;
    }
    for Waiting { draft, refusal, .. } in run {
        if let Err(error) = draft.script.run(&SAVE, connection).await {
            *refusal = Some(error);
            take_back(connection).await?;
        }
    }
    Ok(())
}

/// Fails when SQLite has ended the transaction by itself.
async fn take_back(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    connection.execute(Statement::new(TAKE_BACK)).await?;
    Ok(())
}

//! Commands are written by the group: what those change that wait at the same time is announced at once, and those that are
//! alike are one transaction.
//!
//! **Invariant:** nothing that becomes of a command depends on which others are in its group. When one is refused, nothing of its
//! transaction is written, and then each is carried out by itself.

use std::error::Error;
use std::sync::Arc;

use cqrs_es::persist::SerializedEvent;
use futures_util::future::join_all;
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{Connection, PgPool, Postgres};
use tokio::sync::Notify;
use tracing::{Instrument, Span};

use super::announcing::{Announcement, Announcer, Proven, forget, withdraw};
use super::gathering::{Gathering, take_distinct};
use super::{commit, in_time, is_old_release, rows};
use crate::event_store::CommitError;
use crate::replica::Intent;
use crate::write::{self, Step, Transaction};
use crate::{StoreError, Submission};

type Waiting = super::gathering::Waiting<Draft, Result<(), CommitError>>;

/// A command, ready to be written.
#[derive(Debug)]
pub(super) struct Draft {
    steps: Vec<Step>,
    /// Of which it writes events.
    aggregate: String,
    /// What nodes must not answer about from memory.
    subjects: Vec<String>,
    /// Whether it can be carried out with others that are alike.
    is_of_rows: bool,
    /// Of the request that it came with.
    span: Span,
}

impl Draft {
    pub(super) fn of(
        events: &[SerializedEvent],
        submission: &Submission,
    ) -> Result<Self, StoreError> {
        // The sequencer must be able to make leaves of them.
        write::leaves(events)?;
        let first =
            events.first().ok_or_else(|| StoreError::corrupt("a command without events"))?;
        let intents = if is_old_release() { Vec::new() } else { Intent::of(events)? };
        let steps = write::steps::<PgConnection>(events, submission)?;
        Ok(Self {
            is_of_rows: rows::is_of_rows(&steps),
            steps,
            span: Span::current(),
            aggregate: format!("{} {}", first.aggregate_type, first.aggregate_id),
            subjects: intents.iter().map(ToString::to_string).collect(),
        })
    }
}

/// The ways to whoever writes: commands that nodes must hear of, and those that wait for no node.
#[derive(Debug)]
pub(super) struct Writing {
    announced: Gathering<Draft, Result<(), CommitError>>,
    unannounced: Gathering<Draft, Result<(), CommitError>>,
}

impl Writing {
    /// Groups on some connections, and on others what is written by itself. The bell rings when events were committed.
    pub(super) fn start(groups: PgPool, single: PgPool, bell: Arc<Notify>) -> Self {
        let announcer = Announcer::new(groups.clone());
        let writer = Arc::new(Writer { groups, single, announcer, bell });
        let start = || {
            let writer = Arc::clone(&writer);
            Gathering::start(take, move |group| Arc::clone(&writer).write(group))
        };
        Self { announced: start(), unannounced: start() }
    }

    /// Writes the command.
    pub(super) async fn write(&self, draft: Draft) -> Result<(), CommitError> {
        let way = if draft.subjects.is_empty() { &self.unannounced } else { &self.announced };
        let lost = || Err(CommitError::AnswerLost("whoever wrote it is gone".into()));
        way.ask(draft).await?.unwrap_or_else(lost)
    }
}

/// Those that change different things.
fn take(waiting: &mut Vec<Waiting>) -> Vec<Waiting> {
    take_distinct(waiting, |draft| {
        [&draft.aggregate].into_iter().chain(&draft.subjects).cloned().collect()
    })
}

/// Those that can be one transaction, each time. Whoever was behind another is likely to be refused, which must not be the
/// others' loss.
fn alike(mut group: Vec<Waiting>) -> Vec<Vec<Waiting>> {
    // Everyone takes locks in the same order.
    group.sort_by(|one, other| one.question.aggregate.cmp(&other.question.aggregate));
    let may_join = |command: &Waiting| command.question.is_of_rows && !command.is_behind;
    let mut sorts: Vec<Vec<Waiting>> = Vec::new();
    for command in group {
        let steps = &command.question.steps;
        let is_like = |sort: &&mut Vec<Waiting>| {
            sort.first().is_some_and(|first| {
                may_join(first) && rows::are_alike(steps, &first.question.steps)
            })
        };
        match sorts.iter_mut().find(is_like).filter(|_| may_join(&command)) {
            Some(sort) => sort.push(command),
            None => sorts.push(vec![command]),
        }
    }
    sorts
}

/// Tells everyone of a failure before anything was written.
fn tell_failed(group: Vec<Waiting>, error: StoreError) {
    let error = Arc::new(error);
    for command in group {
        command.tell(Err(StoreError::of_several(&error).into()));
    }
}

#[derive(Debug)]
struct Writer {
    groups: PgPool,
    single: PgPool,
    announcer: Announcer,
    bell: Arc<Notify>,
}

impl Writer {
    async fn write(self: Arc<Self>, group: Vec<Waiting>) {
        let subjects: Vec<_> = group.iter().flat_map(|it| it.question.subjects.clone()).collect();
        let (announced, mut connection) = if subjects.is_empty() {
            (None, None)
        } else {
            match self.announcer.announce(subjects, group.len()).await {
                Ok((announced, connection)) => (Some(announced), connection),
                Err(error) => return tell_failed(group, error),
            }
        };
        let commit = |alike| self.commit(alike, announced.as_ref(), connection.take());
        join_all(alike(group).into_iter().map(commit)).await;
    }

    /// Commits commands that are alike.
    async fn commit(
        self: &Arc<Self>,
        alike: Vec<Waiting>,
        announced: Option<&Announcement>,
        connection: Option<Proven>,
    ) {
        let subjects = alike.iter().flat_map(|it| it.question.subjects.clone()).collect();
        let announced = announced.map(|it| it.only(subjects));
        if alike.iter().any(|it| !it.question.is_of_rows) {
            return self.commit_each(alike, announced.as_ref()).await;
        }
        let steps: Vec<&[Step]> = alike.iter().map(|it| &*it.question.steps).collect();
        let fill = async |tx: &mut PgConnection| rows::run(tx, &steps, announced.as_ref()).await;
        let connection = match connection {
            Some(connection) => Ok(connection),
            None => self.groups.acquire().await,
        };
        let outcome = carry_out(connection, fill).await;
        match outcome {
            Ok(()) => {
                self.bell.notify_one();
                for command in alike {
                    command.tell(Ok(()));
                }
            }
            Err(CommitError::AnswerLost(error)) => {
                let error: Arc<dyn Error + Send + Sync> = Arc::from(error);
                for command in alike {
                    command.tell(Err(CommitError::AnswerLost(Box::new(Arc::clone(&error)))));
                }
            }
            Err(CommitError::NotSent(StoreError::Conflict)) => {
                self.commit_each(alike, announced.as_ref()).await;
            }
            // Each would wait as long again for nothing.
            Err(CommitError::NotSent(error)) => {
                tell_failed(alike, error);
                if let Some(announced) = announced {
                    forget(&self.single, &announced).await;
                }
            }
        }
    }

    /// Commits each of them by itself, all at the same time.
    async fn commit_each(&self, commands: Vec<Waiting>, announced: Option<&Announcement>) {
        let alone = |command: Waiting| {
            let span = command.question.span.clone();
            self.commit_alone(command, announced).instrument(span)
        };
        join_all(commands.into_iter().map(alone)).await;
    }

    async fn commit_alone(&self, mut command: Waiting, announced: Option<&Announcement>) {
        let steps = std::mem::take(&mut command.question.steps);
        let subjects = std::mem::take(&mut command.question.subjects);
        let announced = announced.map(|it| it.only(subjects));
        let fill = async |tx: &mut PgConnection| {
            tx.run(steps).await?;
            match &announced {
                Some(announced) => withdraw(tx, announced).await,
                None => Ok(()),
            }
        };
        let outcome = carry_out(self.single.acquire().await, fill).await;
        let is_refused = matches!(outcome, Err(CommitError::NotSent(_)));
        if outcome.is_ok() {
            self.bell.notify_one();
        }
        command.tell(outcome);
        if let Some(announced) = announced.filter(|_| is_refused) {
            forget(&self.single, &announced).await;
        }
    }
}

/// One transaction: the events, all that follows from them, and the end of what was announced.
async fn carry_out(
    connection: Result<PoolConnection<Postgres>, sqlx::Error>,
    fill: impl AsyncFnOnce(&mut PgConnection) -> Result<(), StoreError>,
) -> Result<(), CommitError> {
    let mut connection = connection.map_err(StoreError::from)?;
    let outcome = match in_time(connection.begin()).await {
        Err(error) => Err(CommitError::NotSent(error.into())),
        Ok(mut tx) => match fill(&mut tx).await {
            Ok(()) => commit::committed(tx.commit())
                .await
                .map_err(|error| CommitError::AnswerLost(error.into())),
            // A database that does not answer is not asked again; the end of the connection is that of the transaction.
            Err(error @ StoreError::Unavailable(_)) => Err(error.into()),
            Err(error) => match in_time(tx.rollback()).await {
                Ok(()) => Err(error.into()),
                Err(failed) => Err(CommitError::NotSent(failed.into())),
            },
        },
    };
    if matches!(
        outcome,
        Err(CommitError::AnswerLost(_) | CommitError::NotSent(StoreError::Unavailable(_)))
    ) {
        // Whatever the connection is in the middle of, nobody else should inherit it.
        connection.close_on_drop();
    }
    outcome
}

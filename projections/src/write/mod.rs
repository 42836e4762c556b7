//! The body of the one transaction that a command is: events first, then all that follows from them.

mod outbox;
mod particulars;

use std::borrow::Cow;
use std::future::Future;

use cqrs_es::persist::SerializedEvent;
use domain::{TokenEvent, UserEvent, UserId};

pub(crate) use particulars::issue_setup_code;

use crate::idempotency::use_key;
use crate::recorded::{Happening, RecordedEvent};
use crate::sequencer::{self, Placed};
use crate::sql::{Row, Statement};
use crate::{StoreError, Submission, changes, erasure, projector};

/// The constraint that a statement broke, by the names it has in PostgreSQL and in SQLite's messages.
const EVENTS_KEY: [&str; 2] =
    ["events_pkey", "events.aggregate_type, events.aggregate_id, events.sequence"];
const EMAIL_KEY: [&str; 2] = ["user_profiles_email_unique", "user_profiles.email"];
const FOUNDER_KEY: [&str; 2] = ["user_profiles_one_founder", "user_profiles.is_founder"];

const INSERT_EVENT: &str = "
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
VALUES ($1, $2, $3, $4, $5, $6, $7)";

const INSERT_CONTEXT: &str = "
INSERT INTO event_context (aggregate_type, aggregate_id, sequence, salt, address, user_agent, user_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)";

const ENQUEUE: &str = "
INSERT INTO log_queue (aggregate_type, aggregate_id, sequence)
VALUES ($1, $2, $3)";

/// An event that changes many rows comes to few texts, so that few are prepared.
const TOGETHER: usize = 8;

/// A transaction in progress.
pub(crate) trait Transaction: Send {
    /// Appended to a question whose row must not change before the commit.
    const LOCK_ROW: &str;

    /// Appended to a question for a row that one transaction changes at a time: waits for its turn.
    const AWAIT_ROW: &str;

    /// The same, and finds no row while it is another's turn.
    const TRY_ROW: &str;

    /// See [`Sql::FORGET_SESSIONS`](crate::Sql::FORGET_SESSIONS).
    const FORGET_SESSIONS: &str;

    /// Whether it is never anyone else's turn: then events get their position where they are written.
    const WRITES_ALONE: bool;

    /// Runs a statement; says how many rows it touched.
    fn execute(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// The text of several statements that are sent together. In which order they are carried out is left open.
    fn as_one(texts: Vec<String>) -> String;

    /// Runs statements of which none sees or touches what another one writes, a few at a time: a way to the database and
    /// back for all of these.
    fn execute_apart(
        &mut self,
        statements: Vec<Statement>,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        async {
            let mut rest = statements.into_iter().peekable();
            while rest.peek().is_some() {
                let statement = Statement::joined(rest.by_ref().take(TOGETHER), Self::as_one);
                self.execute(statement).await?;
            }
            Ok(())
        }
    }

    /// All rows of a question.
    fn fetch<R: Row>(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Whether a question has any answer.
    fn exists(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;
}

/// Runs statements until one touches no row; says whether all did.
pub(crate) async fn each_touches_a_row(
    tx: &mut impl Transaction,
    statements: Vec<Statement>,
) -> Result<bool, sqlx::Error> {
    for statement in statements {
        if tx.execute(statement).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes everything that belongs to `events`. Nothing counts until the caller commits.
///
/// The event insert comes first: a lost race then shows as a conflict on `events_pkey` and as
/// nothing else.
pub(crate) async fn write<T: Transaction>(
    tx: &mut T,
    events: &[SerializedEvent],
    submission: &Submission,
) -> Result<(), StoreError> {
    let recorded = events.iter().map(RecordedEvent::read).collect::<Result<Vec<_>, _>>()?;
    // An event that could not become a leaf must not come to be.
    let placed = events.iter().map(Placed::of).collect::<Result<Vec<_>, _>>()?;
    for event in events {
        tx.execute(insert_event(event)?).await.map_err(refusal)?;
    }
    for (event, recorded) in events.iter().zip(&recorded) {
        require_active_user(tx, recorded).await?;
        tx.execute_apart(rows::<T>(event, recorded, submission)?).await.map_err(refusal)?;
        for erasure in erasures(tx, recorded) {
            tx.execute(erasure).await.map_err(refusal)?;
        }
        for delivery in outbox::deliveries(event, recorded, &submission.subscribers)? {
            tx.execute(delivery).await.map_err(refusal)?;
        }
    }
    if T::WRITES_ALONE {
        sequencer::number(tx, &placed).await?;
    }
    if let Some(key) = &submission.idempotency_key
        && tx.execute(use_key(key, events)?).await.map_err(refusal)? == 0
    {
        return Err(StoreError::Repeated);
    }
    match &submission.particulars {
        None => Ok(()),
        Some(particulars) => particulars::write(tx, particulars, &recorded).await,
    }
}

/// Rows that follow from one event, each in another place: what it changes, where it came from, and where the sequencer finds
/// it, unless it gets its position at once.
fn rows<T: Transaction>(
    event: &SerializedEvent,
    recorded: &RecordedEvent,
    submission: &Submission,
) -> Result<Vec<Statement>, StoreError> {
    let mut rows: Vec<_> = projector::changes(recorded).iter().map(changes::statement).collect();
    rows.push(insert_context(event, submission)?);
    if !T::WRITES_ALONE {
        rows.push(about(ENQUEUE, event)?);
    }
    Ok(rows)
}

/// A locked user gets no token, not even when the command was decided before the lock: the row stays
/// as it is until this transaction ends.
async fn require_active_user(
    tx: &mut impl Transaction,
    event: &RecordedEvent,
) -> Result<(), StoreError> {
    let Some(user_id) = receives_token(&event.happening) else { return Ok(()) };
    if tx.exists(active_user(user_id, lock_row(tx))).await.map_err(refusal)? {
        Ok(())
    } else {
        Err(StoreError::UserNotActive)
    }
}

fn receives_token(happening: &Happening) -> Option<UserId> {
    match happening {
        Happening::Token(
            user_id,
            TokenEvent::TokenGenerated { .. } | TokenEvent::TokenRegenerated { .. },
        ) => Some(*user_id),
        Happening::Token(_, TokenEvent::TokenRevoked { .. })
        | Happening::User(..)
        | Happening::Account(..)
        | Happening::Call(..)
        | Happening::Campaign(..)
        | Happening::Webhook(..) => None,
    }
}

/// With the event that a user is forgotten, everything goes that tells who it was.
fn erasures<T: Transaction>(_: &T, event: &RecordedEvent) -> Vec<Statement> {
    match &event.happening {
        Happening::User(user_id, UserEvent::PersonalDataErased { .. }) => {
            erasure::of(*user_id, T::FORGET_SESSIONS)
        }
        Happening::User(
            _,
            UserEvent::UserRegistered { .. }
            | UserEvent::UserLocked { .. }
            | UserEvent::UserUnlocked { .. },
        )
        | Happening::Token(..)
        | Happening::Account(..)
        | Happening::Call(..)
        | Happening::Campaign(..)
        | Happening::Webhook(..) => Vec::new(),
    }
}

fn lock_row<T: Transaction>(_: &T) -> &'static str {
    T::LOCK_ROW
}

fn active_user(user_id: UserId, lock_row: &str) -> Statement {
    Statement::new(format!(
        "
SELECT user_id
FROM users
WHERE user_id = $1
  AND registered_sequence > 0
  AND NOT is_locked
{lock_row}"
    ))
    .bind(user_id.to_string())
}

fn insert_event(event: &SerializedEvent) -> Result<Statement, StoreError> {
    Ok(about(INSERT_EVENT, event)?
        .bind(&*event.event_type)
        .bind(&*event.event_version)
        .bind(event.payload.clone())
        .bind(event.metadata.clone()))
}

fn insert_context(
    event: &SerializedEvent,
    submission: &Submission,
) -> Result<Statement, StoreError> {
    let origin = &submission.origin;
    Ok(about(INSERT_CONTEXT, event)?
        .bind(origin.salt.to_vec())
        .bind(origin.address.clone())
        .bind(origin.user_agent.clone())
        .bind(submission.actor.user_id.map(|user_id| user_id.to_string())))
}

/// A statement whose first three values name the event.
fn about(
    text: impl Into<Cow<'static, str>>,
    event: &SerializedEvent,
) -> Result<Statement, StoreError> {
    let sequence = i64::try_from(event.sequence).map_err(StoreError::corrupt)?;
    Ok(Statement::new(text).bind(&*event.aggregate_type).bind(&*event.aggregate_id).bind(sequence))
}

/// What a failed statement of the transaction means. Only `events_pkey` is a lost race; a broken
/// constraint that no caller can cause is corruption and is logged as an alarm.
pub(crate) fn refusal(error: sqlx::Error) -> StoreError {
    let Some(constraint) = broken_constraint(&error) else { return error.into() };
    match constraint.as_str() {
        name if EVENTS_KEY.contains(&name) => StoreError::Conflict,
        name if EMAIL_KEY.contains(&name) => StoreError::EmailTaken,
        name if FOUNDER_KEY.contains(&name) => StoreError::AlreadySetUp,
        name => {
            tracing::error!(constraint = name, "the constraint {name} stopped a command");
            StoreError::corrupt(error)
        }
    }
}

/// PostgreSQL names the constraint. SQLite says which columns are not unique, or which check failed.
fn broken_constraint(error: &sqlx::Error) -> Option<String> {
    let error = error.as_database_error()?;
    if let Some(name) = error.constraint() {
        return Some(name.to_owned());
    }
    let broken = error.is_unique_violation() || error.is_check_violation();
    let (_, columns) = error.message().split_once("constraint failed: ")?;
    broken.then(|| columns.to_owned())
}

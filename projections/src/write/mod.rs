//! What a command writes: its events first, then all that follows from them.
//!
//! **Invariant:** all of it is known before the transaction begins, so that the transaction is short and nothing in it
//! depends on which database it is.

mod outbox;
mod particulars;
mod step;

use std::borrow::Cow;
use std::future::Future;

use cqrs_es::persist::SerializedEvent;
use domain::{TokenEvent, UserEvent, UserId};

pub(crate) use particulars::issue_setup_code;
pub(crate) use step::{Demand, Step};

use crate::idempotency::use_key;
use crate::recorded::{Happening, RecordedEvent};
use crate::sequencer::Placed;
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

    /// Whether it is never anyone else's turn.
    const WRITES_ALONE: bool;

    /// Runs a statement; says how many rows it touched.
    fn execute(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Runs steps until one fails.
    fn run(&mut self, steps: Vec<Step>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// All rows of a question.
    fn fetch<R: Row>(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;
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

/// Everything that belongs to `events`, in the order in which it is written.
///
/// The event insert comes first: a lost race then shows as a conflict on `events_pkey` and as
/// nothing else.
pub(crate) fn steps<T: Transaction>(
    events: &[SerializedEvent],
    submission: &Submission,
) -> Result<Vec<Step>, StoreError> {
    let recorded = events.iter().map(RecordedEvent::read).collect::<Result<Vec<_>, _>>()?;
    let mut steps = Vec::new();
    for event in events {
        steps.push(insert_event(event)?.into());
    }
    for (event, recorded) in events.iter().zip(&recorded) {
        steps.extend(require_active_user::<T>(recorded));
        steps.push(Step::apart(rows::<T>(event, recorded, submission)?));
        steps.extend(erasures::<T>(recorded).into_iter().map(Step::from));
        let deliveries = outbox::deliveries(event, recorded, &submission.subscribers)?;
        steps.extend(deliveries.into_iter().map(Step::from));
    }
    if let Some(key) = &submission.idempotency_key {
        steps.push(Step::must_change(use_key(key, events)?, StoreError::Repeated));
    }
    if let Some(particulars) = &submission.particulars {
        steps.extend(particulars::steps(particulars, &recorded));
    }
    Ok(steps)
}

/// Rows that follow from one event, each in another place: what it changes, where it came from, and where the sequencer finds
/// it, unless the one who writes gives it its position.
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

/// The leaves that the events become. An event that could not become one must not come to be.
pub(crate) fn leaves(events: &[SerializedEvent]) -> Result<Vec<Placed>, StoreError> {
    events.iter().map(Placed::of).collect()
}

/// A locked user gets no token, not even when the command was decided before the lock: the row stays
/// as it is until this transaction ends.
fn require_active_user<T: Transaction>(event: &RecordedEvent) -> Option<Step> {
    let user_id = receives_token(&event.happening)?;
    Some(Step::must_find(active_user(user_id, T::LOCK_ROW), StoreError::UserNotActive))
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
fn erasures<T: Transaction>(event: &RecordedEvent) -> Vec<Statement> {
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

fn active_user(user_id: UserId, lock_row: &str) -> Statement {
    Statement::new(format!(
        "
SELECT user_id
FROM users
WHERE user_id IN ($1)
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

/// What a failed statement of the transaction means.
pub(crate) fn refusal(error: sqlx::Error) -> StoreError {
    match broken_constraint(&error) {
        Some(constraint) => refused_by(&constraint, error),
        None => error.into(),
    }
}

/// What it means that a constraint was broken that the database calls so. Only `events_pkey` is a lost race; one that no
/// caller can break is corruption and is logged as an alarm.
pub(crate) fn refused_by(
    constraint: &str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    match constraint {
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
    sqlite_constraint(error.message()).filter(|_| broken).map(str::to_owned)
}

/// The columns or the check that a message of SQLite's ends with.
pub(crate) fn sqlite_constraint(message: &str) -> Option<&str> {
    message.split_once("constraint failed: ").map(|(_, constraint)| constraint)
}

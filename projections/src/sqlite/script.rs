//! Several statements in one message to the thread that runs SQLite.
//!
//! A message there and back takes longer than most statements, so a command is one message, and so are several commands
//! that are alike.

use std::iter;

use futures_util::TryStreamExt;
use sqlx::{Either, Executor, SqliteConnection};

use crate::StoreError;
use crate::sql::{Statement, bind_values};
use crate::write::{Demand, Step, refusal};

/// Statements in one message. What is longer is of many rows alike, whose texts then repeat and stay prepared.
const LENGTH: usize = 16;

/// Statements to run one after the other, until one fails.
#[derive(Debug)]
pub(super) struct Script(Vec<Message>);

/// What is demanded of each statement in a text of several.
#[derive(Debug)]
struct Message {
    statement: Statement,
    demands: Vec<Demand>,
}

/// Why a message was not run to its end.
enum Stop {
    Failed(sqlx::Error),
    /// The demand of this number was not met.
    Unmet(usize),
}

impl Script {
    pub(super) fn of(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut rest = steps.into_iter().flat_map(Step::each).peekable();
        let mut messages = Vec::new();
        while rest.peek().is_some() {
            let (statements, demands): (Vec<_>, _) = rest.by_ref().take(LENGTH).unzip();
            messages.push(Message { statement: in_order(statements), demands });
        }
        Self(messages)
    }

    /// Whether both are one message each, and of the same text.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        matches!(
            (&*self.0, &*other.0),
            ([one], [another]) if one.statement.text == another.statement.text
        )
    }

    /// Runs it, once, behind statements without values.
    pub(super) async fn run(
        &mut self,
        mut before: &[&'static str],
        connection: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        for Message { statement, mut demands } in self.0.drain(..) {
            match run(behind(before, [statement], &demands), connection).await {
                Ok(()) => {}
                Err(Stop::Failed(error)) => return Err(refusal(error)),
                Err(Stop::Unmet(number)) => {
                    return demands.swap_remove(number - before.len()).refuse();
                }
            }
            before = &[];
        }
        Ok(())
    }

    /// Tries to run all of them as one message, behind statements without values. Says whether all was done; each can
    /// still be run.
    pub(super) async fn try_all(
        scripts: &[&Self],
        before: &[&'static str],
        connection: &mut SqliteConnection,
    ) -> bool {
        let messages = || scripts.iter().flat_map(|script| &script.0);
        let statements = messages().map(|message| message.statement.clone());
        let demands = messages().flat_map(|message| &message.demands);
        run(behind(before, statements, demands), connection).await.is_ok()
    }
}

/// One statement that carries out these, one after the other.
fn in_order(statements: impl IntoIterator<Item = Statement>) -> Statement {
    Statement::joined(statements.into_iter(), |texts| texts.join("\n;\n"))
}

/// All of it behind statements without values, of which nothing is demanded.
fn behind<'a>(
    before: &[&'static str],
    statements: impl IntoIterator<Item = Statement>,
    demands: impl IntoIterator<Item = &'a Demand>,
) -> (Statement, Vec<&'a Demand>) {
    let first = before.iter().map(|text| Statement::new(*text));
    let nothing = iter::repeat_n(&Demand::Nothing, before.len());
    (in_order(first.chain(statements)), nothing.chain(demands).collect())
}

/// Runs a text of as many statements as there are demands.
async fn run(
    (Statement { text, values }, demands): (Statement, Vec<&Demand>),
    connection: &mut SqliteConnection,
) -> Result<(), Stop> {
    let mut demands = demands.into_iter().enumerate();
    let mut found = 0;
    let mut answers = connection.fetch_many(bind_values!(sqlx::query(&text), values));
    while let Some(answer) = answers.try_next().await.map_err(Stop::Failed)? {
        match answer {
            Either::Right(_) => found += 1,
            // The number of changed rows is that of the last statement that changed any.
            Either::Left(done) => {
                if let Some((number, demand)) = demands.next()
                    && !demand.is_met(done.rows_affected(), found)
                {
                    return Err(Stop::Unmet(number));
                }
                found = 0;
            }
        }
    }
    Ok(())
}

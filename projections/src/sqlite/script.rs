//! Several statements in one message to the thread that runs SQLite.
//!
//! A message there and back takes longer than most statements, so a command is one message, and so are several commands
//! that are alike.

use std::iter;

use futures_util::TryStreamExt;
use sqlx::{Either, Executor, SqliteConnection};

use crate::StoreError;
use crate::sql::{Statement, Value, bind_values};
use crate::write::{Demand, Step, refusal};

/// Statements in one message. What is longer is of many rows alike, whose texts then repeat and stay prepared.
const LENGTH: usize = 16;

/// Statements to run one after the other, until one fails.
#[derive(Debug)]
pub(super) struct Script(Vec<Message>);

#[derive(Debug, Default)]
struct Message {
    text: String,
    /// In the order in which the text asks for them.
    values: Vec<Value>,
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
        let mut messages = vec![Message::default()];
        for step in steps {
            match messages.last_mut() {
                Some(last) if last.demands.len() < LENGTH => last.add(step),
                Some(_) | None => messages.push(Message::of(step)),
            }
        }
        Self(messages)
    }

    /// Whether both are one message each, and of the same text.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        matches!((&*self.0, &*other.0), ([one], [another]) if one.text == another.text)
    }

    /// Runs it, once, behind statements without values.
    pub(super) async fn run(
        &mut self,
        mut before: &[&str],
        connection: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        for mut message in self.0.drain(..) {
            let text = text_of(before, [&*message.text]);
            let demands = behind(before, &message.demands);
            match run(&text, message.values, demands, connection).await {
                Ok(()) => {}
                Err(Stop::Failed(error)) => return Err(refusal(error)),
                Err(Stop::Unmet(number)) => {
                    return message.demands.swap_remove(number - before.len()).refuse();
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
        before: &[&str],
        connection: &mut SqliteConnection,
    ) -> bool {
        let messages: Vec<_> = scripts.iter().flat_map(|script| &script.0).collect();
        let text = text_of(before, messages.iter().map(|message| &*message.text));
        let values = messages.iter().flat_map(|message| &message.values).cloned().collect();
        let demands = messages.iter().flat_map(|message| &message.demands);
        run(&text, values, behind(before, demands), connection).await.is_ok()
    }
}

impl Message {
    fn of(step: Step) -> Self {
        let mut message = Self::default();
        message.add(step);
        message
    }

    /// Values lose their numbers and stand in order, so that texts can be put one after the other.
    fn add(&mut self, Step { statement: Statement { text, values }, demand }: Step) {
        let mut parts = text.split('$');
        self.text.push_str(parts.next().unwrap_or_default());
        for part in parts {
            let digits = part.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(part.len());
            let (number, rest) = part.split_at(digits);
            let value =
                number.parse().ok().and_then(|number: usize| values.get(number.checked_sub(1)?));
            self.text.push(if value.is_some() { '?' } else { '$' });
            self.text.push_str(if value.is_some() { rest } else { part });
            self.values.extend(value.cloned());
        }
        self.text.push_str("\n;\n");
        self.demands.push(demand);
    }
}

fn text_of<'a>(before: &[&'a str], texts: impl IntoIterator<Item = &'a str>) -> String {
    let before = before.iter().flat_map(|text| [*text, ";\n"]);
    before.chain(texts).collect()
}

/// What is demanded of all statements, also those before.
fn behind<'a>(before: &[&str], demands: impl IntoIterator<Item = &'a Demand>) -> Vec<&'a Demand> {
    iter::repeat_n(&Demand::Nothing, before.len()).chain(demands).collect()
}

/// Runs a text of as many statements as there are demands.
async fn run(
    text: &str,
    values: Vec<Value>,
    demands: Vec<&Demand>,
    connection: &mut SqliteConnection,
) -> Result<(), Stop> {
    let mut demands = demands.into_iter().enumerate();
    let mut found = 0;
    let mut answers = connection.fetch_many(bind_values!(sqlx::query(text), values));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_statement_of_a_message_keeps_its_own_values() {
        let statement = |text: &'static str, values: &[i64]| {
            Step::from(values.iter().fold(Statement::new(text), |it, value| it.bind(*value)))
        };
        let Script(messages) = Script::of([
            statement("SELECT $2, $1", &[7, 8]),
            statement("SELECT '$', '$x' || $1 || $1", &[9]),
        ]);
        let [message] = &*messages else { unreachable!("two statements fit into one") };
        assert_eq!(message.text, "SELECT ?, ?\n;\nSELECT '$', '$x' || ? || ?\n;\n");
        assert_eq!(message.values, [8.into(), 7.into(), 9.into(), 9.into()]);
    }
}

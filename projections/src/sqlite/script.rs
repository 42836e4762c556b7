//! Several statements in one message to the thread that runs SQLite.
//!
//! A message there and back takes longer than most statements, so a command is one message.

use std::fmt::Write;

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
    values: Vec<Value>,
    demands: Vec<Demand>,
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

    /// Runs it, once.
    pub(super) async fn run(
        &mut self,
        connection: &mut SqliteConnection,
    ) -> Result<(), StoreError> {
        for message in self.0.drain(..) {
            message.run(connection).await?;
        }
        Ok(())
    }
}

impl Message {
    fn of(step: Step) -> Self {
        let mut message = Self::default();
        message.add(step);
        message
    }

    fn add(&mut self, Step { statement: Statement { text, values }, demand }: Step) {
        append_renumbered(&mut self.text, &text, self.values.len());
        self.text.push_str("\n;\n");
        self.values.extend(values);
        self.demands.push(demand);
    }

    async fn run(self, connection: &mut SqliteConnection) -> Result<(), StoreError> {
        let mut demands = self.demands.into_iter();
        let mut found = 0;
        let mut answers = connection.fetch_many(bind_values!(sqlx::query(&self.text), self.values));
        while let Some(answer) = answers.try_next().await.map_err(refusal)? {
            match answer {
                Either::Right(_) => found += 1,
                // The number of changed rows is that of the last statement that changed any.
                Either::Left(done) => {
                    let demand = demands.next().unwrap_or(Demand::Nothing);
                    demand.met_by(done.rows_affected(), found)?;
                    found = 0;
                }
            }
        }
        Ok(())
    }
}

/// Appends `text`, in which `$1` becomes the value after `before` others.
fn append_renumbered(whole: &mut String, text: &str, before: usize) {
    let mut parts = text.split('$');
    whole.push_str(parts.next().unwrap_or_default());
    for part in parts {
        whole.push('$');
        let digits = part.find(|sign: char| !sign.is_ascii_digit()).unwrap_or(part.len());
        let (number, rest) = part.split_at(digits);
        match number.parse::<usize>() {
            Ok(number) => drop(write!(whole, "{}", number + before)),
            Err(_) => whole.push_str(number),
        }
        whole.push_str(rest);
    }
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
            statement("SELECT '$' || $1 || $1", &[9]),
        ]);
        let [message] = &*messages else { unreachable!("two statements fit into one") };
        assert_eq!(message.text, "SELECT $2, $1\n;\nSELECT '$' || $3 || $3\n;\n");
        assert_eq!(message.values, [7.into(), 8.into(), 9.into()]);
    }
}

//! What the statements of [`changes`] say about tables, read from their texts.
//!
//! All have one form: `INSERT INTO table (columns) VALUES ($1, …) ON CONFLICT (key) DO …`. So whatever a
//! change writes, a rebuild knows, without a list of its own to keep up to date. A text of another form is an
//! error, never a guess.

use std::collections::{BTreeMap, HashMap};

use crate::changes;
use crate::sql::{Statement, Value};

use super::RebuildError;

/// What one text does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    /// To which table.
    table: &'static str,
    /// The columns that `$1`, `$2` … go to.
    columns: Vec<&'static str>,
    /// The columns that tell rows apart.
    key: Vec<&'static str>,
    /// The columns that change in a row that is there; none when it stays as it is.
    updates: Vec<&'static str>,
}

/// What one text does to the rows of its table, in places of the table's columns.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    /// Which of the texts it is.
    pub(super) number: usize,
    /// The text before its values, and behind them.
    pub(super) before: &'static str,
    pub(super) after: &'static str,
    pub(super) table: usize,
    /// Where each value goes.
    pub(super) places: Vec<usize>,
    /// Which of the values go into a row that is there.
    pub(super) updates: Vec<usize>,
    /// Which of the values are the key.
    pub(super) key: Vec<usize>,
}

/// A table that events make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// What it is called.
    pub name: &'static str,
    /// How many of the columns, from the first, tell rows apart.
    pub(super) key: usize,
    /// All that events write, the key first.
    pub(super) columns: Vec<&'static str>,
}

/// All tables that events make, and what each text does to them.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) tables: Vec<Table>,
    aims: Vec<Aim>,
    numbers: HashMap<&'static str, usize>,
}

impl Form {
    fn parse(text: &'static str) -> Option<Self> {
        let list = |text: &'static str| text.split(',').map(str::trim).collect::<Vec<_>>();
        let (table, rest) = text.trim().strip_prefix("INSERT INTO ")?.split_once(" (")?;
        let (columns, rest) = rest.split_once(')')?;
        let (values, rest) = rest.trim().strip_prefix("VALUES (")?.split_once(')')?;
        let (key, rest) = rest.trim().strip_prefix("ON CONFLICT (")?.split_once(')')?;
        let (columns, key) = (list(columns), list(key));
        let in_order = (1..=columns.len()).map(|number| format!("${number}"));
        if !list(values).into_iter().eq(in_order) {
            return None;
        }
        let updates = match rest.trim() {
            "DO NOTHING" => Vec::new(),
            update => {
                let (assignments, _guard) =
                    update.strip_prefix("DO UPDATE\nSET ")?.split_once("\nWHERE ")?;
                list(assignments).into_iter().map(updated).collect::<Option<_>>()?
            }
        };
        let whole = key.iter().chain(&updates).all(|column| columns.contains(column));
        whole.then_some(Self { table, columns, key, updates })
    }
}

/// The column of `column = excluded.column`.
fn updated(assignment: &'static str) -> Option<&'static str> {
    let (column, value) = assignment.split_once(" = excluded.")?;
    (column == value).then_some(column)
}

impl Plan {
    /// Reads the texts.
    pub(super) fn read() -> Result<Self, RebuildError> {
        let parse = |text: &'static str| {
            Form::parse(text).map(|form| (text, form)).ok_or_else(|| unknown(text))
        };
        let forms =
            changes::STATEMENTS.into_iter().map(parse).collect::<Result<Vec<_>, RebuildError>>()?;
        let mut named = BTreeMap::new();
        for (text, form) in &forms {
            let table = named.entry(form.table).or_insert_with(|| Table {
                name: form.table,
                key: form.key.len(),
                columns: form.key.clone(),
            });
            if !table.columns.starts_with(&form.key) || table.key != form.key.len() {
                return Err(unknown(text));
            }
            for column in &form.columns {
                if !table.columns.contains(column) {
                    table.columns.push(column);
                }
            }
        }
        let tables: Vec<Table> = named.into_values().collect();
        let aims = forms.iter().enumerate();
        let aims = aims
            .map(|(number, (text, form))| {
                aim(&tables, number, text, form).ok_or_else(|| unknown(text))
            })
            .collect::<Result<_, _>>()?;
        let numbers = forms.iter().enumerate().map(|(number, (text, _))| (*text, number)).collect();
        Ok(Self { tables, aims, numbers })
    }

    /// What the text of this number does.
    pub(super) fn numbered(&self, number: usize) -> Option<&Aim> {
        self.aims.get(number)
    }

    /// What a statement does; an error for one that no change may give.
    pub(super) fn aim(&self, statement: &Statement) -> Result<&Aim, RebuildError> {
        let number = self.numbers.get(statement.text.as_ref());
        number.and_then(|number| self.numbered(*number)).ok_or_else(|| unknown(&statement.text))
    }
}

/// The key of the row that a statement writes.
pub(super) fn key_of<'a>(
    statement: &'a Statement,
    aim: &'a Aim,
) -> impl Iterator<Item = &'a Value> {
    aim.key.iter().filter_map(|number| statement.values.get(*number))
}

fn aim(tables: &[Table], number: usize, text: &'static str, form: &Form) -> Option<Aim> {
    let place_of_table = tables.iter().position(|table| table.name == form.table)?;
    let table = tables.get(place_of_table)?;
    let (before, rest) = text.split_once("VALUES (")?;
    let (_, after) = rest.split_once(')')?;
    let place = |column: &&str| table.columns.iter().position(|other| other == column);
    let value = |column: &&str| form.columns.iter().position(|other| other == column);
    Some(Aim {
        number,
        before,
        after,
        table: place_of_table,
        places: form.columns.iter().map(place).collect::<Option<_>>()?,
        updates: form.updates.iter().map(value).collect::<Option<_>>()?,
        key: form.key.iter().map(value).collect::<Option<_>>()?,
    })
}

fn unknown(text: &str) -> RebuildError {
    let line = text.trim().lines().next().unwrap_or_default();
    RebuildError::Unknown(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_has_the_form_that_a_rebuild_reads() {
        let plan = Plan::read().unwrap();
        let users = plan.tables.iter().find(|table| table.name == "users").unwrap();
        assert_eq!(users.columns.first(), Some(&"user_id"));
        for column in ["registered_sequence", "is_locked", "lock_sequence"] {
            assert!(users.columns.contains(&column), "{users:?}");
        }
        let history = plan.tables.iter().find(|table| table.name == "token_history").unwrap();
        assert_eq!((history.key, &history.columns[..2]), (2, &["user_id", "sequence"][..]));
    }

    #[test]
    fn another_form_is_not_guessed_at() {
        for text in [
            "UPDATE users SET is_locked = $1",
            "INSERT INTO users (a, b) VALUES ($2, $1)\nON CONFLICT (a) DO NOTHING",
            "INSERT INTO users (a, b) VALUES ($1, $2)\nON CONFLICT (c) DO NOTHING",
            "INSERT INTO users (a, b) VALUES ($1, $2)\nON CONFLICT (a) DO UPDATE\nSET b = users.b + 1\nWHERE users.b < 1",
        ] {
            assert_eq!(Form::parse(text), None, "{text}");
        }
        let statement = Statement::new("INSERT INTO secrets (a) VALUES ($1)");
        assert!(Plan::read().unwrap().aim(&statement).is_err());
    }
}

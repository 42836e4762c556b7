//! Many rows in few statements.
//!
//! A statement may not write a row twice, so of several that would, the one that counts is kept: the last where
//! each says the whole new state, the first where a row stays as it was written.

use std::collections::BTreeMap;

use crate::sql::{Statement, Value};

use super::RebuildError;
use super::cell::Cell;
use super::events::Known;
use super::fold::statements;
use super::form::{Plan, key_of};
use super::scaffold::Scaffold;

/// Conditions in one statement, at most.
pub(super) const MANY: usize = 50;
/// Rows in one statement that writes them: few sizes, so that databases keep each prepared.
const SIZES: [usize; 5] = [500, 100, 20, 4, 1];

/// What some events change: for each text, by its number, rows by key.
#[derive(Default)]
pub(super) struct Batch {
    rows: BTreeMap<usize, BTreeMap<Vec<Cell>, Vec<Value>>>,
}

impl Batch {
    /// Adds what the next event changes.
    pub(super) fn add<S: Scaffold>(
        &mut self,
        plan: &Plan,
        event: &Known,
    ) -> Result<(), RebuildError> {
        for statement in statements(event) {
            let aim = plan.aim(&statement)?;
            let key = key_of(&statement, aim).cloned().map(S::cell).collect();
            let rows = self.rows.entry(aim.number).or_default();
            if aim.updates.is_empty() {
                rows.entry(key).or_insert(statement.values);
            } else {
                rows.insert(key, statement.values);
            }
        }
        Ok(())
    }

    /// The keys of all rows, by table.
    pub(super) fn keys(&self, plan: &Plan) -> Vec<Vec<Vec<Value>>> {
        let mut keys = vec![Vec::new(); plan.tables.len()];
        for (number, rows) in &self.rows {
            let of = rows.keys().map(|key| key.iter().cloned().map(Value::from).collect());
            if let Some(keys) = plan.numbered(*number).and_then(|aim| keys.get_mut(aim.table)) {
                keys.extend(of);
            }
        }
        keys
    }

    /// Writes them to the scaffold.
    pub(super) async fn write<S: Scaffold>(
        self,
        scaffold: &mut S,
        plan: &Plan,
    ) -> Result<(), RebuildError> {
        for (number, rows) in self.rows {
            if let Some(aim) = plan.numbered(number) {
                insert(scaffold, aim.before, aim.after, rows.into_values().collect()).await?;
            }
        }
        Ok(())
    }
}

/// Runs `before VALUES (…), (…) after` for all rows.
pub(super) async fn insert<S: Scaffold>(
    scaffold: &mut S,
    before: &str,
    after: &str,
    rows: Vec<Vec<Value>>,
) -> Result<(), RebuildError> {
    let mut rows = rows.into_iter().peekable();
    let (mut text, mut made_for) = (String::new(), 0);
    while let Some(width) = rows.peek().map(Vec::len) {
        let size = SIZES.into_iter().find(|size| *size <= rows.len()).unwrap_or(1);
        if made_for != size {
            text = format!("{before} VALUES {} {after}", places(size, width));
            made_for = size;
        }
        let values = rows.by_ref().take(size).flatten().collect();
        scaffold.execute(Statement { text: text.clone().into(), values }).await?;
    }
    Ok(())
}

/// `($1, $2), ($3, $4), …`
fn places(rows: usize, width: usize) -> String {
    let row = |row: usize| {
        let places = (row * width + 1..=(row + 1) * width).map(|number| format!("${number}"));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `(a = $1 AND b = $2) OR (a = $3 AND b = $4) …`: an index serves each part, whatever the planner believes.
pub(super) fn any_of(columns: &[&str], rows: usize) -> String {
    let row = |row: usize| {
        let numbers = row * columns.len() + 1..;
        let equal = numbers.zip(columns).map(|(number, column)| format!("{column} = ${number}"));
        format!("({})", equal.collect::<Vec<_>>().join(" AND "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(" OR ")
}

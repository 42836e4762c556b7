//! Compares tables with what they must hold.

use std::collections::BTreeSet;

use crate::sql::Statement;

use super::RebuildError;
use super::cell::{Cell, fingerprint};
use super::events::{PAGE, Walk};
use super::fold::{Expected, Fold};
use super::form::{Plan, Table};
use super::mending::equals;
use super::scaffold::Scaffold;
use super::watch::Watch;

/// How the rows of a table differ from what events say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Differences {
    /// Which.
    pub table: &'static str,
    /// Rows that must be there and are not.
    pub missing: u64,
    /// Rows that say something else.
    pub different: u64,
    /// Rows that no event made.
    pub invented: u64,
}

impl Differences {
    /// How many rows are not as they must be.
    pub const fn rows(&self) -> u64 {
        self.missing + self.different + self.invented
    }
}

/// All events as a transaction sees them, folded; and how many they are.
pub(super) async fn fold_all<S: Scaffold>(
    scaffold: &mut S,
    (plan, blank): (&Plan, &[Vec<Cell>]),
    watch: &mut impl Watch,
) -> Result<(Expected, u64), RebuildError> {
    let (mut fold, mut walk, mut count) = (Fold::<S>::new(plan, blank), Walk::default(), 0);
    loop {
        let page = walk.next(scaffold).await?;
        for event in &page {
            fold.take(event)?;
            count += 1;
        }
        watch.reached(count);
        if is_last(page.len()) {
            return Ok((fold.finish(), count));
        }
    }
}

/// Whether a page of so many events was the last.
pub(super) fn is_last(length: usize) -> bool {
    i64::try_from(length).is_ok_and(|length| length < PAGE)
}

/// How the tables of a schema differ from what is expected.
pub(super) async fn differences<S: Scaffold>(
    scaffold: &mut S,
    plan: &Plan,
    schema: &str,
    expected: Expected,
) -> Result<Vec<Differences>, RebuildError> {
    let mut all = Vec::new();
    for (table, mut expected) in plan.tables.iter().zip(expected) {
        let (mut different, mut invented) = (0, 0);
        let question = format!("SELECT {} FROM {schema}.{}", table.columns.join(", "), table.name);
        let compare = |row: &[Cell]| {
            let key = row.get(..table.key).unwrap_or_default();
            match expected.remove(&fingerprint(key)) {
                None => invented += 1,
                Some(due) if due == fingerprint(row) => {}
                Some(_) => different += 1,
            }
        };
        scaffold.visit(Statement::new(question), compare).await?;
        let missing = u64::try_from(expected.len()).unwrap_or(u64::MAX);
        all.push(Differences { table: table.name, missing, different, invented });
    }
    Ok(all)
}

/// How the scaffold's rows of these aggregates differ from what their events say.
pub(super) async fn differences_of<S: Scaffold>(
    scaffold: &mut S,
    (plan, blank): (&Plan, &[Vec<Cell>]),
    aggregates: BTreeSet<(String, String)>,
) -> Result<Vec<Differences>, RebuildError> {
    let none =
        |table: &Table| Differences { table: table.name, missing: 0, different: 0, invented: 0 };
    let mut all: Vec<_> = plan.tables.iter().map(none).collect();
    for (kind, id) in aggregates {
        let (mut fold, mut walk) = (Fold::<S>::new(plan, blank), Walk::over(kind, id));
        loop {
            let page = walk.next(scaffold).await?;
            page.iter().try_for_each(|event| fold.take(event))?;
            if is_last(page.len()) {
                break;
            }
        }
        for ((number, key), due) in fold.into_rows() {
            let (Some(table), Some(found)) = (plan.tables.get(number), all.get_mut(number)) else {
                continue;
            };
            match row(scaffold, table, key).await? {
                None => found.missing += 1,
                Some(row) if fingerprint(&row) == fingerprint(&due) => {}
                Some(_) => found.different += 1,
            }
        }
    }
    Ok(all)
}

/// The row of this key in the scaffold.
async fn row<S: Scaffold>(
    scaffold: &mut S,
    table: &Table,
    key: Vec<Cell>,
) -> Result<Option<Vec<Cell>>, RebuildError> {
    let question = format!(
        "SELECT {} FROM {}.{} WHERE {}",
        table.columns.join(", "),
        S::SCAFFOLD,
        table.name,
        equals(table)
    );
    let mut found = None;
    let question = key.into_iter().fold(Statement::new(question), Statement::bind);
    scaffold.visit(question, |row| found = Some(row.to_vec())).await?;
    Ok(found)
}

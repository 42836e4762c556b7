//! Compares tables with what they must hold.

use std::collections::{BTreeSet, HashMap};

use crate::sql::Statement;

use super::RebuildError;
use super::batch::{MANY, any_of};
use super::cell::{Cell, fingerprint};
use super::events::{self, Known, PAGE};
use super::fold::{Expected, Fold, KeyedRow};
use super::form::{Plan, Table};
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
    /// None at all.
    pub(super) const fn none(table: &Table) -> Self {
        Self { table: table.name, missing: 0, different: 0, invented: 0 }
    }

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
    let (mut fold, mut count) = (Fold::<S>::of_many(plan, blank), 0);
    let take = |event: &Known| {
        count += 1;
        watch.reached(count);
        fold.take(event)
    };
    events::each(scaffold, take).await?;
    Ok((fold.finish(), count))
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
        let compare = |row: Vec<Cell>| {
            let key = row.get(..table.key).unwrap_or_default();
            match expected.remove(&fingerprint(key)) {
                None => invented += 1,
                Some(due) if due == fingerprint(&row) => {}
                Some(_) => different += 1,
            }
            Ok(())
        };
        scaffold.each(Statement::new(question), compare).await?;
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
    let mut all: Vec<_> = plan.tables.iter().map(Differences::none).collect();
    for aggregates in Vec::from_iter(aggregates).chunks(MANY) {
        let mut fold = Fold::<S>::of_few(plan, blank);
        for event in events::of(scaffold, aggregates).await? {
            fold.take(&event)?;
        }
        let rows = Vec::from_iter(fold.into_rows());
        for rows in rows.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
            let number = rows.first().map(|((number, _), _)| *number).unwrap_or_default();
            if let (Some(table), Some(found)) = (plan.tables.get(number), all.get_mut(number)) {
                for rows in rows.chunks(MANY) {
                    compare_rows(scaffold, table, rows, found).await?;
                }
            }
        }
    }
    Ok(all)
}

/// Compares these rows with the scaffold's of the same keys.
async fn compare_rows<S: Scaffold>(
    scaffold: &mut S,
    table: &Table,
    rows: &[KeyedRow],
    found: &mut Differences,
) -> Result<(), RebuildError> {
    let question = format!(
        "SELECT {} FROM {}.{} WHERE {}",
        table.columns.join(", "),
        S::SCAFFOLD,
        table.name,
        any_of(table.key_columns(), rows.len())
    );
    let keys = rows.iter().flat_map(|((_, key), _)| key.iter().cloned());
    let question = keys.fold(Statement::new(question), Statement::bind);
    let mut due: HashMap<_, _> =
        rows.iter().map(|((_, key), row)| (fingerprint(key), fingerprint(row))).collect();
    let compare = |row: Vec<Cell>| {
        let key = row.get(..table.key).unwrap_or_default();
        if due.remove(&fingerprint(key)) != Some(fingerprint(&row)) {
            found.different += 1;
        }
        Ok(())
    };
    scaffold.each(question, compare).await?;
    found.missing += u64::try_from(due.len()).unwrap_or(u64::MAX);
    Ok(())
}

//! What the tables must hold, computed in memory and in another order than a scaffold is filled: by
//! aggregate, not by position. That is what a scaffold is checked against.
//!
//! Rows of an aggregate whose events are all read are kept as fingerprints, so that a million rows fit.

use std::collections::HashMap;
use std::collections::btree_map::{BTreeMap, Entry};
use std::marker::PhantomData;

use crate::sql::Statement;
use crate::{changes, projector};

use super::RebuildError;
use super::cell::{Cell, Fingerprint, fingerprint};
use super::events::Known;
use super::form::{Plan, key_of};
use super::scaffold::Scaffold;

/// A table, and the key of one of its rows.
type RowKey = (usize, Vec<Cell>);

/// Rows by table and key.
pub(super) type Rows = BTreeMap<RowKey, Vec<Cell>>;

/// One of them.
pub(super) type KeyedRow = (RowKey, Vec<Cell>);

/// Fingerprints of rows by that of their key, for each table.
pub(super) type Expected = Vec<HashMap<Fingerprint, Fingerprint>>;

/// The rows of what was read so far.
pub(super) struct Fold<'a, S> {
    plan: &'a Plan,
    /// Rows as they are before anything is written to them.
    blank: &'a [Vec<Cell>],
    aggregate: (String, String),
    rows: Rows,
    /// Rows of earlier aggregates; `None` when all are to be kept as they are.
    complete: Option<Expected>,
    store: PhantomData<fn(S)>,
}

/// What this event changes.
pub(super) fn statements(event: &Known) -> impl Iterator<Item = Statement> {
    projector::changes(&event.recorded).into_iter().map(|change| changes::statement(&change))
}

impl<'a, S: Scaffold> Fold<'a, S> {
    /// One that keeps all rows as they are.
    pub(super) fn of_few(plan: &'a Plan, blank: &'a [Vec<Cell>]) -> Self {
        Self {
            plan,
            blank,
            aggregate: Default::default(),
            rows: Rows::new(),
            complete: None,
            store: PhantomData,
        }
    }

    /// One that keeps fingerprints.
    pub(super) fn of_many(plan: &'a Plan, blank: &'a [Vec<Cell>]) -> Self {
        let complete = Some(vec![HashMap::new(); plan.tables.len()]);
        Self { complete, ..Self::of_few(plan, blank) }
    }

    /// Takes the next event. Each aggregate's come together and in order.
    pub(super) fn take(&mut self, event: &Known) -> Result<(), RebuildError> {
        let (kind, id) = &self.aggregate;
        if (kind, id) != (&event.aggregate_type, &event.aggregate_id) {
            self.complete_aggregate();
            self.aggregate = (event.aggregate_type.clone(), event.aggregate_id.clone());
        }
        statements(event).try_for_each(|statement| self.apply(statement))
    }

    fn apply(&mut self, statement: Statement) -> Result<(), RebuildError> {
        let aim = self.plan.aim(&statement)?;
        let key = key_of(&statement, aim).cloned().map(S::cell).collect();
        let (row, is_new) = match self.rows.entry((aim.table, key)) {
            Entry::Occupied(entry) => (entry.into_mut(), false),
            Entry::Vacant(entry) => {
                (entry.insert(self.blank.get(aim.table).cloned().unwrap_or_default()), true)
            }
        };
        for (number, value) in statement.values.into_iter().map(S::cell).enumerate() {
            if (is_new || aim.updates.contains(&number))
                && let Some(cell) = aim.places.get(number).and_then(|place| row.get_mut(*place))
            {
                *cell = value;
            }
        }
        Ok(())
    }

    fn complete_aggregate(&mut self) {
        let Some(complete) = &mut self.complete else { return };
        for ((table, key), row) in std::mem::take(&mut self.rows) {
            if let Some(rows) = complete.get_mut(table) {
                rows.insert(fingerprint(&key), fingerprint(&row));
            }
        }
    }

    /// The rows of all that was taken.
    pub(super) fn finish(mut self) -> Expected {
        self.complete_aggregate();
        self.complete.unwrap_or_default()
    }

    /// The rows of all that was taken, as they are.
    pub(super) fn into_rows(self) -> Rows {
        self.rows
    }
}

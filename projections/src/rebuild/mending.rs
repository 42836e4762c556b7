//! Makes the served rows those of the scaffold: only those that differ, and only at keys that were looked at.
//!
//! Which they are is found out beforehand, so that the moment in which writers wait is as long as what there is
//! to mend, not as the tables. A wrong row is deleted before the right ones are inserted, because two wrong rows
//! may have each other's values in a column that must be unique.
//!
//! **Invariant:** nothing but rows is touched: the tables keep their owner, grants, indexes and constraints.

use std::collections::BTreeSet;

use crate::sql::Statement;

use super::RebuildError;
use super::batch::{Batch, insert};
use super::comparing::Differences;
use super::form::{Plan, Table};
use super::scaffold::Scaffold;

/// Both sides of a comparison say `s` for the scaffold and `l` for what is served.
struct Terms<'a> {
    served: String,
    scaffold: String,
    /// Keys of rows to look at.
    noted: String,
    keys: String,
    table: &'a Table,
}

impl<'a> Terms<'a> {
    fn new<S: Scaffold>(scaffold: &S, table: &'a Table) -> Self {
        Self {
            served: format!("{}.{}", scaffold.served(), table.name),
            scaffold: format!("{}.{}", S::SCAFFOLD, table.name),
            noted: noted::<S>(table),
            keys: table.key_columns().join(", "),
            table,
        }
    }

    fn keys_of(&self, side: &str) -> String {
        columns_of(side, self.table.key_columns())
    }

    fn same_key(&self) -> String {
        let same = |column: &&str| format!("s.{column} = l.{column}");
        self.table.key_columns().iter().map(same).collect::<Vec<_>>().join(" AND ")
    }

    fn differs(&self) -> String {
        let differs = |column: &&str| format!("s.{column} IS DISTINCT FROM l.{column}");
        self.table.columns.iter().map(differs).collect::<Vec<_>>().join(" OR ")
    }

    fn is_noted(&self, side: &str) -> String {
        let (of, keys, noted) = (self.keys_of(side), &self.keys, &self.noted);
        format!("({of}) IN (SELECT {keys} FROM {noted})")
    }
}

/// `side.a, side.b, …`
fn columns_of(side: &str, columns: &[&str]) -> String {
    columns.iter().map(|column| format!("{side}.{column}")).collect::<Vec<_>>().join(", ")
}

fn noted<S: Scaffold>(table: &Table) -> String {
    format!("{}.{}_noted", S::SCAFFOLD, table.name)
}

impl Table {
    /// The first of the columns: those that no two rows have alike.
    pub(crate) fn key_columns(&self) -> &[&'static str] {
        self.columns.get(..self.key).unwrap_or_default()
    }
}

/// Makes the lists of keys, empty.
pub(super) async fn make_lists<S: Scaffold>(
    scaffold: &mut S,
    plan: &Plan,
) -> Result<(), RebuildError> {
    for table in &plan.tables {
        let of = Terms::new(scaffold, table);
        let (create, noted, keys, from) = (S::CREATE_TABLE, &of.noted, &of.keys, &of.scaffold);
        let text = format!("{create} {noted} AS SELECT {keys} FROM {from} WHERE 1 = 0");
        scaffold.execute(Statement::new(text)).await?;
    }
    Ok(())
}

/// Forgets all noted keys.
pub(super) async fn clear_lists<S: Scaffold>(
    scaffold: &mut S,
    plan: &Plan,
) -> Result<(), RebuildError> {
    for table in &plan.tables {
        scaffold.execute(Statement::new(format!("DELETE FROM {}", noted::<S>(table)))).await?;
    }
    Ok(())
}

/// Which tables have noted keys.
pub(super) type Noted = BTreeSet<&'static str>;

/// Notes the keys of all rows of a batch.
pub(super) async fn note<S: Scaffold>(
    scaffold: &mut S,
    plan: &Plan,
    batch: &Batch,
    noted_in: &mut Noted,
) -> Result<(), RebuildError> {
    for (table, keys) in plan.tables.iter().zip(batch.keys(plan)) {
        if !keys.is_empty() {
            noted_in.insert(table.name);
            let columns = table.key_columns().join(", ");
            let before = format!("INSERT INTO {} ({columns})", noted::<S>(table));
            insert(scaffold, &before, "", keys).await?;
        }
    }
    Ok(())
}

/// Notes the keys of all rows that differ.
pub(super) async fn note_differences<S: Scaffold>(
    scaffold: &mut S,
    plan: &Plan,
    noted_in: &mut Noted,
) -> Result<(), RebuildError> {
    for table in &plan.tables {
        let of = Terms::new(scaffold, table);
        let first = table.columns.first().copied().unwrap_or_default();
        let text = format!(
            "
INSERT INTO {noted} ({keys})
SELECT {keys_of_s}
FROM {scaffold} s
LEFT JOIN {served} l ON {same_key}
WHERE l.{first} IS NULL OR {differs}
UNION ALL
SELECT {keys_of_l}
FROM {served} l
LEFT JOIN {scaffold} s ON {same_key}
WHERE s.{first} IS NULL",
            noted = of.noted,
            keys = of.keys,
            keys_of_s = of.keys_of("s"),
            keys_of_l = of.keys_of("l"),
            scaffold = of.scaffold,
            served = of.served,
            same_key = of.same_key(),
            differs = of.differs(),
        );
        if scaffold.execute(Statement::new(text)).await? > 0 {
            noted_in.insert(table.name);
        }
    }
    Ok(())
}

/// Makes the served rows at noted keys those of the scaffold; says how many were otherwise.
pub(super) async fn mend<S: Scaffold>(
    scaffold: &mut S,
    plan: &Plan,
    noted_in: &Noted,
) -> Result<Vec<Differences>, RebuildError> {
    let mut mended = Vec::new();
    for table in &plan.tables {
        if !noted_in.contains(table.name) {
            mended.push(Differences::none(table));
            continue;
        }
        let of = Terms::new(scaffold, table);
        let (served, from, same_key) = (&of.served, &of.scaffold, of.same_key());
        let (is_noted, columns) = (of.is_noted("l"), &table.columns);
        let invented = format!(
            "DELETE FROM {served} AS l
WHERE {is_noted} AND NOT EXISTS (SELECT 1 FROM {from} s WHERE {same_key})"
        );
        let wrong = format!(
            "DELETE FROM {served} AS l
WHERE {is_noted} AND EXISTS (SELECT 1 FROM {from} s WHERE {same_key} AND ({}))",
            of.differs()
        );
        // Not with a question for what is there: PostgreSQL would plan that for the table without these rows.
        let insert = format!(
            "INSERT INTO {served} ({}) SELECT {} FROM {from} s
WHERE {}
ON CONFLICT ({}) DO NOTHING",
            columns.join(", "),
            columns_of("s", columns),
            of.is_noted("s"),
            of.keys,
        );
        let invented = scaffold.execute(Statement::new(invented)).await?;
        let different = scaffold.execute(Statement::new(wrong)).await?;
        let inserted = scaffold.execute(Statement::new(insert)).await?;
        let missing = inserted.saturating_sub(different);
        mended.push(Differences { table: table.name, missing, different, invented });
    }
    Ok(mended)
}

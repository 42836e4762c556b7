//! What a rebuild needs of a database: one connection that sees the tables that are served and, beside them,
//! tables of the same definition that are being filled.
//!
//! **Invariant:** an unqualified name means a table of the scaffold, so that the statements of
//! [`crate::changes`] cannot reach what is served.

use std::future::Future;

use crate::sql::{Statement, Value};

use super::RebuildError;
use super::cell::Cell;
use super::form::Table;

/// Why a database did not do what it was told.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What a transaction is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Filling the scaffold.
    Work,
    /// Seeing everything as it was at one moment.
    Snapshot,
    /// Seeing everything as it is, while nobody else writes events or what follows from them.
    Exclusive,
}

/// A column of a served table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds in a row that was written without it.
    pub default: Cell,
}

/// A database with a scaffold, on one connection. Dropping it in a transaction undoes that.
pub trait Scaffold: Send {
    /// In front of a table's name, this means the scaffold's.
    const SCAFFOLD: &str;
    /// Begins the definition of a table that need not outlive a power cut.
    const CREATE_TABLE: &str;

    /// In front of a table's name, this means the one that is served.
    fn served(&self) -> &str;

    /// As the database keeps it.
    fn cell(value: Value) -> Cell;

    /// Runs a statement; says how many rows it touched. It may take any time.
    fn execute(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<u64, Failure>> + Send;

    /// Hands over every row of a question, one after the other, until one is refused. The database may read on meanwhile.
    fn each(
        &mut self,
        statement: Statement,
        take: impl FnMut(Vec<Cell>) -> Result<(), RebuildError> + Send,
    ) -> impl Future<Output = Result<(), RebuildError>> + Send;

    /// All rows of a question that has few.
    fn all(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<Vec<Cell>>, RebuildError>> + Send {
        async move {
            let mut rows = Vec::new();
            let keep = |row| {
                rows.push(row);
                Ok(())
            };
            self.each(statement, keep).await?;
            Ok(rows)
        }
    }

    /// What an expression is worth.
    fn evaluate(
        &mut self,
        expression: String,
    ) -> impl Future<Output = Result<Cell, RebuildError>> + Send {
        async move {
            let rows = self.all(Statement::new(format!("SELECT {expression}"))).await?;
            Ok(rows.into_iter().flatten().next().unwrap_or(Cell::Null))
        }
    }

    /// The columns of a served table.
    fn columns(
        &mut self,
        table: &str,
    ) -> impl Future<Output = Result<Vec<Column>, RebuildError>> + Send;

    /// Whether the scaffold stands, from an earlier run.
    fn stands(&mut self) -> impl Future<Output = Result<bool, RebuildError>> + Send;

    /// Puts up empty tables like those that are served. Rows are found by their key; indexes for other questions are not made.
    fn put_up(&mut self, tables: &[Table])
    -> impl Future<Output = Result<(), RebuildError>> + Send;

    /// Takes down everything in the scaffold.
    fn take_down(&mut self) -> impl Future<Output = Result<(), RebuildError>> + Send;

    /// Lets the database look at how much is where.
    fn take_stock(&mut self, tables: &[Table]) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Begins a transaction; says whether, because writers may be too busy for an exclusive one.
    fn begin(&mut self, span: Span) -> impl Future<Output = Result<bool, RebuildError>> + Send;

    /// Ends it, and keeps what it did.
    fn commit(&mut self) -> impl Future<Output = Result<(), Failure>> + Send {
        async { self.execute(Statement::new("COMMIT")).await.map(drop) }
    }

    /// Ends it, and undoes what it did.
    fn roll_back(&mut self) -> impl Future<Output = Result<(), Failure>> + Send {
        async { self.execute(Statement::new("ROLLBACK")).await.map(drop) }
    }
}

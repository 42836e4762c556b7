//! What a rebuild needs of a database: one connection that sees the tables that are served and, beside them,
//! tables of the same definition that are being filled.
//!
//! **Invariant:** an unqualified name means a table of the scaffold, so that the statements of
//! [`crate::changes`] cannot reach what is served.

use std::future::Future;

use crate::sql::{Row, Statement, Value};

use super::cell::Cell;
use super::form::Table;

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

    /// The place of the `number`th value, from 1 on, in a text that has every value once and in order.
    fn place(number: usize) -> String {
        format!("${number}")
    }

    /// As the database keeps it.
    fn cell(value: &Value) -> Cell;

    /// Runs a statement; says how many rows it touched. It may take any time.
    fn execute(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// All rows of a question.
    fn fetch<R: Row>(
        &mut self,
        statement: Statement,
    ) -> impl Future<Output = Result<Vec<R>, sqlx::Error>> + Send;

    /// Shows every row of a question, one after the other.
    fn visit(
        &mut self,
        statement: Statement,
        visit: impl FnMut(&[Cell]) + Send,
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// What an expression is worth.
    fn evaluate(
        &mut self,
        expression: String,
    ) -> impl Future<Output = Result<Cell, sqlx::Error>> + Send {
        async move {
            let mut cell = Cell::Null;
            let question = Statement::new(format!("SELECT {expression}"));
            let first = |row: &[Cell]| cell = row.first().cloned().unwrap_or(Cell::Null);
            self.visit(question, first).await?;
            Ok(cell)
        }
    }

    /// The columns of a served table.
    fn columns(
        &mut self,
        table: &str,
    ) -> impl Future<Output = Result<Vec<Column>, sqlx::Error>> + Send;

    /// Whether the scaffold stands, from an earlier run.
    fn stands(&mut self) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Puts up empty tables like those that are served. Rows are found by their key; indexes for other questions are not made.
    fn put_up(&mut self, tables: &[Table]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Takes down everything in the scaffold.
    fn take_down(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Lets the database look at how much is where.
    fn take_stock(
        &mut self,
        tables: &[Table],
    ) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Begins a transaction; says whether, because writers may be too busy for an exclusive one.
    fn begin(&mut self, span: Span) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;

    /// Ends it, and keeps what it did.
    fn commit(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        async { self.execute(Statement::new("COMMIT")).await.map(drop) }
    }

    /// Ends it, and undoes what it did.
    fn roll_back(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        async { self.execute(Statement::new("ROLLBACK")).await.map(drop) }
    }
}

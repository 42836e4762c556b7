//! Statements on SQLite.

use sqlx::SqliteConnection;

use super::Sqlite;
use crate::StoreError;
use crate::sql::{Row, Sql, Statement, bind_values};
use crate::write::{Transaction, each_touches_a_row};

impl Sql for Sqlite {
    async fn fetch<R: Row>(&self, statement: Statement) -> Result<Vec<R>, StoreError> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        Ok(bind_values!(query, statement.values).fetch_all(&self.reader).await?)
    }

    async fn execute(&self, statement: Statement) -> Result<u64, StoreError> {
        let query = sqlx::query(&statement.text);
        let done = bind_values!(query, statement.values).execute(&self.writer).await?;
        Ok(done.rows_affected())
    }

    async fn execute_all(&self, statements: Vec<Statement>) -> Result<bool, StoreError> {
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let all = each_touches_a_row(&mut *tx, statements).await?;
        if all {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(all)
    }
}

impl Transaction for SqliteConnection {
    /// There is one writer: nothing can change under it.
    const LOCK_ROW: &str = "";
    const AWAIT_ROW: &str = "";
    const TRY_ROW: &str = "";
    const WRITES_ALONE: bool = true;

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        Ok(bind_values!(query, statement.values).execute(self).await?.rows_affected())
    }

    async fn fetch<R: Row>(&mut self, statement: Statement) -> Result<Vec<R>, sqlx::Error> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        bind_values!(query, statement.values).fetch_all(self).await
    }

    async fn exists(&mut self, statement: Statement) -> Result<bool, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        Ok(bind_values!(query, statement.values).fetch_optional(self).await?.is_some())
    }
}

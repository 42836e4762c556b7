//! Statements on SQLite.

use futures_util::TryStreamExt;
use sqlx::{Either, Executor, SqliteConnection};

use super::Sqlite;
use crate::StoreError;
use crate::sql::{Row, Sql, Statement, bind_values};
use crate::write::{Step, Transaction, each_touches_a_row, refusal};

/// How often it is tried to empty the write-ahead log.
const CHECKPOINT_ATTEMPTS: usize = 3;

impl Sql for Sqlite {
    const FORGET_SESSIONS: &str =
        "DELETE FROM tower_sessions WHERE instr(data, CAST($1 AS BLOB)) > 0";

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

    /// Deleted rows stay in free space, also where rows have moved within their tables, and in the write-ahead
    /// log. So the file is written anew, and the log is emptied.
    async fn scrub(&self) -> Result<(), StoreError> {
        let mut connection = self.writer.acquire().await?;
        // The new file is as large as the old one.
        sqlx::query("PRAGMA temp_store = FILE").execute(&mut *connection).await?;
        sqlx::query("VACUUM").execute(&mut *connection).await?;
        sqlx::query("PRAGMA temp_store = MEMORY").execute(&mut *connection).await?;
        for _ in 0..CHECKPOINT_ATTEMPTS {
            // Each waits for readers that began before.
            let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&mut *connection)
                .await?;
            if busy == 0 {
                return Ok(());
            }
        }
        Err(StoreError::Unavailable("readers keep the write-ahead log from being emptied".into()))
    }
}

impl Transaction for SqliteConnection {
    /// There is one writer: nothing can change under it.
    const LOCK_ROW: &str = "";
    const AWAIT_ROW: &str = "";
    const TRY_ROW: &str = "";
    const FORGET_SESSIONS: &str = <Sqlite as Sql>::FORGET_SESSIONS;
    const WRITES_ALONE: bool = true;

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        Ok(bind_values!(query, statement.values).execute(self).await?.rows_affected())
    }

    async fn run(&mut self, steps: Vec<Step>) -> Result<(), StoreError> {
        for (Statement { text, values }, demand) in steps.into_iter().flat_map(Step::each) {
            let (mut changed, mut found) = (0, 0);
            let query = bind_values!(sqlx::query(&text), values);
            let mut answers = Executor::fetch_many(&mut *self, query);
            while let Some(answer) = answers.try_next().await.map_err(refusal)? {
                match answer {
                    Either::Left(done) => changed += done.rows_affected(),
                    Either::Right(_) => found += 1,
                }
            }
            if !demand.is_met(changed, found) {
                return demand.refuse();
            }
        }
        Ok(())
    }

    async fn fetch<R: Row>(&mut self, statement: Statement) -> Result<Vec<R>, sqlx::Error> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        bind_values!(query, statement.values).fetch_all(self).await
    }
}

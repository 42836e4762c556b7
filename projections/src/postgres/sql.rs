//! Statements on PostgreSQL, each under a time limit.

use sqlx::{PgConnection, PgPool};

use super::{Postgres, in_time, within};
use crate::StoreError;
use crate::sql::{Row, Sql, Statement, bind_values};
use crate::write::{Transaction, each_touches_a_row};

/// A role that does not own the tables is warned and skips them.
const VACUUM: &str = "
VACUUM (ANALYZE) user_profiles, identities, setup_codes, event_context, token_refusals,
                 audit_reads, tower_sessions.session";

impl Sql for Postgres {
    const FORGET_SESSIONS: &str =
        "DELETE FROM tower_sessions.session WHERE position(convert_to($1, 'UTF8') IN data) > 0";

    async fn fetch<R: Row>(&self, statement: Statement) -> Result<Vec<R>, StoreError> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        let rows = bind_values!(query, statement.values).fetch_all(&self.reads);
        Ok(within(self.patience, rows).await?)
    }

    async fn execute(&self, statement: Statement) -> Result<u64, StoreError> {
        let query = sqlx::query(&statement.text);
        let done = in_time(bind_values!(query, statement.values).execute(&self.commands)).await?;
        Ok(done.rows_affected())
    }

    async fn execute_all(&self, statements: Vec<Statement>) -> Result<bool, StoreError> {
        let mut tx = in_time(self.commands.begin()).await?;
        let all = each_touches_a_row(&mut *tx, statements).await?;
        in_time(async { if all { tx.commit().await } else { tx.rollback().await } }).await?;
        Ok(all)
    }

    /// Dead rows are removed behind the request, and with them what the planner's statistics know of them:
    /// how long that takes depends on the tables. What a server keeps beyond is its operator's to remove.
    async fn scrub(&self) -> Result<(), StoreError> {
        tokio::spawn(vacuum(self.commands.clone()));
        Ok(())
    }
}

/// On a connection that nobody else inherits: this may take longer than a request may.
async fn vacuum(commands: PgPool) {
    let vacuumed = async {
        let mut connection = commands.acquire().await?;
        connection.close_on_drop();
        sqlx::query("SET statement_timeout = 0").execute(&mut *connection).await?;
        sqlx::query(VACUUM).execute(&mut *connection).await
    };
    match vacuumed.await {
        Ok(_) => tracing::info!("vacuumed the tables that hold personal data"),
        Err(error) => {
            tracing::warn!(%error, "could not vacuum the tables that hold personal data: {error}");
        }
    }
}

impl Transaction for PgConnection {
    /// Shared: tokens of one user may be written while others are; a lock of the user waits.
    const LOCK_ROW: &str = "FOR SHARE";
    const AWAIT_ROW: &str = "FOR UPDATE";
    const TRY_ROW: &str = "FOR UPDATE SKIP LOCKED";
    const FORGET_SESSIONS: &str = <Postgres as Sql>::FORGET_SESSIONS;
    /// Other nodes write, too, and none should wait for another to number events.
    const WRITES_ALONE: bool = false;

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        let done = in_time(bind_values!(query, statement.values).execute(self)).await?;
        Ok(done.rows_affected())
    }

    /// All of them see what was there before any of them.
    fn as_one(mut texts: Vec<String>) -> String {
        let last = texts.pop().unwrap_or_default();
        let before =
            texts.iter().enumerate().map(|(number, text)| format!("part{number} AS ({text})"));
        let before = before.collect::<Vec<_>>().join(",\n");
        let with = if before.is_empty() { "" } else { "WITH " };
        format!("{with}{before}{last}")
    }

    async fn fetch<R: Row>(&mut self, statement: Statement) -> Result<Vec<R>, sqlx::Error> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        in_time(bind_values!(query, statement.values).fetch_all(self)).await
    }

    async fn exists(&mut self, statement: Statement) -> Result<bool, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        let row = in_time(bind_values!(query, statement.values).fetch_optional(self)).await?;
        Ok(row.is_some())
    }
}

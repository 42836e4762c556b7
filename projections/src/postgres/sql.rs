//! Statements on PostgreSQL, each under a time limit.

use sqlx::{PgConnection, PgPool};

use super::{Postgres, in_time, too_late};
use crate::StoreError;
use crate::sql::{Row, Sql, Statement, bind_values};
use crate::write::{Step, Transaction, each_touches_a_row, refusal};

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
        let Some(patience) = self.patience else { return Ok(in_time(rows).await?) };
        tokio::select! {
            rows = in_time(rows) => Ok(rows?),
            () = self.silence(patience) => Err(too_late().into()),
        }
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
    /// Other nodes write, too.
    const WRITES_ALONE: bool = false;

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        let done = in_time(bind_values!(query, statement.values).execute(self)).await?;
        Ok(done.rows_affected())
    }

    async fn run(&mut self, steps: Vec<Step>) -> Result<(), StoreError> {
        for Step { statements, demand } in steps {
            let mut rest = statements.into_iter().peekable();
            let mut touched = 0;
            while rest.peek().is_some() {
                let together = Statement::joined(rest.by_ref().take(TOGETHER), as_one);
                // Of a question, that is how many rows it found.
                touched = Transaction::execute(self, together).await.map_err(refusal)?;
            }
            if !demand.is_met(touched, touched) {
                return demand.refuse();
            }
        }
        Ok(())
    }

    async fn fetch<R: Row>(&mut self, statement: Statement) -> Result<Vec<R>, sqlx::Error> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        in_time(bind_values!(query, statement.values).fetch_all(self)).await
    }
}

/// An event that changes many rows comes to few texts, so that few are prepared.
const TOGETHER: usize = 8;

/// Several statements, all of which see what was there before any of them, as one.
fn as_one(mut texts: Vec<String>) -> String {
    let last = texts.pop().unwrap_or_default();
    let before = texts.iter().enumerate().map(|(number, text)| format!("part{number} AS ({text})"));
    let before = before.collect::<Vec<_>>().join(",\n");
    let with = if before.is_empty() { "" } else { "WITH " };
    format!("{with}{before}{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_statements_are_one_with_all_of_their_values() {
        let one = Statement::new("INSERT INTO a VALUES ($1, $2)").bind("x").bind(1_i64);
        let other =
            Statement::new("UPDATE b SET c = $2 WHERE d = $1 OR e = $1").bind(2_i64).bind("y");
        let last = Statement::new("DELETE FROM f WHERE g = $1").bind(true);
        let Statement { text, values } =
            Statement::joined([one.clone(), other, last].into_iter(), as_one);
        assert_eq!(
            text,
            "WITH part0 AS (INSERT INTO a VALUES ($1, $2)),\n\
             part1 AS (UPDATE b SET c = $4 WHERE d = $3 OR e = $3)DELETE FROM f WHERE g = $5"
        );
        let expected: [crate::sql::Value; 5] =
            ["x".into(), 1.into(), 2.into(), "y".into(), true.into()];
        assert_eq!(values, expected);
        assert_eq!(Statement::joined([one.clone()].into_iter(), as_one).text, one.text);
    }
}

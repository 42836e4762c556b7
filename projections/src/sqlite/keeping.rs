//! Keeps memory like the file. Everything that this process writes is in memory before it is acknowledged; what is
//! left to notice is a doubt after a failed commit, and rows that `symbolon rebuild` mended.

use std::time::{Duration, Instant};

use sqlx::SqliteConnection;
use tokio_util::sync::CancellationToken;

use super::Sqlite;
use crate::replica::{Key, LiveSet, QUESTIONS, Question, SIZES, TOKEN_DIGEST, with_room};
use crate::{StoreError, replica};

/// From one look to the next.
const PERIOD: Duration = Duration::from_millis(250);
/// Rows that are read at a time.
const PAGE: u32 = 1000;

impl Sqlite {
    /// Fills memory, and lets it answer. Nobody writes meanwhile. Says which epoch that was in.
    ///
    /// # Errors
    /// When the file cannot be read, or what it holds cannot be understood.
    pub async fn fill_replica(&self) -> Result<i64, StoreError> {
        let mut connection = self.writer.acquire().await?;
        let begun = Instant::now();
        self.memory.forget();
        let epoch = epoch(&mut connection).await?;
        let mut live = with_room(sqlx::query_as(SIZES).fetch_one(&mut *connection).await?);
        for question in &QUESTIONS {
            read(&mut connection, question, &mut live).await?;
        }
        replica::tell_loaded(&live, begun.elapsed().as_millis());
        self.memory.change(|memory| std::mem::swap(memory, &mut live));
        self.memory.vouch();
        Ok(epoch)
    }

    /// Fills memory again whenever it is in doubt or of another epoch, until `stop`.
    pub async fn keep_replica(&self, mut filled_in: i64, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(PERIOD) => {}
            }
            match self.look(filled_in).await {
                Ok(epoch) => filled_in = epoch,
                Err(error) => tracing::warn!(%error, "memory does not answer: {error}"),
            }
        }
    }

    async fn look(&self, filled_in: i64) -> Result<i64, StoreError> {
        let epoch = epoch(&mut *self.reader.acquire().await?).await?;
        if self.memory.is_believed() && filled_in == epoch {
            return Ok(epoch);
        }
        self.fill_replica().await
    }
}

async fn epoch(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT epoch FROM replica_epoch").fetch_one(connection).await
}

/// Asks for many rows at a time in one text, because a row of its own costs more than what is in it.
async fn read(
    connection: &mut SqliteConnection,
    question: &Question,
    live: &mut LiveSet,
) -> Result<(), StoreError> {
    let text = page(question);
    let mut page = rows_after(connection, &text, "").await?;
    while let (Some(last), Some(lines)) = page {
        // The next rows are read while these are added.
        let next = rows_after(connection, &text, &last);
        let added = async { question.add_to(live, lines.as_bytes()) };
        let (next, added) = futures_util::future::join(next, added).await;
        added?;
        page = next?;
    }
    Ok(())
}

/// The key of the last row, and all of them as lines.
type Page = (Option<String>, Option<String>);

async fn rows_after(
    connection: &mut SqliteConnection,
    text: &str,
    last: &str,
) -> Result<Page, sqlx::Error> {
    sqlx::query_as(text).bind(last).fetch_one(connection).await
}

/// The rows after one, as lines, and where they end.
fn page(question: &Question) -> String {
    let Question { columns, table, condition, key, .. } = question;
    // `concat_ws` leaves out a NULL. There are none, and a line that is short is refused.
    let columns = columns.iter().map(|column| match *column {
        TOKEN_DIGEST => format!("hex({TOKEN_DIGEST})"),
        column => column.to_owned(),
    });
    let columns = columns.collect::<Vec<_>>().join(", ");
    let (key, after) = match key {
        Key::Storage => ("rowid", "CAST($1 AS INTEGER)"),
        Key::Column(column) => (*column, "$1"),
    };
    format!(
        "
SELECT CAST(MAX(key) AS TEXT), group_concat(line, char(10))
FROM (
    SELECT {key} AS key, concat_ws(char(9), {columns}) AS line
    FROM {table}
    WHERE {condition}
      AND {key} > {after}
    ORDER BY {key}
    LIMIT {PAGE}
)"
    )
}

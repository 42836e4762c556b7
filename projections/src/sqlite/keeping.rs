//! Keeps memory like the file. Everything that this process writes is in memory before it is acknowledged; what is
//! left to notice is a doubt after a failed commit, and rows that `symbolon rebuild` mended.

use std::time::{Duration, Instant};

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use tokio_util::sync::CancellationToken;

use super::Sqlite;
use crate::replica::{AccountRow, LiveRow, LiveSet, MembershipRow, TokenRow, UserRow};
use crate::{StoreError, replica};

/// From one look to the next.
const PERIOD: Duration = Duration::from_millis(250);

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
        let (users,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM users").fetch_one(&mut *connection).await?;
        let mut live = LiveSet::default();
        live.reserve(usize::try_from(users).unwrap_or_default());
        read::<AccountRow>(&mut connection, &mut live).await?;
        read::<UserRow>(&mut connection, &mut live).await?;
        read::<TokenRow>(&mut connection, &mut live).await?;
        read::<MembershipRow>(&mut connection, &mut live).await?;
        replica::tell_loaded(&live, begun.elapsed().as_millis());
        self.memory.change(|memory| *memory = live);
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

async fn read<R>(connection: &mut SqliteConnection, live: &mut LiveSet) -> Result<(), StoreError>
where
    R: LiveRow + for<'r> sqlx::FromRow<'r, SqliteRow>,
{
    use futures_util::TryStreamExt;
    let mut rows = sqlx::query_as::<_, R>(R::QUESTION).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        row.add_to(live)?;
    }
    Ok(())
}

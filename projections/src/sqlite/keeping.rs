//! Keeps memory like the file. Everything that this process writes is in memory before it is acknowledged; what is
//! left to notice is a doubt after a failed commit, and rows that `symbolon rebuild` mended.

use std::time::{Duration, Instant};

use sqlx::SqliteConnection;
use tokio::task::spawn_blocking;
use tokio_util::sync::CancellationToken;

use super::Sqlite;
use super::loading::{SELECT_EPOCH, load};
use crate::{StoreError, replica};

/// From one look to the next.
const PERIOD: Duration = Duration::from_millis(250);

impl Sqlite {
    /// Fills memory, and lets it answer. Nobody writes meanwhile. Says which epoch that was in.
    ///
    /// # Errors
    /// When the file cannot be read, or what it holds cannot be understood.
    pub async fn fill_replica(&self) -> Result<i64, StoreError> {
        let _turn = self.writer.acquire().await?;
        let begun = Instant::now();
        self.memory.forget();
        let path = self.path.clone();
        let loaded = spawn_blocking(move || load(&path)).await;
        let (mut live, epoch) = loaded.map_err(|lost| StoreError::Unavailable(lost.into()))??;
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
    sqlx::query_scalar(SELECT_EPOCH).fetch_one(connection).await
}

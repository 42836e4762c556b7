//! Signs what the log is.
//!
//! **Invariant:** nothing is signed that does not continue what was signed before, as far as this process and
//! the database remember. A history that was rewritten underneath gets no signature, and an alarm.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::log::proof::{TreeHead, is_consistent};
use domain::log::{Checkpoint, LogKey, Origin, VerifierKey};
use projections::{KeptCheckpoint, Log, Numbering, StoreError, Turn};
use tokio::sync::Mutex;

use crate::error::ApiError;

/// Nobody waits longer for the file that checkpoints are appended to.
const FILE_TIMEOUT: Duration = Duration::from_secs(5);

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub enum NotaryError {
    /// The store does not say what the log is.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The log does not continue what was signed.
    #[error(
        "the log of {now} events does not continue the one of {then} events that was signed: its history \
         was changed"
    )]
    Broken {
        /// The size that was signed.
        then: u64,
        /// The size now.
        now: u64,
    },
}

impl From<NotaryError> for ApiError {
    fn from(error: NotaryError) -> Self {
        match error {
            NotaryError::Store(error) => error.into(),
            broken @ NotaryError::Broken { .. } => Self::Internal(broken.into()),
        }
    }
}

/// Signs what the log is. Cheap to clone.
#[derive(Clone)]
pub struct Notary(Arc<Desk>);

struct Desk {
    key: LogKey,
    verifier_key: String,
    /// Where notes are appended, besides the database and the log stream.
    file: Option<PathBuf>,
    /// What this process signed last. Held while it signs.
    last: Mutex<Option<TreeHead>>,
}

impl Notary {
    /// Signs with this key, and appends to this file.
    pub fn new(key: LogKey, file: Option<PathBuf>) -> Self {
        let verifier_key = key.verifier().to_string();
        Self(Arc::new(Desk { key, verifier_key, file, last: Mutex::default() }))
    }

    /// What the log is called.
    pub fn origin(&self) -> &Origin {
        self.0.key.verifier().name()
    }

    /// What its signatures are checked with.
    pub fn verifier(&self) -> &VerifierKey {
        self.0.key.verifier()
    }

    /// A checkpoint that covers everything acknowledged before now.
    ///
    /// # Errors
    /// When there is none.
    pub async fn sign_everything(
        &self,
        log: &dyn Log,
        now: DateTime<Utc>,
    ) -> Result<KeptCheckpoint, NotaryError> {
        number_everything(log).await?;
        self.sign(log, now).await
    }

    /// A checkpoint of the log as it is: the last, if nothing came since.
    ///
    /// # Errors
    /// When there is none.
    pub async fn sign(
        &self,
        log: &dyn Log,
        now: DateTime<Utc>,
    ) -> Result<KeptCheckpoint, NotaryError> {
        let mut last = self.0.last.lock().await;
        let head = log.find_log_head().await?;
        let latest = log.find_latest_checkpoint(None).await?;
        let before = [*last, latest.as_ref().map(|latest| latest.head)];
        for then in before.into_iter().flatten() {
            self.require_continuation(log, then, head).await?;
        }
        *last = Some(head);
        match latest {
            Some(latest) if latest.head == head && latest.verifier_key == self.0.verifier_key => {
                Ok(latest)
            }
            Some(_) | None => self.issue(log, head, now).await,
        }
    }

    async fn require_continuation(
        &self,
        log: &dyn Log,
        then: TreeHead,
        now: TreeHead,
    ) -> Result<(), NotaryError> {
        if then.size == 0 {
            return Ok(());
        }
        // Another node may have signed a log that has grown since this one looked.
        let (old, new) = if then.size <= now.size { (then, now) } else { (now, then) };
        let proof = log.prove_consistency(old.size, new.size).await?;
        let is_so =
            proof.is_some_and(|proof| proof.head == new && is_consistent(old, new, &proof.hashes));
        if is_so {
            return Ok(());
        }
        let broken = NotaryError::Broken { then: then.size, now: now.size };
        tracing::error!(then = then.size, now = now.size, "nothing is signed: {broken}");
        Err(broken)
    }

    async fn issue(
        &self,
        log: &dyn Log,
        head: TreeHead,
        now: DateTime<Utc>,
    ) -> Result<KeptCheckpoint, NotaryError> {
        let note = Checkpoint { origin: self.origin().clone(), head }.sign(&self.0.key);
        let verifier_key = self.0.verifier_key.clone();
        let checkpoint = KeptCheckpoint { head, verifier_key, note, made_at: now };
        log.keep_checkpoint(&checkpoint).await?;
        tracing::info!(
            size = head.size,
            root = %head.root,
            note = checkpoint.note,
            "checkpoint of {} events",
            head.size
        );
        if let Some(path) = &self.0.file
            && let Err(error) = append(path.clone(), checkpoint.note.clone()).await
        {
            tracing::error!(%error, "cannot append the checkpoint to {}", path.display());
        }
        Ok(checkpoint)
    }
}

/// Makes sure that everything acknowledged before now has its position.
///
/// # Errors
/// When the store cannot be asked, or the log is not as it must be.
pub async fn number_everything(log: &(impl Log + ?Sized)) -> Result<(), StoreError> {
    while let Numbering::Done { more: true, .. } = log.number_events(Turn::Await).await? {}
    Ok(())
}

/// Adds a note to a file, on disk when this returns. The file may be on another machine, which may be away.
async fn append(path: PathBuf, note: String) -> std::io::Result<()> {
    let writing = tokio::task::spawn_blocking(move || {
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(format!("{note}\n").as_bytes())?;
        file.sync_all()
    });
    tokio::time::timeout(FILE_TIMEOUT, writing).await??
}

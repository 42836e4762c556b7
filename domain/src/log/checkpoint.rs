//! What the log was at one moment (c2sp.org/tlog-checkpoint): its name, its size, its root, signed.

use super::note::{self, LogKey, NoteError, Origin, VerifierKey};
use super::proof::TreeHead;

/// What the log was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Of which log.
    pub origin: Origin,
    /// The tree.
    pub head: TreeHead,
}

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The note around it.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text in the note.
    #[error("the note is signed, and it is not a checkpoint")]
    Malformed,
    /// It is signed by the key of another log than it is of.
    #[error("the key that signed it is that of another log")]
    ForeignKey,
}

impl Checkpoint {
    /// The text that is signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.head.size, self.head.root)
    }

    /// The signed note.
    pub fn sign(&self, key: &LogKey) -> String {
        key.sign(&self.text())
    }

    /// Reads a note that one of the keys signed.
    ///
    /// # Errors
    /// When none did, or it is no checkpoint of the log that the key belongs to.
    pub fn open(note: &str, keys: &[VerifierKey]) -> Result<Self, CheckpointError> {
        let (text, key) = note::open(note, keys)?;
        let checkpoint = Self::parse(text)?;
        if &checkpoint.origin == key.name() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::ForeignKey)
        }
    }

    /// Reads a note, whoever signed it.
    ///
    /// # Errors
    /// When it is no checkpoint.
    pub fn read_unverified(note: &str) -> Result<Self, CheckpointError> {
        Self::parse(note::text_of(note)?)
    }

    /// Lines after the third are extensions, which say nothing here.
    fn parse(text: &str) -> Result<Self, CheckpointError> {
        let text = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?;
        let mut lines = text.split('\n');
        let mut next = || lines.next().ok_or(CheckpointError::Malformed);
        let (origin, size_text, root) = (next()?, next()?, next()?);
        let origin = origin.parse().map_err(|_| CheckpointError::Malformed)?;
        let size: u64 = size_text.parse().map_err(|_| CheckpointError::Malformed)?;
        let root = root.parse().map_err(|_| CheckpointError::Malformed)?;
        if size.to_string() != size_text || lines.any(str::is_empty) {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { origin, head: TreeHead { size, root } })
    }
}

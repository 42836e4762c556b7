//! The log: every event a leaf of one growing tree, so that a history can be proved and not only told.
//!
//! The tree is that of RFC 6962, section 2.1. A [`Checkpoint`] is its size and root, signed: whoever keeps
//! one outside can tell later whether anything before it was changed, left out, added or moved. What a leaf
//! is made of, byte by byte, is in `docs/AUDIT.md`.
//!
//! **Invariant:** a leaf is made of nothing personal; of where a command came from it knows the salted
//! digest that the event's metadata holds.

pub mod audit;
pub mod canonical;
pub mod checkpoint;
pub mod entry;
pub mod export;
pub mod frontier;
pub mod note;
pub mod proof;
pub mod tree;

pub use audit::{Audit, BadPlace, Examined, Flaw, Verified};
pub use canonical::{NotCanonical, canonical_json};
pub use checkpoint::{Checkpoint, CheckpointError};
pub use entry::LogEntry;
pub use frontier::{Frontier, InvalidFrontier};
pub use note::{InvalidKey, InvalidOrigin, LogKey, NoteError, Origin, VerifierKey};
pub use tree::{Subtree, SubtreeHashes, TreeHash};

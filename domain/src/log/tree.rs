//! Hashes of the tree, and which complete subtrees a run of leaves is made of.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The hash of a leaf, or of all that is below a node. Written in base64, as checkpoints do.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash([u8; 32]);

/// A text or bytes that are no hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the tree has 32 bytes")]
pub struct InvalidHash;

impl TreeHash {
    /// Wraps a hash computed elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The root of a tree without leaves: SHA-256 of nothing.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// SHA-256(0x00, entry). The byte keeps a leaf from ever being taken for a node.
    pub fn leaf(entry: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
    }

    /// SHA-256(0x01, left, right).
    pub fn node(left: &Self, right: &Self) -> Self {
        Self(
            Sha256::new()
                .chain_update([1])
                .chain_update(left.0)
                .chain_update(right.0)
                .finalize()
                .into(),
        )
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for TreeHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, InvalidHash> {
        let bytes = STANDARD.decode(text).map_err(|_| InvalidHash)?;
        Self::try_from(bytes.as_slice())
    }
}

impl TryFrom<&[u8]> for TreeHash {
    type Error = InvalidHash;

    fn try_from(bytes: &[u8]) -> Result<Self, InvalidHash> {
        bytes.try_into().map(Self).map_err(|_| InvalidHash)
    }
}

/// All `2^level` leaves from `index * 2^level` on. Once all are there it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// Its height; a leaf has 0.
    pub level: u32,
    /// Which of its height, from the left.
    pub index: u64,
}

impl Subtree {
    /// The two halves; `None` of a leaf.
    pub const fn halves(self) -> Option<(Self, Self)> {
        match self.level.checked_sub(1) {
            None => None,
            Some(level) => Some((
                Self { level, index: 2 * self.index },
                Self { level, index: 2 * self.index + 1 },
            )),
        }
    }
}

/// Knows the hashes of complete subtrees.
pub trait SubtreeHashes {
    /// The hash of `subtree`; `None` when it is not known.
    fn hash_of(&self, subtree: Subtree) -> Option<TreeHash>;
}

/// The complete subtrees that the leaves of `range` are made of, from left to right. Below one node, these
/// shrink from left to right, so `range` must begin at a multiple of the largest.
pub fn complete_subtrees(range: Range<u64>) -> Vec<Subtree> {
    let mut subtrees = Vec::new();
    let mut next = range.start;
    while let Some(level) = range.end.saturating_sub(next).checked_ilog2() {
        subtrees.push(Subtree { level, index: next >> level });
        next += 1 << level;
    }
    subtrees
}

/// The hash of the node over complete subtrees, given from left to right; `None` over nothing.
pub(super) fn join<'a>(hashes: impl DoubleEndedIterator<Item = &'a TreeHash>) -> Option<TreeHash> {
    let mut from_right = hashes.rev();
    let last = *from_right.next()?;
    Some(from_right.fold(last, |right, left| TreeHash::node(left, &right)))
}

/// The hash of the node over the leaves of `range`.
pub(super) fn hash_of_range(range: Range<u64>, hashes: &impl SubtreeHashes) -> Option<TreeHash> {
    let subtrees = complete_subtrees(range);
    let known: Option<Vec<_>> =
        subtrees.into_iter().map(|subtree| hashes.hash_of(subtree)).collect();
    join(known?.iter())
}

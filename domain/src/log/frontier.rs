//! The right edge of the tree: all that is needed to go on growing it.

use super::tree::{Subtree, TreeHash, join};

/// The complete subtrees that the tree is made of, the largest first: one for each bit of its size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<TreeHash>,
}

/// Bytes that are no frontier of that size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a frontier has 32 bytes for each bit of the tree's size")]
pub struct InvalidFrontier;

impl Frontier {
    /// The edge of a tree without leaves.
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// The number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf on the right, and tells of each subtree that it completes, the leaf itself first.
    pub fn push(&mut self, leaf: TreeHash, mut completed: impl FnMut(Subtree, TreeHash)) {
        let mut subtree = Subtree { level: 0, index: self.size };
        let mut hash = leaf;
        completed(subtree, hash);
        // An odd index is a right half, whose left half is the last of the frontier.
        while subtree.index % 2 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = TreeHash::node(&left, &hash);
            subtree = Subtree { level: subtree.level + 1, index: subtree.index / 2 };
            completed(subtree, hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root of the tree.
    pub fn root(&self) -> TreeHash {
        join(self.hashes.iter()).unwrap_or_else(TreeHash::empty)
    }

    /// All hashes, one after the other.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    ///
    /// # Errors
    /// When the bytes are not as many as the size says.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, InvalidFrontier> {
        let hashes: Result<Vec<_>, _> = bytes.chunks(32).map(TreeHash::try_from).collect();
        let hashes = hashes.map_err(|_| InvalidFrontier)?;
        let expected = usize::try_from(size.count_ones()).map_err(|_| InvalidFrontier)?;
        if hashes.len() == expected { Ok(Self { size, hashes }) } else { Err(InvalidFrontier) }
    }
}

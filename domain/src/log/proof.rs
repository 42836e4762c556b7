//! That a leaf is in the tree, and that a tree is the beginning of another (RFC 6962, section 2.1).
//!
//! Making a proof comes in two steps: which runs of leaves it needs the hashes of, and the hashes
//! themselves from whoever knows them. Checking follows RFC 9162, section 2.1, which goes from the leaf up
//! where making goes from the root down.

use std::ops::Range;

use super::tree::{SubtreeHashes, TreeHash, hash_of_range};

/// The runs of leaves whose hashes prove that leaf `index` is in the tree of this size, from the leaf up.
/// `None` when it is not.
pub fn inclusion_ranges(index: u64, size: u64) -> Option<Vec<Range<u64>>> {
    if index >= size {
        return None;
    }
    let mut ranges = Vec::new();
    let mut below = 0..size;
    while let Some(middle) = middle(&below) {
        if index < middle {
            ranges.push(middle..below.end);
            below.end = middle;
        } else {
            ranges.push(below.start..middle);
            below.start = middle;
        }
    }
    ranges.reverse();
    Some(ranges)
}

/// The runs of leaves whose hashes prove that the tree of size `old` is the beginning of that of size `new`.
/// `None` for an old tree without leaves, or with more than the new one.
pub fn consistency_ranges(old: u64, new: u64) -> Option<Vec<Range<u64>>> {
    if old == 0 || old > new {
        return None;
    }
    let mut ranges = Vec::new();
    let mut below = 0..new;
    while below.end != old {
        let middle = middle(&below)?;
        if old <= middle {
            ranges.push(middle..below.end);
            below.end = middle;
        } else {
            ranges.push(below.start..middle);
            below.start = middle;
        }
    }
    // The whole old tree is what the verifier has already.
    if below.start != 0 {
        ranges.push(below);
    }
    ranges.reverse();
    Some(ranges)
}

/// Where the node over these leaves divides them: after the largest power of two that is less than all.
fn middle(leaves: &Range<u64>) -> Option<u64> {
    let count = leaves.end - leaves.start;
    let level = count.checked_sub(1)?.checked_ilog2()?;
    Some(leaves.start + (1 << level))
}

/// The hashes over these runs of leaves; `None` when one is not known.
pub fn prove(ranges: &[Range<u64>], hashes: &impl SubtreeHashes) -> Option<Vec<TreeHash>> {
    ranges.iter().map(|range| hash_of_range(range.clone(), hashes)).collect()
}

/// Whether `proof` shows that `leaf` is at `index` in the tree of this size and root.
pub fn is_included(
    leaf: TreeHash,
    index: u64,
    size: u64,
    proof: &[TreeHash],
    root: TreeHash,
) -> bool {
    let Some(mut last) = size.checked_sub(1).filter(|last| index <= *last) else { return false };
    let (mut at, mut hash) = (index, leaf);
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            hash = TreeHash::node(sibling, &hash);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            hash = TreeHash::node(&hash, sibling);
        }
        (at, last) = (at / 2, last / 2);
    }
    last == 0 && hash == root
}

/// A tree as it is known: how many leaves, and the root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The hash over all of them.
    pub root: TreeHash,
}

/// Whether `proof` shows that `old` is the beginning of `new`.
pub fn is_consistent(old: TreeHead, new: TreeHead, proof: &[TreeHash]) -> bool {
    if old.size == new.size {
        return proof.is_empty() && old.root == new.root && old.size > 0;
    }
    if old.size == 0 || old.size > new.size || proof.is_empty() {
        return false;
    }
    let (mut at, mut last) = (old.size - 1, new.size - 1);
    while at % 2 == 1 {
        (at, last) = (at / 2, last / 2);
    }
    // A complete old tree is a node of the new one, and the proof need not repeat it.
    let own = old.size.is_power_of_two().then_some(&old.root);
    let mut hashes = own.into_iter().chain(proof);
    let Some(first) = hashes.next() else { return false };
    let (mut old_hash, mut new_hash) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return false;
        }
        if at % 2 == 1 || at == last {
            old_hash = TreeHash::node(sibling, &old_hash);
            new_hash = TreeHash::node(sibling, &new_hash);
            while at % 2 == 0 && at != 0 {
                (at, last) = (at / 2, last / 2);
            }
        } else {
            new_hash = TreeHash::node(&new_hash, sibling);
        }
        (at, last) = (at / 2, last / 2);
    }
    last == 0 && old_hash == old.root && new_hash == new.root
}

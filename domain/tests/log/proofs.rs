//! Proofs show what is so, and nothing else.

use domain::log::proof::{
    TreeHead, consistency_ranges, inclusion_ranges, is_consistent, is_included, prove,
};
use domain::log::{Subtree, SubtreeHashes, TreeHash};

use crate::naive::{Hash, Naive, entries, known_entries};

const SIZES: usize = 300;

impl SubtreeHashes for Naive {
    fn hash_of(&self, subtree: Subtree) -> Option<TreeHash> {
        let width = 1 << subtree.level;
        let from = usize::try_from(subtree.index).unwrap() * width;
        Some(TreeHash::new(self.mth(from, from + width)))
    }
}

fn hashes(bytes: Vec<Hash>) -> Vec<TreeHash> {
    bytes.into_iter().map(TreeHash::new).collect()
}

fn number(size: usize) -> u64 {
    size.try_into().unwrap()
}

fn inclusion(naive: &Naive, index: usize, size: usize) -> Vec<TreeHash> {
    prove(&inclusion_ranges(number(index), number(size)).unwrap(), naive).unwrap()
}

fn consistency(naive: &Naive, old: usize, new: usize) -> Vec<TreeHash> {
    prove(&consistency_ranges(number(old), number(new)).unwrap(), naive).unwrap()
}

fn head(naive: &Naive, size: usize) -> TreeHead {
    TreeHead { size: number(size), root: TreeHash::new(naive.mth(0, size)) }
}

fn shows_inclusion(naive: &Naive, index: usize, size: usize, proof: &[TreeHash]) -> bool {
    let leaf = TreeHash::new(naive.leaf(index));
    is_included(leaf, number(index), number(size), proof, head(naive, size).root)
}

fn shows_consistency(naive: &Naive, old: usize, new: usize, proof: &[TreeHash]) -> bool {
    is_consistent(head(naive, old), head(naive, new), proof)
}

#[test]
fn the_known_tree_has_the_known_proofs() {
    let naive = Naive::new(&known_entries());
    let known = |texts: &[&str]| -> Vec<TreeHash> {
        texts.iter().map(|text| hex::decode(text).unwrap().as_slice().try_into().unwrap()).collect()
    };
    let (l1, n23) = (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    );
    let (n47, l4) = (
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    );
    let (n67, n03, n45) = (
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    );
    assert_eq!(inclusion(&naive, 0, 1), known(&[]));
    assert_eq!(inclusion(&naive, 0, 8), known(&[l1, n23, n47]));
    assert_eq!(inclusion(&naive, 5, 8), known(&[l4, n67, n03]));
    assert_eq!(consistency(&naive, 1, 1), known(&[]));
    assert_eq!(consistency(&naive, 1, 8), known(&[l1, n23, n47]));
    assert_eq!(consistency(&naive, 6, 8), known(&[n45, n67, n03]));
    assert_eq!(consistency(&naive, 2, 5), known(&[n23, l4]));
}

#[test]
fn every_leaf_of_every_size_has_the_proof_of_the_recursive_definition() {
    let naive = Naive::new(&entries(SIZES));
    for size in 1..=SIZES {
        for index in 0..size {
            let proof = inclusion(&naive, index, size);
            assert_eq!(proof, hashes(naive.path(index, 0, size)), "{index} in {size}");
            assert!(shows_inclusion(&naive, index, size, &proof), "{index} in {size}");
        }
    }
}

#[test]
fn every_size_has_the_proof_of_the_recursive_definition_from_every_smaller_one() {
    let naive = Naive::new(&entries(SIZES));
    for new in 1..=SIZES {
        for old in 1..=new {
            let proof = consistency(&naive, old, new);
            assert_eq!(proof, hashes(naive.proof(old, new)), "{old} to {new}");
            assert!(shows_consistency(&naive, old, new, &proof), "{old} to {new}");
        }
    }
}

/// What is almost the proof.
fn spoiled(proof: &[TreeHash]) -> Vec<Vec<TreeHash>> {
    let mut spoiled = Vec::new();
    for position in 0..proof.len() {
        for bit in [0, 7, 128, 255] {
            let mut changed = proof.to_vec();
            let mut bytes = *changed[position].as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            changed[position] = TreeHash::new(bytes);
            spoiled.push(changed);
        }
        let mut left_out = proof.to_vec();
        left_out.remove(position);
        spoiled.push(left_out);
        let mut twice = proof.to_vec();
        twice.insert(position, proof[position]);
        spoiled.push(twice);
        if position > 0 {
            let mut swapped = proof.to_vec();
            swapped.swap(position - 1, position);
            spoiled.push(swapped);
        }
    }
    let mut longer = proof.to_vec();
    longer.push(TreeHash::empty());
    spoiled.push(longer);
    spoiled
}

#[test]
fn a_spoiled_proof_of_inclusion_shows_nothing() {
    let naive = Naive::new(&entries(40));
    for size in 1..=40 {
        for index in 0..size {
            for proof in spoiled(&inclusion(&naive, index, size)) {
                assert!(!shows_inclusion(&naive, index, size, &proof), "{index} in {size}");
            }
        }
    }
}

#[test]
fn a_spoiled_proof_of_consistency_shows_nothing() {
    let naive = Naive::new(&entries(40));
    for new in 1..=40 {
        for old in 1..=new {
            for proof in spoiled(&consistency(&naive, old, new)) {
                assert!(!shows_consistency(&naive, old, new, &proof), "{old} to {new}");
            }
        }
    }
}

/// Sizes that share the shape of a path take the same proof for the same index; what differs is the root.
#[test]
fn a_proof_of_inclusion_shows_no_other_leaf_place_or_root() {
    let naive = Naive::new(&entries(20));
    for size in 1..=20 {
        let root = head(&naive, size).root;
        for index in 0..size {
            let (leaf, proof) = (TreeHash::new(naive.leaf(index)), inclusion(&naive, index, size));
            for other in (0..22).filter(|other| *other != index) {
                assert!(!is_included(leaf, number(other), number(size), &proof, root));
            }
            for other in (0..size).filter(|other| *other != index) {
                let other = TreeHash::new(naive.leaf(other));
                assert!(!is_included(other, number(index), number(size), &proof, root));
            }
            for other in (0..=20).filter(|other| *other != size) {
                let other = head(&naive, other).root;
                assert!(!is_included(leaf, number(index), number(size), &proof, other));
            }
        }
    }
}

#[test]
fn a_proof_of_consistency_shows_nothing_of_another_tree() {
    let naive = Naive::new(&entries(20));
    let mut changed = entries(20);
    changed[0].push(b'!');
    let changed = Naive::new(&changed);
    for new in 1..=20 {
        for old in 1..=new {
            let proof = consistency(&naive, old, new);
            let (then, now) = (head(&naive, old), head(&naive, new));
            assert!(!is_consistent(head(&changed, old), now, &proof), "{old} to {new}");
            assert!(!is_consistent(then, head(&changed, new), &proof), "{old} to {new}");
            for other in (0..=22).filter(|other| *other != old) {
                let other = TreeHead { size: other.try_into().unwrap(), ..then };
                assert!(!is_consistent(other, now, &proof), "{old} as {other:?} to {new}");
            }
            if old != new {
                assert!(!is_consistent(now, then, &proof), "{new} to {old}");
            }
        }
    }
}

#[test]
fn there_is_no_proof_of_what_is_not_there() {
    assert_eq!(inclusion_ranges(0, 0), None);
    assert_eq!(inclusion_ranges(5, 5), None);
    assert_eq!(consistency_ranges(0, 5), None);
    assert_eq!(consistency_ranges(6, 5), None);
    let nothing = TreeHead { size: 0, root: TreeHash::empty() };
    assert!(!is_consistent(nothing, nothing, &[]));
    assert!(!is_included(TreeHash::leaf(b""), 0, 0, &[], TreeHash::empty()));
}

struct Nothing;

impl SubtreeHashes for Nothing {
    fn hash_of(&self, _: Subtree) -> Option<TreeHash> {
        None
    }
}

#[test]
fn without_the_hashes_there_is_no_proof() {
    assert_eq!(prove(&inclusion_ranges(3, 8).unwrap(), &Nothing), None);
}

/// At a million leaves a proof is twenty hashes, and at any size at most 64.
#[test]
fn proofs_are_short() {
    assert_eq!(inclusion_ranges(123_456, 1_000_000).unwrap().len(), 20);
    assert!(consistency_ranges(123_457, 1_000_000).unwrap().len() <= 21);
    assert_eq!(inclusion_ranges(0, u64::MAX).unwrap().len(), 64);
    assert_eq!(consistency_ranges(1, u64::MAX).unwrap().len(), 64);
}

//! The tree grows as RFC 6962 says.

use std::collections::BTreeMap;

use domain::log::tree::complete_subtrees;
use domain::log::{Frontier, Subtree, TreeHash};

use crate::naive::{Naive, entries, known_entries};

const SIZES: usize = 300;

fn push_all(frontier: &mut Frontier, entries: &[Vec<u8>]) {
    for entry in entries {
        frontier.push(TreeHash::leaf(entry), |_, _| {});
    }
}

#[test]
fn an_empty_tree_has_the_hash_of_nothing() {
    let root = hex::encode(Frontier::new().root().as_bytes());
    assert_eq!(root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn the_known_entries_have_the_known_roots() {
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    for (entry, root) in known_entries().iter().zip(roots) {
        push_all(&mut frontier, std::slice::from_ref(entry));
        assert_eq!(hex::encode(frontier.root().as_bytes()), root);
    }
}

#[test]
fn every_size_has_the_root_of_the_recursive_definition() {
    let entries = entries(SIZES);
    let naive = Naive::new(&entries);
    let mut frontier = Frontier::new();
    for size in 0..=SIZES {
        assert_eq!(frontier.root().as_bytes(), &naive.mth(0, size), "{size}");
        assert_eq!(frontier.size(), u64::try_from(size).unwrap());
        if let Some(entry) = entries.get(size) {
            push_all(&mut frontier, std::slice::from_ref(entry));
        }
    }
}

#[test]
fn every_complete_subtree_is_told_of_once_with_its_hash() {
    let entries = entries(SIZES);
    let naive = Naive::new(&entries);
    let (mut frontier, mut told) = (Frontier::new(), BTreeMap::new());
    for entry in &entries {
        frontier.push(TreeHash::leaf(entry), |subtree, hash| {
            assert_eq!(told.insert(subtree, hash), None, "{subtree:?}");
        });
    }
    let mut expected = BTreeMap::new();
    for level in 0..9 {
        let width = 1 << level;
        for index in 0..SIZES / width {
            let hash = naive.mth(index * width, (index + 1) * width);
            let subtree = Subtree {
                level: u32::try_from(level).unwrap(),
                index: u64::try_from(index).unwrap(),
            };
            expected.insert(subtree, TreeHash::new(hash));
        }
    }
    assert_eq!(told, expected);
}

#[test]
fn a_frontier_that_was_written_down_goes_on_the_same() {
    let entries = entries(70);
    for size in 0..=40 {
        let mut frontier = Frontier::new();
        push_all(&mut frontier, &entries[..size]);
        let bytes = frontier.to_bytes();
        let mut read = Frontier::from_bytes(frontier.size(), &bytes).unwrap();
        assert_eq!(read, frontier);
        push_all(&mut read, &entries[size..]);
        assert_eq!(read.root().as_bytes(), &Naive::new(&entries).mth(0, entries.len()));
        for other in 0..=41_u64 {
            let outcome = Frontier::from_bytes(other, &bytes);
            let fits = other.count_ones() == frontier.size().count_ones();
            assert_eq!(outcome.is_ok(), fits, "{size} as {other}");
        }
    }
    assert!(Frontier::from_bytes(1, &[0; 31]).is_err());
    assert!(Frontier::from_bytes(1, &[0; 33]).is_err());
    assert!(Frontier::from_bytes(2, &[0; 64]).is_err());
}

#[test]
fn a_run_of_leaves_is_made_of_the_largest_subtrees_that_fit() {
    let level = |level, index| Subtree { level, index };
    assert_eq!(complete_subtrees(0..0), []);
    assert_eq!(complete_subtrees(0..1), [level(0, 0)]);
    assert_eq!(complete_subtrees(0..13), [level(3, 0), level(2, 2), level(0, 12)]);
    assert_eq!(complete_subtrees(8..13), [level(2, 2), level(0, 12)]);
    assert_eq!(complete_subtrees(8..16), [level(3, 1)]);
}

#[test]
fn the_halves_of_a_subtree_are_the_two_below_it() {
    let subtree = Subtree { level: 3, index: 5 };
    let halves = (Subtree { level: 2, index: 10 }, Subtree { level: 2, index: 11 });
    assert_eq!(subtree.halves(), Some(halves));
    assert_eq!(Subtree { level: 0, index: 5 }.halves(), None);
}

#[test]
fn a_hash_is_written_in_base64_and_read_back() {
    let hash = TreeHash::leaf(b"x");
    assert_eq!(hash.to_string().parse(), Ok(hash));
    assert_eq!(hash.to_string().len(), 44);
    assert!("".parse::<TreeHash>().is_err());
    assert!("AAAA".parse::<TreeHash>().is_err());
    assert!(hash.to_string().trim_end_matches('=').parse::<TreeHash>().is_err());
}

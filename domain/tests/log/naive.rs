//! The tree and its proofs as RFC 6962, section 2.1, defines them: by recursion, word for word, with nothing of
//! the product.

use std::cell::RefCell;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

pub(crate) type Hash = [u8; 32];

/// Leaf hashes, with the hashes of runs of them that were needed before.
pub(crate) struct Naive {
    leaves: Vec<Hash>,
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

/// The largest power of two smaller than `n`.
fn k(n: usize) -> usize {
    let mut k = 1;
    while k * 2 < n {
        k *= 2;
    }
    k
}

impl Naive {
    pub(crate) fn new(entries: &[Vec<u8>]) -> Self {
        let leaves = entries.iter().map(|entry| {
            let mut hasher = Sha256::new();
            hasher.update([0x00]);
            hasher.update(entry);
            hasher.finalize().into()
        });
        Self { leaves: leaves.collect(), known: RefCell::default() }
    }

    pub(crate) fn leaf(&self, index: usize) -> Hash {
        self.leaves[index]
    }

    /// MTH(D[from:to])
    pub(crate) fn mth(&self, from: usize, to: usize) -> Hash {
        if let Some(hash) = self.known.borrow().get(&(from, to)) {
            return *hash;
        }
        let n = to - from;
        let hash = match n {
            0 => Sha256::digest([]).into(),
            1 => self.leaves[from],
            _ => {
                let k = k(n);
                let mut hasher = Sha256::new();
                hasher.update([0x01]);
                hasher.update(self.mth(from, from + k));
                hasher.update(self.mth(from + k, to));
                hasher.finalize().into()
            }
        };
        self.known.borrow_mut().insert((from, to), hash);
        hash
    }

    /// PATH(m, D[from:to])
    pub(crate) fn path(&self, m: usize, from: usize, to: usize) -> Vec<Hash> {
        let n = to - from;
        if n == 1 {
            return vec![];
        }
        let k = k(n);
        if m < k {
            let mut path = self.path(m, from, from + k);
            path.push(self.mth(from + k, to));
            path
        } else {
            let mut path = self.path(m - k, from + k, to);
            path.push(self.mth(from, from + k));
            path
        }
    }

    /// PROOF(m, D[n])
    pub(crate) fn proof(&self, m: usize, n: usize) -> Vec<Hash> {
        self.subproof(m, 0, n, true)
    }

    /// SUBPROOF(m, D[from:to], b)
    fn subproof(&self, m: usize, from: usize, to: usize, b: bool) -> Vec<Hash> {
        let n = to - from;
        if m == n {
            return if b { vec![] } else { vec![self.mth(from, to)] };
        }
        let k = k(n);
        if m <= k {
            let mut proof = self.subproof(m, from, from + k, b);
            proof.push(self.mth(from + k, to));
            proof
        } else {
            let mut proof = self.subproof(m - k, from + k, to, false);
            proof.push(self.mth(from, from + k));
            proof
        }
    }
}

/// Entries that are all different.
pub(crate) fn entries(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("entry {number}").into_bytes()).collect()
}

/// The eight entries of Certificate Transparency's own tests.
pub(crate) fn known_entries() -> Vec<Vec<u8>> {
    let texts = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    texts.map(|text| hex::decode(text).unwrap()).to_vec()
}

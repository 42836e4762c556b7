//! The log: the tree and its proofs, what a leaf is made of, checkpoints, and finding what was tampered with.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of this is test code, the functions that tests share too"
)]

mod auditing;
mod checkpoints;
mod entries;
mod naive;
mod notes;
mod proofs;
mod trees;

//! How much of its past an aggregate has to be told before it decides.

use cqrs_es::Aggregate;

/// Which of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// All of them, oldest first.
    Every,
    /// The latest: it says all that the ones before it come to, so that deciding costs the same however many there are.
    Latest,
}

/// An aggregate that says so.
pub trait Recalls: Aggregate {
    /// What has to be applied to a new instance to make it what it is.
    const RECALL: Recall;
}

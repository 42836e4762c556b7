//! What is kept in memory, and until when it may be believed.
//!
//! **Invariant:** an answer is given only if the promise that was in force *before* memory was read still holds
//! *after*. Checking once is not enough: a process may be stopped for any time between two instructions, and a promise
//! that came meanwhile vouches for changes that were not read.

use super::lease::Moment;
use super::sync::{AtomicU64, Ordering, ShardedLock};

/// Nothing may be believed.
const NEVER: u64 = 0;
/// It may be believed until it is forgotten.
const ALWAYS: u64 = u64::MAX;

/// Content with a promise.
///
/// Each reader takes one of several locks, each in a cache line of its own, and whoever changes the content takes them all:
/// so readers neither wait for each other nor write where another reads.
#[derive(Debug)]
pub struct Memory<L> {
    content: ShardedLock<L>,
    /// In nanoseconds of [`Moment`].
    valid_until: AtomicU64,
    now: fn() -> Moment,
}

impl<L> Memory<L> {
    /// Content that nobody vouches for yet.
    pub fn new(content: L, now: fn() -> Moment) -> Self {
        Self { content: ShardedLock::new(content), valid_until: AtomicU64::new(NEVER), now }
    }

    /// Reads, if what is read may be believed.
    pub fn ask<T>(&self, read: impl FnOnce(&L) -> T) -> Option<T> {
        let until = self.valid_until();
        if !self.holds(until) {
            return None;
        }
        // After a panic in the middle of a change, it is not known what is in there.
        let answer = read(&*self.content.read().ok()?);
        self.holds(until).then_some(answer)
    }

    fn holds(&self, until: u64) -> bool {
        until == ALWAYS || (until != NEVER && (self.now)().nanoseconds() < until)
    }

    /// Changes the content. Whoever asks sees all of it or nothing.
    pub fn change(&self, change: impl FnOnce(&mut L)) {
        match self.content.write() {
            Ok(mut content) => change(&mut content),
            Err(_) => self.forget(),
        }
    }

    /// Lets the content be believed up to this moment. All changes that the promise covers were made before.
    pub fn vouch_until(&self, until: Moment) {
        self.valid_until.store(until.nanoseconds().min(ALWAYS - 1), Ordering::Release);
    }

    /// Lets the content be believed until it is forgotten.
    pub fn vouch(&self) {
        self.valid_until.store(ALWAYS, Ordering::Release);
    }

    /// Lets nothing be believed any more.
    pub fn forget(&self) {
        self.valid_until.store(NEVER, Ordering::Release);
    }

    /// Announces a change. Until the doubt is settled, it may have happened and is not in here yet: dropped before, the
    /// doubt lets nothing be believed any more.
    pub fn doubt(&self, announce: impl FnOnce(&mut L)) -> Doubt<'_, L> {
        self.change(announce);
        Doubt { memory: self, is_settled: false }
    }

    /// Until when the content may be believed, in nanoseconds of [`Moment`]; it grows with each promise.
    pub(crate) fn valid_until(&self) -> u64 {
        self.valid_until.load(Ordering::Acquire)
    }

    /// Whether an answer would be given now.
    pub fn is_believed(&self) -> bool {
        self.holds(self.valid_until())
    }
}

/// See [`Memory::doubt`].
#[must_use]
#[derive(Debug)]
pub struct Doubt<'a, L> {
    memory: &'a Memory<L>,
    is_settled: bool,
}

impl<L> Doubt<'_, L> {
    /// It happened, and this is what it changes.
    pub fn settle(mut self, change: impl FnOnce(&mut L)) {
        self.memory.change(change);
        self.is_settled = true;
    }
}

impl<L> Drop for Doubt<'_, L> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.memory.forget();
        }
    }
}

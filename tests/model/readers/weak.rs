//! Memories that ask wrongly.

use super::Subject;
use super::now;
use super::sync::{AtomicU64, Ordering, RwLock};

/// What both of them are made of.
struct Parts {
    content: RwLock<u64>,
    valid_until: AtomicU64,
}

impl Parts {
    fn new() -> Self {
        Self { content: RwLock::new(0), valid_until: AtomicU64::new(0) }
    }

    fn holds(&self) -> bool {
        now().nanoseconds() < self.valid_until.load(Ordering::Acquire)
    }

    fn change(&self, change: u64) {
        *self.content.write().unwrap() = change;
    }

    fn vouch_until(&self, until: u64) {
        self.valid_until.store(until, Ordering::Release);
    }
}

/// Looks at the promise before it reads, and not after.
pub(super) struct ChecksOnlyBefore(Parts);

impl Subject for ChecksOnlyBefore {
    fn new() -> Self {
        Self(Parts::new())
    }

    fn ask<T>(&self, read: impl FnOnce(&u64) -> T) -> Option<T> {
        self.0.holds().then(|| read(&*self.0.content.read().unwrap()))
    }

    fn change(&self, change: u64) {
        self.0.change(change);
    }

    fn vouch_until(&self, until: u64) {
        self.0.vouch_until(until);
    }
}

/// Looks before and after, each time at the promise of the moment.
pub(super) struct ChecksAgainstTheNewPromise(Parts);

impl Subject for ChecksAgainstTheNewPromise {
    fn new() -> Self {
        Self(Parts::new())
    }

    fn ask<T>(&self, read: impl FnOnce(&u64) -> T) -> Option<T> {
        if !self.0.holds() {
            return None;
        }
        let answer = read(&*self.0.content.read().unwrap());
        self.0.holds().then_some(answer)
    }

    fn change(&self, change: u64) {
        self.0.change(change);
    }

    fn vouch_until(&self, until: u64) {
        self.0.vouch_until(until);
    }
}

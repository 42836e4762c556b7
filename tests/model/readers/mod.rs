//! The file `projections/src/replica/memory.rs` itself, on locks and atomics that let every schedule happen.
//!
//! **Invariant:** the file is the product's; only what it takes from `sync` is another.

mod weak;

#[expect(unreachable_pub, reason = "it is public where it belongs")]
#[path = "../../../projections/src/replica/memory.rs"]
mod memory;

use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Instant;

use projections::lease;
use projections::lease::Moment;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::atomic::{AtomicU64, Ordering};
use shuttle::{Config, Runner, thread};

use memory::Memory;
use weak::{ChecksAgainstTheNewPromise, ChecksOnlyBefore};

/// Takes the place of the module of this name beside the file.
mod sync {
    pub(super) use shuttle::sync::atomic::{AtomicU64, Ordering};
    pub(super) use shuttle::sync::{RwLock, RwLock as ShardedLock};
}

/// In all, half of them at random and half with few, unfortunate changes of threads.
const SCHEDULES: usize = 100_000;
/// How many it takes at most to find a mistake.
const FEW: usize = 1_000;
const READERS: usize = 2;

shuttle::lazy_static! {
    static ref NOW: AtomicU64 = AtomicU64::new(0);
}

fn now() -> Moment {
    Moment::from_nanoseconds(NOW.load(Ordering::SeqCst))
}

/// A memory of the latest change.
trait Subject: Send + Sync + 'static {
    fn new() -> Self;
    fn ask<T>(&self, read: impl FnOnce(&u64) -> T) -> Option<T>;
    fn change(&self, change: u64);
    fn vouch_until(&self, until: u64);
}

impl Subject for Memory<u64> {
    fn new() -> Self {
        Self::new(0, now)
    }

    fn ask<T>(&self, read: impl FnOnce(&u64) -> T) -> Option<T> {
        Self::ask(self, read)
    }

    fn change(&self, change: u64) {
        Self::change(self, |latest| *latest = change);
    }

    fn vouch_until(&self, until: u64) {
        Self::vouch_until(self, Moment::from_nanoseconds(until));
    }
}

/// A promise until 10 is in force. The keeper applies change 1 and promises until 20, applies change 2 and promises until
/// 30. Meanwhile time goes on, and each change is acknowledged when the promises before it have ended.
/// What is acknowledged when memory is read, is read.
fn under_leases<S: Subject>() {
    let subject = Arc::new(S::new());
    subject.vouch_until(10);
    let acknowledged = Arc::new(AtomicU64::new(0));
    let keeper = {
        let subject = Arc::clone(&subject);
        thread::spawn(move || {
            for change in [1, 2] {
                subject.change(change);
                subject.vouch_until(10 * (change + 1));
            }
        })
    };
    let writer = {
        let acknowledged = Arc::clone(&acknowledged);
        thread::spawn(move || {
            for change in [1, 2] {
                NOW.store(10 * change - 1, Ordering::SeqCst);
                NOW.store(10 * change, Ordering::SeqCst);
                acknowledged.store(change, Ordering::SeqCst);
            }
        })
    };
    let reader = |_| {
        let (subject, acknowledged) = (Arc::clone(&subject), Arc::clone(&acknowledged));
        thread::spawn(move || {
            let read = |latest: &u64| (acknowledged.load(Ordering::SeqCst), *latest);
            for _ in 0..2 {
                if let Some((acknowledged, latest)) = subject.ask(read) {
                    assert!(
                        latest >= acknowledged,
                        "{latest} was read, {acknowledged} is acknowledged"
                    );
                }
            }
        })
    };
    let readers: Vec<_> = (0..READERS).map(reader).collect();
    readers.into_iter().chain([keeper, writer]).for_each(|it| it.join().unwrap());
}

/// Memory is believed until it is forgotten. Change 1 is committed and settled; change 2 is left in doubt, and memory is
/// filled again. Both are acknowledged. Who begins after that, reads them.
fn under_doubt() {
    let memory = Arc::new(Memory::<u64>::new(0, now));
    assert!(!memory.is_believed());
    memory.vouch();
    let acknowledged = Arc::new(AtomicU64::new(0));
    let writer = {
        let (memory, acknowledged) = (Arc::clone(&memory), Arc::clone(&acknowledged));
        thread::spawn(move || {
            memory.doubt(|_| ()).settle(|latest| *latest = 1);
            acknowledged.store(1, Ordering::SeqCst);
            drop(memory.doubt(|_| ()));
            // Whoever repeats the command is told that it is done.
            acknowledged.store(2, Ordering::SeqCst);
            memory.forget();
            memory.change(|latest| *latest = 2);
            memory.vouch();
        })
    };
    let reader = |_| {
        let (memory, acknowledged) = (Arc::clone(&memory), Arc::clone(&acknowledged));
        thread::spawn(move || {
            for _ in 0..2 {
                let acknowledged = acknowledged.load(Ordering::SeqCst);
                if let Some(latest) = memory.ask(|latest| *latest) {
                    assert!(
                        latest >= acknowledged,
                        "{latest} was read, {acknowledged} is acknowledged"
                    );
                }
            }
        })
    };
    let readers: Vec<_> = (0..READERS).map(reader).collect();
    readers.into_iter().chain([writer]).for_each(|it| it.join().unwrap());
    assert!(memory.is_believed());
}

fn run(scheduler: impl Scheduler + 'static, scene: fn()) -> usize {
    Runner::new(scheduler, Config::new()).run(scene)
}

#[test]
fn what_is_acknowledged_is_read_or_nothing_is_answered() {
    let began = Instant::now();
    let mut schedules = 0;
    for (seed, scene) in [(1, under_leases::<Memory<u64>> as fn()), (2, under_doubt)] {
        schedules += run(RandomScheduler::new_from_seed(seed, SCHEDULES / 4), scene);
        schedules += run(PctScheduler::new_from_seed(seed, 4, SCHEDULES / 4), scene);
    }
    println!("{schedules} schedules in {:?}", began.elapsed());
    assert_eq!(schedules, SCHEDULES);
}

#[track_caller]
fn assert_noticed(what: &str, scene: fn()) {
    let found = catch_unwind(|| run(RandomScheduler::new_from_seed(3, FEW), scene));
    let found = found.is_err()
        || catch_unwind(|| run(PctScheduler::new_from_seed(3, 4, FEW), scene)).is_err();
    assert!(found, "{what}: not noticed");
}

#[test]
fn a_promise_that_is_looked_at_only_before_reading_is_not_enough() {
    assert_noticed("only before", under_leases::<ChecksOnlyBefore>);
}

#[test]
fn a_promise_that_came_after_reading_vouches_for_nothing() {
    assert_noticed("the new promise", under_leases::<ChecksAgainstTheNewPromise>);
}

//! Work that is asked for while other work of its kind goes on is done together, as soon as that has ended.

use std::collections::HashSet;
use std::future::Future;
use std::hash::Hash;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::ACQUIRE_TIMEOUT;
use crate::StoreError;

/// Most that is done together. Twice as much would gain little more, and each waits for all.
pub(super) const GROUP: usize = 64;

/// Work that takes longer goes on, and the next begins beside it: it may be waiting for somebody.
const PATIENCE: Duration = Duration::from_millis(100);

/// Something to be done, and who waits for what comes of it.
#[derive(Debug)]
pub(super) struct Waiting<Q, A> {
    pub(super) question: Q,
    /// Somebody who wants the same was in the group before.
    pub(super) is_behind: bool,
    since: Instant,
    /// `None` when it was not begun.
    answer: oneshot::Sender<Option<A>>,
}

impl<Q, A> Waiting<Q, A> {
    /// Whoever has gone away meanwhile hears nothing.
    pub(super) fn tell(self, answer: A) {
        drop(self.answer.send(Some(answer)));
    }

    fn is_late(&mut self) -> bool {
        self.since.elapsed() > ACQUIRE_TIMEOUT
    }
}

/// The way to the task that gathers. It ends when nobody can reach it any more.
#[derive(Debug)]
pub(super) struct Gathering<Q, A>(mpsc::Sender<Waiting<Q, A>>);

impl<Q: Send + 'static, A: Send + 'static> Gathering<Q, A> {
    /// Starts it. `pick` takes from what waits what can be done together, at least one; `work` does that.
    pub(super) fn start<W: Future<Output = ()> + Send + 'static>(
        pick: impl Fn(&mut Vec<Waiting<Q, A>>) -> Vec<Waiting<Q, A>> + Send + 'static,
        work: impl Fn(Vec<Waiting<Q, A>>) -> W + Send + 'static,
    ) -> Self {
        let (sender, mut receiver) = mpsc::channel(GROUP);
        tokio::spawn(async move {
            let mut waiting = Vec::new();
            while let Some(first) = receiver.recv().await {
                waiting.push(first);
                while !waiting.is_empty() {
                    // Whoever was woken at the same time comes along.
                    tokio::task::yield_now().await;
                    while let Ok(next) = receiver.try_recv() {
                        waiting.push(next);
                    }
                    for late in waiting.extract_if(.., Waiting::is_late) {
                        drop(late.answer.send(None));
                    }
                    let working = tokio::spawn(work(pick(&mut waiting)));
                    drop(tokio::time::timeout(PATIENCE, working).await);
                }
            }
        });
        Self(sender)
    }

    /// Has it done, and says what came of it; `None` when nobody knows.
    ///
    /// # Errors
    /// `Unavailable` when it was not begun within the time that a connection is waited for.
    pub(super) async fn ask(&self, question: Q) -> Result<Option<A>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting { question, is_behind: false, since: Instant::now(), answer };
        let sent = self.0.send_timeout(waiting, ACQUIRE_TIMEOUT).await;
        sent.map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
        match answered.await {
            Ok(Some(answer)) => Ok(Some(answer)),
            Ok(None) => Err(StoreError::Unavailable("too many wait for the same".into())),
            Err(_) => Ok(None),
        }
    }
}

/// Takes those that go together: the first, and of the others those that share no key with one before, [`GROUP`] at most.
pub(super) fn take_distinct<Q, A, K: Eq + Hash>(
    waiting: &mut Vec<Waiting<Q, A>>,
    keys: impl Fn(&Q) -> Vec<K>,
) -> Vec<Waiting<Q, A>> {
    let (mut taken, mut count) = (HashSet::new(), 0);
    let is_next = |it: &mut Waiting<Q, A>| {
        let keys = keys(&it.question);
        let is_free = keys.iter().all(|key| !taken.contains(key));
        it.is_behind |= !is_free;
        // Whoever has to wait is not overtaken by those who want the same.
        taken.extend(keys);
        let is_next = is_free && count < GROUP;
        count += usize::from(is_next);
        is_next
    };
    waiting.extract_if(.., is_next).collect()
}

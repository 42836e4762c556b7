//! Streams of an HTTP/2 connection, each begun on the connection's own task: what memory answers is answered before the
//! next stream is looked at. So the answers to requests that came together leave together, and none costs a task.
//!
//! In a task of its own each answer wakes the connection, which then writes that one answer.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use hyper::rt::Executor;

/// Runs what is ready at once, and the rest in tasks. As in a task, a panic ends one stream and no other.
#[derive(Clone, Copy, Debug)]
pub(super) struct AtOnce;

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for AtOnce {
    fn execute(&self, stream: F) {
        let mut stream = Box::pin(AssertUnwindSafe(stream).catch_unwind());
        // Who is to be woken is said when the task asks again.
        if (&mut stream).now_or_never().is_none() {
            tokio::spawn(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn a_panic_ends_one_stream_and_no_other() {
        AtOnce.execute(async { panic!("on purpose") });
    }

    #[tokio::test]
    async fn what_is_ready_is_done_on_return_and_what_waits_is_done_later() {
        let done = Arc::new(AtomicU32::new(0));
        let (go, may_go) = oneshot::channel::<()>();
        let (tell, told) = oneshot::channel();
        let stream = |done: &Arc<AtomicU32>| {
            let done = Arc::clone(done);
            async move {
                done.fetch_add(1, Ordering::Relaxed);
            }
        };
        AtOnce.execute(stream(&done));
        assert_eq!(done.load(Ordering::Relaxed), 1);
        let late = stream(&done);
        AtOnce.execute(async move {
            may_go.await.unwrap();
            late.await;
            tell.send(()).unwrap();
        });
        assert_eq!(done.load(Ordering::Relaxed), 1);
        go.send(()).unwrap();
        told.await.unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 2);
    }
}

//! Answers that are ready at the same time leave in one piece: requests that a client sent together, or streams of one
//! HTTP/2 connection, cost one call of the system and not one each.
//!
//! hyper flushes after each answer. Here that is put off until the connection's task pauses, and no longer: what is ready
//! never waits for what is not.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// So many bytes must have left before the next are taken: nothing is gained by more, and a client that reads slowly must
/// not fill memory.
const FULL: usize = 64 * 1024;

/// Room that a connection keeps while it has nothing to say, in bytes.
const KEPT: usize = 4 * 1024;

/// A stream that writes when it is told to. Clones are the same stream.
#[derive(Debug)]
pub(super) struct Gathering<S>(Arc<Mutex<Gathered<S>>>);

#[derive(Debug)]
struct Gathered<S> {
    stream: S,
    bytes: Vec<u8>,
    /// So many of the bytes have left.
    written: usize,
    /// Some have left lately.
    is_heard: bool,
}

impl<S> Clone for Gathering<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: AsyncWrite + Unpin> Gathering<S> {
    /// Around this one.
    pub(super) fn new(stream: S) -> Self {
        Self(Arc::new(Mutex::new(Gathered {
            stream,
            bytes: Vec::new(),
            written: 0,
            is_heard: false,
        })))
    }

    /// Runs a connection over this stream. Whatever it has written leaves whenever it pauses.
    pub(super) async fn release<E: From<io::Error>>(
        self,
        connection: impl Future<Output = Result<(), E>>,
    ) -> Result<(), E> {
        let mut connection = pin!(connection);
        let outcome = poll_fn(|cx| {
            let outcome = connection.as_mut().poll(cx);
            if outcome.is_pending() {
                ready!(self.lock().poll_leave(cx))?;
            }
            outcome
        });
        let outcome = outcome.await;
        poll_fn(|cx| self.lock().poll_leave(cx)).await?;
        outcome
    }

    /// Returns when nothing has left for so long, or for up to twice as long.
    pub(super) async fn silence(&self, length: Duration) {
        loop {
            tokio::time::sleep(length).await;
            if !std::mem::take(&mut self.lock().is_heard) {
                return;
            }
        }
    }

    /// Never poisoned for long: a connection that panicked is not polled again.
    fn lock(&self) -> MutexGuard<'_, Gathered<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncWrite + Unpin> Gathered<S> {
    /// Ready when everything has left.
    fn poll_leave(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.bytes.get(self.written..) {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => {
                    self.written += count;
                    self.is_heard = true;
                }
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.written = 0;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gathering<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.lock().stream).poll_read(cx, into)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathering<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut gathered = self.lock();
        if gathered.bytes.len() >= FULL {
            ready!(gathered.poll_leave(cx))?;
        }
        gathered.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Put off: see [`Gathering::release`].
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut gathered = self.lock();
        ready!(gathered.poll_leave(cx))?;
        Pin::new(&mut gathered.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Instant;

    use futures_util::FutureExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Remembers what was written to it at a time.
    #[derive(Clone, Debug, Default)]
    struct Pieces(Arc<Mutex<Vec<Vec<u8>>>>);

    impl AsyncWrite for Pieces {
        fn poll_write(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.0.lock().unwrap().push(bytes.to_vec());
            Poll::Ready(Ok(bytes.len()))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    async fn answer(mut stream: impl AsyncWrite + Unpin, answers: &[&str]) -> io::Result<()> {
        for answer in answers {
            stream.write_all(answer.as_bytes()).await?;
            stream.flush().await?;
        }
        Ok(())
    }

    #[test]
    fn what_is_ready_at_a_pause_has_left_in_one_piece() {
        let pieces = Pieces::default();
        let stream = Gathering::new(pieces.clone());
        let (slow, is_answered) = tokio::sync::oneshot::channel::<()>();
        let connection = {
            let stream = stream.clone();
            async move {
                answer(stream.clone(), &["one ", "two "]).await?;
                drop(is_answered.await);
                answer(stream, &["three ", "four"]).await
            }
        };
        let mut released = pin!(stream.release(connection));
        assert!(released.as_mut().now_or_never().is_none());
        assert_eq!(*pieces.0.lock().unwrap(), [b"one two "]);
        slow.send(()).unwrap();
        released.now_or_never().expect("nothing to wait for").unwrap();
        assert_eq!(*pieces.0.lock().unwrap(), [b"one two ".to_vec(), b"three four".to_vec()]);
    }

    #[tokio::test]
    async fn a_slow_reader_gets_everything_and_fills_no_memory() {
        const ANSWERS: usize = 10_000;
        let (ours, mut theirs) = tokio::io::duplex(100);
        let stream = Gathering::new(ours);
        let answers: Vec<_> = (0..ANSWERS).map(|number| format!("{number:0100}")).collect();
        let expected = answers.concat();
        let connection = {
            let mut stream = stream.clone();
            async move {
                for answer in answers {
                    stream.write_all(answer.as_bytes()).await?;
                    assert!(stream.lock().bytes.len() < FULL + answer.len());
                }
                stream.shutdown().await
            }
        };
        let mut read = String::new();
        let (released, _) =
            tokio::join!(stream.release(connection), theirs.read_to_string(&mut read));
        released.unwrap();
        assert!(read == expected, "something is missing or out of order");
    }

    #[tokio::test]
    async fn it_is_silent_when_nothing_has_left_for_so_long() {
        const LENGTH: Duration = Duration::from_millis(100);
        let (ours, mut theirs) = tokio::io::duplex(100);
        let stream = Gathering::new(ours);
        let connection = {
            let mut stream = stream.clone();
            async move {
                for _ in 0..5 {
                    stream.read_exact(&mut [0]).await?;
                    stream.write_all(b"answer").await?;
                }
                std::future::pending::<io::Result<()>>().await
            }
        };
        let last = Cell::new(Instant::now());
        let client = async {
            for _ in 0..5 {
                tokio::time::sleep(LENGTH / 2).await;
                last.set(Instant::now());
                theirs.write_all(b"?").await.unwrap();
                theirs.read_exact(&mut [0; 6]).await.unwrap();
            }
            // To say something is not to be answered.
            while theirs.write_all(b"?").await.is_ok() {
                tokio::time::sleep(LENGTH / 10).await;
            }
        };
        tokio::select! {
            outcome = stream.clone().release(connection) => panic!("{outcome:?}"),
            () = client => panic!("it goes on"),
            () = stream.silence(LENGTH) => {}
        }
        assert!(last.get().elapsed() >= LENGTH);
    }

    #[test]
    fn a_stream_that_takes_nothing_ends_the_connection() {
        let (ours, theirs) = tokio::io::duplex(100);
        drop(theirs);
        let stream = Gathering::new(ours);
        let connection = {
            let stream = stream.clone();
            async move {
                answer(stream, &["one"]).await?;
                std::future::pending::<io::Result<()>>().await
            }
        };
        let outcome = stream.release(connection).now_or_never().expect("it does not wait");
        assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}

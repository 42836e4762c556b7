//! A TCP proxy between one node and PostgreSQL that does to the connection what networks do.
//!
//! It passes bytes on and never looks inside, except to tell the connection apart that listens for
//! notifications. Nothing is lost in a stall: bytes are kept and passed on when it ends, as TCP does it.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// What happens to the connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    Pass,
    /// Everything takes so much longer, both ways.
    Delay(Duration),
    /// What the node says does not arrive. Connections stay open.
    StallQuestions,
    /// What the database answers does not arrive. Connections stay open.
    StallAnswers,
    /// A black hole: nothing arrives anywhere. Connections stay open.
    StallBoth,
    /// All connections are reset, and none is let in.
    Cut,
    /// A black hole, in which new connections seem to be accepted.
    HalfOpen,
    /// The connections there are go on; no other is let in.
    RefuseNew,
    /// The connection that listens for notifications is a black hole. The others go on.
    StallListening,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Questions,
    Answers,
}

impl Mode {
    /// Whether bytes pass now; `listens` is whether this connection waits for notifications.
    const fn passes(self, direction: Direction, listens: bool) -> bool {
        match self {
            Self::Pass | Self::Delay(_) | Self::RefuseNew => true,
            Self::StallQuestions => matches!(direction, Direction::Answers),
            Self::StallAnswers => matches!(direction, Direction::Questions),
            Self::StallBoth | Self::Cut | Self::HalfOpen => false,
            Self::StallListening => !listens,
        }
    }

    const fn delay(self) -> Option<Duration> {
        match self {
            Self::Delay(delay) => Some(delay),
            Self::Pass
            | Self::StallQuestions
            | Self::StallAnswers
            | Self::StallBoth
            | Self::Cut
            | Self::HalfOpen
            | Self::RefuseNew
            | Self::StallListening => None,
        }
    }
}

/// Listens until its runtime ends.
#[derive(Clone, Debug)]
pub(crate) struct Chaos {
    address: SocketAddr,
    mode: watch::Sender<Mode>,
    target: watch::Sender<u16>,
}

impl Chaos {
    /// A proxy in front of the server on this local port.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let (mode, target) = (watch::Sender::new(Mode::Pass), watch::Sender::new(port));
        let proxy = Self { address, mode, target };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(accepting.clone().serve(client));
            }
        });
        proxy
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What happens to connections from now on.
    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }

    /// Everything passes again.
    pub(crate) fn heal(&self) {
        self.set(Mode::Pass);
    }

    /// New connections lead to the server on this local port.
    pub(crate) fn retarget(&self, port: u16) {
        self.target.send_replace(port);
    }

    async fn serve(self, mut client: TcpStream) {
        let mut modes = self.mode.subscribe();
        loop {
            let mode = *modes.borrow_and_update();
            match mode {
                Mode::Cut | Mode::RefuseNew => return reset(&client),
                // Whoever waits for an answer gets none, also not when this ends.
                Mode::HalfOpen => {
                    while *modes.borrow_and_update() == Mode::HalfOpen {
                        if modes.changed().await.is_err() {
                            return;
                        }
                    }
                    return reset(&client);
                }
                Mode::StallBoth | Mode::StallQuestions | Mode::StallAnswers => {
                    if modes.changed().await.is_err() {
                        return;
                    }
                }
                Mode::Pass | Mode::Delay(_) | Mode::StallListening => break,
            }
        }
        let port = *self.target.borrow();
        let Ok(mut server) = TcpStream::connect(("127.0.0.1", port)).await else {
            return reset(&client);
        };
        for stream in [&client, &server] {
            // A failure leaves it slower, no more.
            let _ = stream.set_nodelay(true);
        }
        let listens = AtomicBool::new(false);
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let was_cut = tokio::select! {
            () = self.pump(Direction::Questions, from_client, to_server, &listens) => false,
            () = self.pump(Direction::Answers, from_server, to_client, &listens) => false,
            _ = modes.wait_for(|mode| *mode == Mode::Cut) => true,
        };
        if was_cut {
            reset(&client);
            reset(&server);
        }
    }

    async fn pump(
        &self,
        direction: Direction,
        mut from: ReadHalf<'_>,
        mut to: WriteHalf<'_>,
        listens: &AtomicBool,
    ) {
        let mut modes = self.mode.subscribe();
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            let bytes = &chunk[..length];
            if direction == Direction::Questions && contains(bytes, b"LISTEN ") {
                listens.store(true, Ordering::Relaxed);
            }
            let passes = |mode: &Mode| mode.passes(direction, listens.load(Ordering::Relaxed));
            let Ok(mode) = modes.wait_for(passes).await.map(|mode| *mode) else { return };
            if let Some(delay) = mode.delay() {
                sleep(delay).await;
            }
            if to.write_all(bytes).await.is_err() {
                return;
            }
        }
    }
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// Has the connection end with a reset when it is dropped.
fn reset(stream: &TcpStream) {
    let _: io::Result<()> = stream.set_zero_linger();
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    /// A server that says everything back.
    async fn echo() -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        port
    }

    async fn say(stream: &mut TcpStream, words: &[u8]) -> Option<Vec<u8>> {
        stream.write_all(words).await.ok()?;
        hear(stream, words.len()).await
    }

    async fn hear(stream: &mut TcpStream, length: usize) -> Option<Vec<u8>> {
        let mut heard = vec![0; length];
        let read = timeout(Duration::from_millis(200), stream.read_exact(&mut heard)).await;
        read.ok()?.ok().map(|_| heard)
    }

    #[tokio::test]
    async fn a_stall_keeps_what_was_said_and_a_cut_does_not() {
        let proxy = Chaos::before(echo().await).await;
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        assert_eq!(say(&mut stream, b"one").await.unwrap(), b"one");
        for mode in [Mode::StallQuestions, Mode::StallAnswers, Mode::StallBoth, Mode::HalfOpen] {
            proxy.set(mode);
            assert_eq!(say(&mut stream, b"two").await, None, "{mode:?}");
            proxy.heal();
            assert_eq!(hear(&mut stream, 3).await.unwrap(), b"two", "{mode:?}");
        }
        proxy.set(Mode::Cut);
        let error = stream.read(&mut [0]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        proxy.heal();
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap();
        assert_eq!(say(&mut stream, b"three").await.unwrap(), b"three");
    }

    #[tokio::test]
    async fn only_what_listens_or_is_new_can_be_kept_out() {
        let proxy = Chaos::before(echo().await).await;
        let connect = || TcpStream::connect(("127.0.0.1", proxy.port()));
        let (mut listening, mut other) = (connect().await.unwrap(), connect().await.unwrap());
        say(&mut listening, b"LISTEN changes").await.unwrap();
        say(&mut other, b"SELECT 1").await.unwrap();
        proxy.set(Mode::StallListening);
        assert_eq!(say(&mut listening, b"x").await, None);
        assert_eq!(say(&mut other, b"x").await.unwrap(), b"x");
        proxy.set(Mode::RefuseNew);
        assert_eq!(say(&mut other, b"y").await.unwrap(), b"y");
        let mut new = connect().await.unwrap();
        assert_eq!(say(&mut new, b"z").await, None);
    }
}

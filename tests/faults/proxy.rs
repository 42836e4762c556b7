//! A TCP proxy in front of PostgreSQL that can lose the answer to a commit.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What to do about the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Cut the connection instead of passing the commit on.
    Commit,
    /// Pass it on and cut the connection at once.
    Answer,
    /// Pass it on, wait until it is answered, and cut the connection.
    AnswerOnceGiven,
    /// Pass it on and nothing back, on a connection that stays open.
    EveryAnswer,
    /// Pass it on, wait until it is answered, cut every connection, and let none in until
    /// [`Proxy::let_in`].
    Database,
}

/// A simple query is one frame: `Q`, its length, the text, and a zero byte.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

/// Listens until dropped.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    next: Arc<Mutex<Option<Loss>>>,
    open: watch::Sender<bool>,
    /// How often everything under way was swallowed.
    swallowed: watch::Sender<u32>,
}

impl Proxy {
    /// A proxy in front of the server on this local port.
    pub(crate) async fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let proxy = Self {
            address,
            next: Arc::default(),
            open: watch::Sender::new(true),
            swallowed: watch::Sender::new(0),
        };
        let accepting = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *accepting.open.borrow() {
                    tokio::spawn(accepting.clone().pass(client, port));
                }
            }
        });
        proxy
    }

    /// Arms it for one commit.
    pub(crate) fn lose(&self, loss: Loss) {
        let before = self.next.lock().expect("nobody panics").replace(loss);
        assert_eq!(before, None, "the commit before was not seen");
    }

    /// Whether the commit that it was armed for has come.
    pub(crate) fn has_lost(&self) -> bool {
        self.next.lock().expect("nobody panics").is_none()
    }

    /// Lets connections in again.
    pub(crate) fn let_in(&self) {
        self.open.send_replace(true);
    }

    /// From now on the connections that there are say nothing more, and do not end. New ones are as they should be.
    pub(crate) fn swallow(&self) {
        self.swallowed.send_modify(|times| *times += 1);
    }

    async fn pass(self, client: TcpStream, port: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", port)).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let mut open = self.open.subscribe();
        let mut swallowed = self.swallowed.subscribe();
        swallowed.mark_unchanged();
        let (lost, losing) = watch::channel(None);
        // Whichever ends first ends the others, and both connections.
        let mut passing = std::pin::pin!(async {
            tokio::select! {
                () = self.questions(from_client, to_server, lost) => {}
                () = answers(from_server, to_client, losing) => {}
                _ = open.wait_for(|open| !open) => {}
            }
        });
        tokio::select! {
            () = &mut passing => {}
            // Both ends are kept, and nobody reads.
            Ok(()) = swallowed.changed() => std::future::pending().await,
        }
    }

    async fn questions(
        &self,
        mut from: OwnedReadHalf,
        mut to: OwnedWriteHalf,
        lost: watch::Sender<Option<Loss>>,
    ) {
        let mut chunk = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut chunk).await {
            let is_commit = chunk[..length].ends_with(COMMIT);
            let met =
                if is_commit { self.next.lock().expect("nobody panics").take() } else { None };
            if met == Some(Loss::Commit) {
                return;
            }
            if met.is_some() {
                lost.send_replace(met);
            }
            if to.write_all(&chunk[..length]).await.is_err() || met == Some(Loss::Answer) {
                return;
            }
            if met == Some(Loss::Database) {
                lost.closed().await;
                self.open.send_replace(false);
                return;
            }
        }
    }
}

/// Passes answers on until one is to be lost.
async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    losing: watch::Receiver<Option<Loss>>,
) {
    let mut chunk = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        match *losing.borrow() {
            None => {}
            // The other half closes the door first, and ends this connection.
            Some(Loss::Database) => break,
            Some(Loss::EveryAnswer) => continue,
            Some(_) => return,
        }
        if to.write_all(&chunk[..length]).await.is_err() {
            return;
        }
    }
    drop(losing);
    std::future::pending::<()>().await;
}

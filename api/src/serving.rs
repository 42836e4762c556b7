//! Connections: over TCP and over a Unix socket, HTTP/1.1 and HTTP/2 without TLS, told apart by their first bytes.

mod at_once;
mod gathering;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener, UnixStream};

use crate::client_address::Peer;
use crate::front::Front;
use at_once::AtOnce;
use gathering::Gathering;

/// Requests that began get this long to end when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// Pause after a connection that could not be accepted: there are too many open files, for instance.
const BREATH: Duration = Duration::from_millis(100);
/// Who was answered nothing for so long, or for up to twice as long, is hung up on: whoever is idle, or says a request so slowly.
/// Gateways hang up on an idle one after a minute or so, and had better be first.
const SILENCE: Duration = Duration::from_mins(2);
/// Requests at once over one HTTP/2 connection: gateways have few connections and many clients.
const STREAMS: u32 = 1_000;
/// The socket's owner and group may connect.
const SOCKET_MODE: u32 = 0o660;

/// Where connections come from.
#[derive(Debug)]
pub struct Listeners {
    network: TcpListener,
    socket: Option<Socket>,
}

/// A Unix socket, whose file goes when this is dropped.
#[derive(Debug)]
struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "could not remove {}: {error}", self.path.display());
        }
    }
}

impl Listeners {
    /// Opens both, or says which cannot be had.
    ///
    /// # Errors
    /// When something else listens there, or one may not.
    pub async fn open(address: SocketAddr, socket: Option<&Path>) -> Result<Self, String> {
        let network = TcpListener::bind(address).await.map_err(|error| {
            format!("cannot listen on {address}: {error}; choose another address with --listen")
        })?;
        let socket = match socket {
            None => None,
            Some(path) => Some(Socket::open(path).await.map_err(|error| {
                let path = path.display();
                format!("cannot listen on {path}: {error}; choose another file with --listen-unix")
            })?),
        };
        Ok(Self { network, socket })
    }

    /// The address that was asked for, with the port that was got.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.network.local_addr()
    }
}

impl Socket {
    /// A file that a killed server left behind is replaced; one that somebody listens on is not.
    async fn open(path: &Path) -> io::Result<Self> {
        let is_left = matches!(
            UnixStream::connect(path).await,
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused
        );
        if is_left {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
        Ok(Self { listener, path: path.to_owned() })
    }
}

/// The next connection over the socket; never, if there is none.
async fn accept(socket: Option<&Socket>) -> io::Result<UnixStream> {
    match socket {
        Some(socket) => socket.listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// Serves until `stop` completes and then until requests have ended, ten seconds at most.
pub async fn serve(
    listeners: Listeners,
    front: Front,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let server = Server::new(front);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listeners.network.accept() => accepted.map(|(stream, peer)| {
                // Answers are small and complete: nothing is gained by waiting for more.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY cannot be set: {error}");
                }
                server.attend(stream, Peer::Network(peer.ip()));
            }),
            accepted = accept(listeners.socket.as_ref()) => accepted.map(|stream| {
                server.attend(stream, Peer::UnixSocket);
            }),
            () = &mut stop => break,
        };
        if let Err(error) = accepted {
            tracing::warn!(%error, "could not accept a connection: {error}");
            tokio::time::sleep(BREATH).await;
        }
    }
    drop(listeners);
    tokio::select! {
        () = server.connections.shutdown() => {}
        () = tokio::time::sleep(DRAIN) => {}
    }
}

struct Server {
    front: Front,
    protocol: auto::Builder<AtOnce>,
    connections: GracefulShutdown,
}

impl Server {
    fn new(front: Front) -> Self {
        let mut protocol = auto::Builder::new(AtOnce);
        // Not `pipeline_flush`, in whose place answers are gathered: with it, hyper 1.12 loses the answer to a request that
        // asks to close the connection when more bytes follow it, as they do after a body with a stray line end.
        protocol.http2().max_concurrent_streams(STREAMS);
        Self { front, protocol, connections: GracefulShutdown::new() }
    }

    /// Serves a connection for as long as it lasts.
    fn attend(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let stream = Gathering::new(stream);
        let io = TokioIo::new(stream.clone());
        let connection = self.protocol.serve_connection(io, self.front.to(peer));
        let connection = self.connections.watch(connection.into_owned());
        tokio::spawn(async move {
            tokio::select! {
                biased;
                outcome = stream.clone().release(connection) => {
                    if let Err(error) = outcome {
                        tracing::debug!(%error, "a connection ended: {error}");
                    }
                }
                () = stream.silence(SILENCE) => tracing::debug!("a connection was silent"),
            }
        });
    }
}

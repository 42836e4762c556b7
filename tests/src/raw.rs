//! Requests as bytes, for what no HTTP client would send.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

/// A server that has not closed the connection by then counts as hanging.
const PATIENCE: Duration = Duration::from_secs(30);

/// An answer as bytes, taken apart just enough to judge it.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Everything after the blank line.
    pub body: Vec<u8>,
}

impl RawAnswer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                Some((name.to_ascii_lowercase(), value.trim().to_owned()))
            })
            .collect::<Option<_>>()?;
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(candidate, _)| candidate == name).map(|(_, value)| &**value)
    }
}

/// Sends these bytes on a connection of their own and reads until the server closes it. A
/// well-formed request must ask for that with `Connection: close`.
pub async fn exchange(server: SocketAddr, request: &[u8]) -> RawAnswer {
    exchange_from([127, 0, 0, 1].into(), server, request).await
}

/// The same from this address of the machine.
pub async fn exchange_from(client: IpAddr, server: SocketAddr, request: &[u8]) -> RawAnswer {
    let answer = tokio::time::timeout(PATIENCE, read_all(client, server, request)).await;
    let bytes = answer.unwrap_or_else(|_| panic!("no end after {}", request.escape_ascii()));
    RawAnswer::parse(&bytes).unwrap_or_else(|| {
        panic!("{} was answered {}", request.escape_ascii(), bytes.escape_ascii())
    })
}

async fn read_all(client: IpAddr, server: SocketAddr, request: &[u8]) -> Vec<u8> {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::new(client, 0)).expect("an address of this machine");
    let mut stream = socket.connect(server).await.expect("the server accepts connections");
    stream.write_all(request).await.expect("the server reads");
    let mut answer = Vec::new();
    let mut chunk = [0; 4096];
    // A reset after the answer is how a server ends a conversation that makes no sense to it.
    while let Ok(length @ 1..) = stream.read(&mut chunk).await {
        answer.extend_from_slice(&chunk[..length]);
    }
    answer
}

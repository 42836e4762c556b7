//! The cheapest HTTP client there is, so that the load is the nodes' and not the test's.
//!
//! It knows what these servers send: a status, a `content-length` or no body, a connection that is kept.

use std::fmt::Write;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Longer than any pause that is part of a run.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// One connection that is kept.
#[derive(Debug)]
pub(crate) struct Wire(TcpStream);

impl Wire {
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }

    /// Whether the other end has closed it meanwhile.
    fn is_closed(&self) -> bool {
        !matches!(self.0.try_read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Sends a request and waits for the answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Reply> {
        self.send(request).await?;
        self.receive().await
    }

    /// Sends a request.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<()> {
        self.0.write_all(request).await
    }

    /// Waits for the answer to the request that was sent.
    pub(crate) async fn receive(&mut self) -> Result<Reply> {
        let mut bytes = Vec::with_capacity(2048);
        let head = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            self.more(&mut bytes).await?;
        };
        let text = String::from_utf8_lossy(&bytes[..head]).into_owned();
        let status = text.get(9..12).and_then(|status| status.parse().ok());
        let status = status.ok_or_else(|| Error::new(ErrorKind::InvalidData, text.clone()))?;
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
        let begin = head + 4;
        while bytes.len() < begin + length {
            self.more(&mut bytes).await?;
        }
        Ok(Reply { status, body: bytes.split_off(begin) })
    }

    async fn more(&mut self, bytes: &mut Vec<u8>) -> Result<()> {
        match self.0.read_buf(bytes).await? {
            0 => Err(ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// Connections to one node that were opened before they are needed.
#[derive(Debug)]
pub(crate) struct Pool {
    address: SocketAddr,
    idle: Mutex<Vec<Wire>>,
}

impl Pool {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address, idle: Mutex::default() }
    }

    /// Opens connections until there are so many idle ones; fewer when the node does not take them.
    pub(crate) async fn fill(&self, size: usize) {
        while self.idle.lock().expect("nobody panics").len() < size {
            match timeout(PATIENCE, Wire::open(self.address)).await {
                Ok(Ok(wire)) => self.idle.lock().expect("nobody panics").push(wire),
                _ => return,
            }
        }
    }

    /// One request on a connection that was opened before, if there is one. `None`: no answer.
    pub(crate) async fn ask(&self, request: &[u8]) -> Option<Reply> {
        let exchange = async {
            let mut wire = self.take().await?;
            let reply = wire.ask(request).await?;
            self.idle.lock().expect("nobody panics").push(wire);
            Result::Ok(reply)
        };
        timeout(PATIENCE, exchange).await.ok()?.ok()
    }

    async fn take(&self) -> Result<Wire> {
        loop {
            let idle = self.idle.lock().expect("nobody panics").pop();
            match idle {
                Some(wire) if wire.is_closed() => {}
                Some(wire) => return Ok(wire),
                None => return Wire::open(self.address).await,
            }
        }
    }
}

/// The bytes of a request. `headers` are whole lines without their ends.
pub(crate) fn request(method: &str, target: &str, headers: &[String], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {target} HTTP/1.1\r\nhost: symbolon.test\r\n");
    for header in headers {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        text.push_str("content-type: application/json\r\n");
    }
    if !body.is_empty() || method == "POST" || method == "PUT" {
        write!(text, "content-length: {}\r\n", body.len()).expect("text takes all");
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

//! A connection that is kept open, on which one request after another is sent as it is.

use std::io::{BufRead as _, BufReader, Error, Read as _, Result, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// A connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Wire {
    /// To this port of 127.0.0.1.
    ///
    /// # Errors
    /// When nobody listens there.
    pub fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        Ok(Self { answers: BufReader::new(stream.try_clone()?), stream })
    }

    /// Sends a request and reads the answer: status and body.
    ///
    /// # Errors
    /// When there is no answer.
    pub fn ask(&mut self, request: &str) -> Result<(u16, String)> {
        self.stream.write_all(request.as_bytes())?;
        let (mut status, mut length, mut line) = (None, 0, String::new());
        while self.answers.read_line(&mut line)? > 2 {
            let field = line.split_once(": ").filter(|(name, _)| *name == "content-length");
            length = field.map_or(length, |(_, value)| value.trim().parse().expect("a number"));
            status = status.or_else(|| line.split_whitespace().nth(1)?.parse().ok());
            line.clear();
        }
        let mut body = String::new();
        (&mut self.answers).take(length).read_to_string(&mut body)?;
        Ok((status.ok_or_else(|| Error::other("no answer"))?, body))
    }
}

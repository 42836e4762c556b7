//! Asks with h2load, which speaks HTTP/1.1 and HTTP/2, over TCP and Unix sockets, as fast as it can or at a pace.
//!
//! All of its requests are the same.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::process::{Watched, watch};
use crate::statistics::percentile;

/// How a server is asked.
#[derive(Clone, Debug)]
pub struct Transport {
    /// `GET`, or `HEAD` over HTTP/2: over HTTP/1.1 h2load waits for the body.
    pub method: &'static str,
    /// The port on 127.0.0.1.
    pub port: u16,
    /// Instead of the port.
    pub socket: Option<PathBuf>,
    /// HTTP/2, without TLS, instead of HTTP/1.1.
    pub is_http2: bool,
    /// Connections that are kept open.
    pub connections: u32,
    /// Requests under way on each: streams, or requests that are sent before the answer to those before.
    pub at_once: u32,
}

/// One request after another on each of 32 connections.
pub const fn http1(port: u16) -> Transport {
    Transport { method: "GET", port, socket: None, is_http2: false, connections: 32, at_once: 1 }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Answered in a second.
    pub per_second: f64,
    /// Time of the server's processor per request, in microseconds.
    pub server_microseconds: f64,
    /// Share of its processor that the client used.
    pub client_share: f64,
    /// How long each answer took, in milliseconds, in order of length; empty at full speed.
    pub each: Vec<f64>,
}

impl Asked {
    /// So many percent of the answers took no longer, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        percentile(&self.each, percent)
    }
}

/// Whether there is such a client.
///
/// # Errors
/// When there is not.
pub fn find() -> Result<(), String> {
    let found = Command::new("h2load").arg("--version").stdout(Stdio::null()).status();
    found.map(drop).map_err(|_| "h2load is not installed (apt-get install nghttp2-client)".into())
}

/// Asks for so long as fast as it can. Every answer must be a good one.
pub fn ask(transport: &Transport, path: &str, token: &str, server: u32, length: Duration) -> Asked {
    run(&command(transport, path, token, length), server)
}

/// Asks for so long so many times a second, and writes down how long each took, into this file.
pub fn ask_at_a_pace(
    (path, token): (&str, &str),
    (transport, per_second): (&Transport, f64),
    server: u32,
    length: Duration,
    file: &Path,
) -> Asked {
    let mut command = command(transport, path, token, length);
    command.arg(format!("--rps={}", per_second / f64::from(transport.connections)));
    command.arg(format!("--log-file={}", file.display()));
    let mut asked = run(&command, server);
    let log = std::fs::read_to_string(file).expect("h2load wrote it");
    std::fs::remove_file(file).expect("the folder is ours");
    // When it began, status, microseconds.
    let third = |line: &str| line.split('\t').nth(2)?.trim().parse::<f64>().ok();
    asked.each = log.lines().filter_map(third).map(|microseconds| microseconds / 1e3).collect();
    asked.each.sort_by(f64::total_cmp);
    asked
}

fn command(transport: &Transport, path: &str, token: &str, length: Duration) -> Command {
    let mut command = Command::new("h2load");
    command.arg("--threads=1");
    command.arg(format!("--clients={}", transport.connections));
    command.arg(format!("--max-concurrent-streams={}", transport.at_once));
    command.arg(format!("--duration={}", length.as_secs()));
    if !transport.is_http2 {
        command.arg("--h1");
    }
    command.args(["--header", &format!(":method: {}", transport.method)]);
    command.args(["--header", &format!("authorization: Bearer {token}")]);
    if let Some(socket) = &transport.socket {
        command.arg(format!("--base-uri=unix:{}", socket.display()));
    }
    command.arg(format!("http://127.0.0.1:{}{path}", transport.port));
    command
}

fn run(command: &Command, server: u32) -> Asked {
    let Watched { output, server_nanoseconds, client_share } = watch(command, &[server]);
    let text = String::from_utf8_lossy(&output.stdout);
    let count = |before: &str, after: &str| {
        let line = text.lines().find(|line| line.starts_with(before));
        let part = line.and_then(|line| line.split([',', ':']).find(|part| part.ends_with(after)));
        let number = part.and_then(|part| part.split_whitespace().next()?.parse::<f64>().ok());
        number.unwrap_or_else(|| panic!("h2load said {text}"))
    };
    let good = count("status codes:", "2xx");
    let done = count("requests:", "done");
    assert!(good > 0.0 && done - good < 1.0, "not all answers are good: {text}");
    Asked {
        per_second: count("finished in", "req/s"),
        server_microseconds: server_nanoseconds / 1e3 / good,
        client_share,
        each: Vec::new(),
    }
}

//! Asks a contender: once, to see that it does what it ought to, and then as fast as one processor can.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::contender::{Contender, Expected};
use crate::process::{Watched, watch};
use crate::tokens;
use crate::wire::Wire;

/// Connections that are kept open, each with one request at a time.
pub const CONNECTIONS: u32 = 32;
/// Threads that ask about every token once.
const THREADS: usize = 8;

/// What was measured in one go.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sample {
    /// Answered.
    pub requests: u64,
    /// Of these, with a status of 400 or more.
    pub refused: u64,
    /// Connections that failed, and answers that did not come within two seconds.
    pub broken: u64,
    /// Answered per second.
    pub per_second: f64,
    /// Time of the server's processor per request, in microseconds.
    pub server_microseconds: f64,
    /// Until half of all answers were there, in milliseconds.
    pub p50_milliseconds: f64,
    /// Until 99 in 100 were.
    pub p99_milliseconds: f64,
    /// Share of its processor that the client used: near 1, it is the client that is measured in `per_second`.
    pub client_share: f64,
}

#[derive(Deserialize)]
struct Summary {
    requests: u64,
    microseconds: f64,
    refused: u64,
    broken: u64,
    p50: f64,
    p99: f64,
}

/// Whether there is a client.
///
/// # Errors
/// When there is not.
pub fn find() -> Result<(), String> {
    let found = Command::new("wrk").arg("-v").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.map(drop).map_err(|_| "wrk is not installed (apt-get install wrk)".to_owned())
}

/// A server that was quiet for so many pauses has written down what it was asked about.
const QUIET: u32 = 6;
/// Of which each is so long, in seconds.
const PAUSE: &str = "0.5";
/// And in which a quiet server's processor takes at most so much, in nanoseconds.
const BUSY: f64 = 25e6;
/// So many are waited for: a server that is never quiet is measured as it is.
const PAUSES: u32 = 240;

/// Asks about every token once.
fn ask_once(contender: &Contender) {
    let all = std::fs::read_to_string(&contender.tokens).expect("it was written");
    let tokens: Vec<&str> = all.lines().collect();
    std::thread::scope(|scope| {
        for part in tokens.chunks(tokens.len().div_ceil(THREADS)) {
            scope.spawn(move || ask_about(contender, part).expect("it answers"));
        }
    });
    wait_until_quiet(contender);
}

fn wait_until_quiet(contender: &Contender) {
    let mut quiet = 0;
    for _ in 0..PAUSES {
        let pause = watch(Command::new("sleep").arg(PAUSE), &contender.processes);
        quiet = if pause.server_nanoseconds < BUSY { quiet + 1 } else { 0 };
        if quiet == QUIET {
            return;
        }
    }
    eprintln!("{} was still busy with what it was asked before", contender.label);
}

/// Asks about each of them, one after the other over one connection.
fn ask_about(contender: &Contender, tokens: &[&str]) -> std::io::Result<()> {
    let mut wire = Wire::open(contender.port)?;
    for token in tokens {
        wire.ask(&head(contender, token))?;
    }
    Ok(())
}

/// Asks for so long.
pub fn ask(contender: &Contender, duration: Duration) -> Sample {
    if contender.again {
        ask_once(contender);
    }
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads=1", "--latency"]);
    wrk.arg(format!("--connections={CONNECTIONS}"));
    wrk.arg(format!("--duration={}s", duration.as_secs()));
    wrk.args(["--script", concat!(env!("CARGO_MANIFEST_DIR"), "/src/wrk.lua")]);
    wrk.arg(format!("http://127.0.0.1:{}{}", contender.port, contender.path)).arg("--");
    wrk.arg(&contender.tokens).args(&contender.header);

    let Watched { output, server_nanoseconds, client_share } = watch(&wrk, &contender.processes);
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with('{'));
    let summary: Option<Summary> = line.and_then(|line| serde_json::from_str(line).ok());
    let summary = summary.unwrap_or_else(|| {
        panic!("{}: wrk said {text}{}", contender.label, String::from_utf8_lossy(&output.stderr))
    });
    assert!(summary.requests > 0, "{}: no answer at all", contender.label);
    let requests = number(summary.requests);
    Sample {
        requests: summary.requests,
        refused: summary.refused,
        broken: summary.broken,
        per_second: requests / summary.microseconds * 1e6,
        server_microseconds: server_nanoseconds / 1e3 / requests,
        p50_milliseconds: summary.p50 / 1e3,
        p99_milliseconds: summary.p99 / 1e3,
        client_share,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few seconds")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Looks whether it does what it ought to: a check that lets everyone in is quickly made.
///
/// # Errors
/// Says what it did instead.
pub fn probe(contender: &Contender) -> Result<(), String> {
    let all = std::fs::read_to_string(&contender.tokens).expect("it was written");
    let good = all.lines().last().expect("there are some");
    match contender.expected {
        Expected::Open => expect(contender, good, &[200]),
        Expected::Refused(statuses) => expect(contender, good, statuses),
        Expected::Checked => {
            expect(contender, good, &[200])?;
            let unknown = tokens::unknown(1).next().expect("one");
            expect(contender, unknown.expose(), &[401])
        }
    }
}

fn expect(contender: &Contender, token: &str, statuses: &[u16]) -> Result<(), String> {
    let status = status(contender, token).map_err(|error| error.to_string())?;
    let wrong = || format!("it answered {status}, not one of {statuses:?}");
    statuses.contains(&status).then_some(()).ok_or_else(wrong)
}

/// A request, whole.
fn head(contender: &Contender, token: &str) -> String {
    let path = contender.path;
    let mut request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n");
    if let Some(header) = &contender.header {
        write!(request, "{header}\r\n").expect("memory takes it");
    }
    request + "\r\n"
}

fn status(contender: &Contender, token: &str) -> std::io::Result<u16> {
    Ok(Wire::open(contender.port)?.ask(&head(contender, token))?.0)
}

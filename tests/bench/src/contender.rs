//! Something that answers requests, and what it ought to answer.

use std::path::{Path, PathBuf};

use serde::Serialize;

/// What something is in the comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Kind {
    /// What everything is compared with.
    Anchor,
    /// A part of what the product does.
    Layer,
    /// The product.
    Ours,
    /// What people use instead, or in front.
    Peer,
}

/// What all answers ought to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// 200, and 401 for a token that nobody was given.
    Checked,
    /// 200 for anyone.
    Open,
    /// One of these.
    Refused(&'static [u16]),
}

/// Something that answers requests.
#[derive(Clone, Debug)]
pub struct Contender {
    /// As people read it.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Live tokens it knows; 0 when it knows of none.
    pub holds: u32,
    /// On 127.0.0.1.
    pub port: u16,
    /// Of the request.
    pub path: &'static str,
    /// A file, one a line, of which each request takes one.
    pub tokens: PathBuf,
    /// One more header, `name: value`.
    pub header: Option<String>,
    /// What all answers ought to be.
    pub expected: Expected,
    /// Whether each token was asked about a moment before.
    pub again: bool,
    /// Processes whose time counts, with their descendants.
    pub processes: Vec<u32>,
}

impl Contender {
    /// One that is asked with these tokens.
    pub fn new(label: &str, kind: Kind, port: u16, path: &'static str, tokens: &Path) -> Self {
        Self {
            label: label.to_owned(),
            kind,
            holds: 0,
            port,
            path,
            tokens: tokens.to_owned(),
            header: None,
            expected: Expected::Open,
            again: false,
            processes: Vec::new(),
        }
    }

    /// With this many live tokens, each of which it checks.
    #[must_use]
    pub fn checks(mut self, holds: u32) -> Self {
        self.holds = holds;
        self.expected = Expected::Checked;
        self
    }

    /// With this many live tokens, but the answer is one of these.
    #[must_use]
    pub fn refuses(mut self, holds: u32, with: &'static [u16]) -> Self {
        self.holds = holds;
        self.expected = Expected::Refused(with);
        self
    }

    /// Asked about tokens that it was asked about a moment before.
    #[must_use]
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    /// With one more header, `name: value`.
    #[must_use]
    pub fn header(mut self, header: &str) -> Self {
        self.header = Some(header.to_owned());
        self
    }

    /// Counts the time of this process and its descendants.
    #[must_use]
    pub fn process(mut self, pid: u32) -> Self {
        self.processes.push(pid);
        self
    }
}

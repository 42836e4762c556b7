//! `symbolon audit verify`: reads files and nothing else.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::log::note::notes;
use domain::log::{
    Audit, BadPlace, Checkpoint, CheckpointError, Examined, Origin, Verified, VerifierKey,
};

use super::super::Outcome;
use super::super::console::say;
use super::reading::examine;

/// What to check, and against what.
#[derive(Args)]
pub(super) struct Arguments {
    /// The export, one event per line; - is standard input
    export: PathBuf,
    /// File with a signed checkpoint, or with many; the more, the more narrowly a bad place is told
    #[arg(long, required = true, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// The public key of the log, from `symbolon doctor` or /v1/audit/key; several when it was replaced
    #[arg(long, value_name = "KEY")]
    key: Vec<VerifierKey>,
    /// The export may go on after the last checkpoint; what follows is not checked
    #[arg(long)]
    up_to_checkpoint: bool,
}

/// Why an export is not verified.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum NotVerified {
    /// It is not what was signed.
    #[error(transparent)]
    BadPlace(#[from] BadPlace),
    /// A checkpoint says nothing.
    #[error("{path}: note {number}: {source}")]
    Checkpoint {
        /// In which file.
        path: PathBuf,
        /// Which of its notes, from 1.
        number: usize,
        /// Why.
        source: CheckpointError,
    },
    /// Two checkpoints are of two logs.
    #[error("the checkpoint is not of this log: one is of {0} and one of {1}")]
    TwoLogs(Origin, Origin),
    /// There is nothing to compare with.
    #[error("{0} holds no checkpoint")]
    NoCheckpoint(PathBuf),
    /// A file cannot be read.
    #[error("{0}")]
    Unreadable(String),
}

impl From<io::Error> for NotVerified {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(format!("cannot read the export: {error}"))
    }
}

impl NotVerified {
    /// Whether something was found, rather than that nothing could be looked at.
    pub(in super::super) const fn is_finding(&self) -> bool {
        !matches!(self, Self::Unreadable(_))
    }
}

/// Checks, and says what was found.
pub(super) fn run(arguments: &Arguments) -> Outcome {
    let mut checkpoints = Vec::new();
    for path in &arguments.checkpoint {
        checkpoints.extend(read(path, &arguments.key)?);
    }
    let origin = one_origin(&checkpoints)?;
    let verified = check(&arguments.export, &checkpoints, arguments.up_to_checkpoint)?;
    let (size, root) = (verified.head.size, verified.head.root);
    say(format!("ok    {size} events of the log {origin}, root {root}"));
    say(format!("ok    as {} of {} checkpoints say", verified.checkpoints, checkpoints.len()));
    if arguments.key.is_empty() {
        say(
            "NOTE  who signed the checkpoints was not checked: give the log's public key with --key",
        );
    } else {
        say("ok    the checkpoints are signed by the given key");
    }
    Ok(())
}

/// Compares an export, - for standard input, with checkpoints of one log.
///
/// # Errors
/// When it is not what they say, or cannot be read.
pub(super) fn check(
    export: &Path,
    checkpoints: &[Checkpoint],
    up_to_checkpoint: bool,
) -> Result<Verified, NotVerified> {
    let origin = one_origin(checkpoints)?;
    let mut audit = Audit::new(checkpoints);
    let take = |line: Examined| {
        audit.take(line)?;
        Ok::<_, NotVerified>(!(up_to_checkpoint && audit.is_covered()))
    };
    if export.as_os_str() == "-" {
        examine(io::stdin().lock(), &origin, take)?;
    } else {
        let name = export.display();
        let unreadable = |error| NotVerified::Unreadable(format!("cannot read {name}: {error}"));
        examine(File::open(export).map_err(unreadable)?, &origin, take)?;
    }
    Ok(audit.finish(up_to_checkpoint)?)
}

/// The checkpoints in a file.
fn read(path: &Path, keys: &[VerifierKey]) -> Result<Vec<Checkpoint>, NotVerified> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        NotVerified::Unreadable(format!("cannot read {}: {error}", path.display()))
    })?;
    let mut checkpoints = Vec::new();
    for (number, note) in (1..).zip(notes(&text)) {
        let checkpoint = if keys.is_empty() {
            Checkpoint::read_unverified(note)
        } else {
            Checkpoint::open(note, keys)
        };
        checkpoints.push(checkpoint.map_err(|source| NotVerified::Checkpoint {
            path: path.to_owned(),
            number,
            source,
        })?);
    }
    if checkpoints.is_empty() {
        return Err(NotVerified::NoCheckpoint(path.to_owned()));
    }
    Ok(checkpoints)
}

/// The log that all of them are of.
fn one_origin(checkpoints: &[Checkpoint]) -> Result<Origin, NotVerified> {
    let mut origins = checkpoints.iter().map(|checkpoint| &checkpoint.origin);
    let first = origins.next().cloned().unwrap_or_default();
    match origins.find(|origin| **origin != first) {
        Some(other) => Err(NotVerified::TwoLogs(first, other.clone())),
        None => Ok(first),
    }
}

//! What the command line says to people: results on standard output, complaints on standard error.

use std::error::Error;
use std::io::Write;

/// Prints a line. A closed pipe is nobody's fault.
pub(super) fn say(line: impl AsRef<str>) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{}", line.as_ref()).and_then(|()| out.flush()));
}

/// Prints an error with everything that led to it, each text once.
pub(super) fn complain(error: &dyn Error) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    drop(writeln!(std::io::stderr(), "symbolon: {text}"));
}

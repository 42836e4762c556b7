//! `symbolon audit`: what an auditor does with files, and how to get them.

mod export;
mod make_key;
mod reading;
mod verify;

use clap::{Args, Subcommand};

use super::Outcome;
use crate::settings::Settings;

pub(super) use verify::NotVerified;

/// What to do.
#[derive(Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Get the log from a running server into a file, and check it
    Export(export::Arguments),
    /// Check an export against signed checkpoints, offline; exit code 3 when it is not what was signed
    Verify(verify::Arguments),
    /// Make a file with a new key to sign checkpoints with, to be given to every node
    MakeKey(make_key::Arguments),
}

/// Does it.
pub(super) async fn run(settings: &Settings, arguments: Arguments) -> Outcome {
    match arguments.command {
        Command::Export(arguments) => export::run(arguments).await,
        Command::Verify(arguments) => verify::run(&arguments),
        Command::MakeKey(arguments) => make_key::run(settings, &arguments),
    }
}

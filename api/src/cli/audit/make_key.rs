//! `symbolon audit make-key`

use std::path::PathBuf;

use clap::Args;

use super::super::Outcome;
use super::super::console::say;
use crate::audit::key;
use crate::chance::{Chance, SystemChance};
use crate::settings::Settings;

/// Where.
#[derive(Args)]
pub(super) struct Arguments {
    /// The file to make; one that is there is left as it is
    file: PathBuf,
}

/// Makes the file.
pub(super) fn run(settings: &Settings, Arguments { file }: &Arguments) -> Outcome {
    if file.exists() {
        return Err(format!("{} is there already", file.display()).into());
    }
    let host = || settings.public_url.as_ref().and_then(|url| url.host().parse().ok());
    let name = settings.checkpoints.origin.clone().or_else(host);
    let name = name.ok_or("say what the log is called: --log-origin NAME")?;
    key::make(file, name, &mut SystemChance.rng())?;
    say(format!("{} signs checkpoints. Give it to every node as --log-key-file.", file.display()));
    Ok(())
}

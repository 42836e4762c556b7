//! The command line.

mod audit;
mod bootstrap;
mod console;
mod demo;
mod doctor;
mod migrate;
mod rebuild;
mod serve;

use std::error::Error;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::logging;
use crate::settings::{Settings, SettingsArgs};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Personal API tokens: one per user, shown once, replaced by regenerating.
#[derive(Parser)]
#[command(name = "symbolon", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    settings: SettingsArgs,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default)
    Serve,
    /// Make the first user without a browser
    Bootstrap(bootstrap::Arguments),
    /// Bring the tables up to date and stop
    Migrate,
    /// Check settings, database and clock, and say what to do
    Doctor,
    /// Make the read models anew from the events, while the service goes on serving
    Rebuild(rebuild::Arguments),
    /// Show what the service does, over real HTTP, on a temporary database
    Demo(demo::Arguments),
    /// Export a history, and check it without the service
    Audit(audit::Arguments),
}

/// An export that is not what was signed is told from one that could not be looked at; so are tables that are
/// not what events say.
const NOT_VERIFIED: u8 = 3;

/// Runs the command that the process was started with.
pub async fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match dispatch(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::complain(error.as_ref());
            let is_finding = error.is::<rebuild::Differs>()
                || error.downcast_ref().is_some_and(audit::NotVerified::is_finding);
            if is_finding { ExitCode::from(NOT_VERIFIED) } else { ExitCode::FAILURE }
        }
    }
}

async fn dispatch(arguments: Arguments) -> Outcome {
    let settings = Settings::load(&arguments.settings)?;
    logging::start(&settings.log).map_err(|error| format!("log is not a filter: {error}"))?;
    match arguments.command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(&settings).await,
        Command::Bootstrap(arguments) => bootstrap::run(&settings, arguments).await,
        Command::Migrate => migrate::run(&settings).await,
        Command::Doctor => doctor::run(&settings).await,
        Command::Rebuild(arguments) => rebuild::run(&settings, &arguments).await,
        Command::Demo(arguments) => demo::run(&settings, arguments).await,
        Command::Audit(arguments) => audit::run(&settings, arguments).await,
    }
}

//! `symbolon audit export`: gets the log from a running server, and looks at what it got.
//!
//! **Invariant:** the named file is a whole export or is not there. What breaks off, has not as many events as
//! announced, or is not what its checkpoint says leaves nothing behind.

mod download;
mod draft;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::log::{Checkpoint, VerifierKey};
use secrecy::SecretString;

use super::super::Outcome;
use super::super::console::say;
use super::verify::{NotVerified, check};
use crate::audit::export::ExportFormat;
use download::{Download, Server};
use draft::Draft;

/// From where, what, and into which file.
#[derive(Args)]
pub(in super::super) struct Arguments {
    /// Where the server is: `http://…` or `https://…`; without it, what `SYMBOLON_URL` says
    #[arg(long)]
    url: Option<String>,
    /// File with the API token of an auditor; without it, the token in `SYMBOLON_TOKEN`
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// File to write; one that is there is replaced when the export is complete
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// ndjson, which can be verified, csv or ocsf
    #[arg(long, default_value = "ndjson", value_parser = format)]
    format: ExportFormat,
    /// The public key of the log, from `symbolon doctor`; several when it was replaced (ndjson)
    #[arg(long, value_name = "KEY")]
    key: Vec<VerifierKey>,
    /// Events that did not happen before this time, for example 2026-01-31T00:00:00Z (csv, ocsf)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Events that happened before this time (csv, ocsf)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// What was done to this user or by this user (csv, ocsf)
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// Events of this type, for example `TokenRevoked` (csv, ocsf)
    #[arg(long = "type", value_name = "TYPE")]
    event_type: Option<String>,
}

fn format(name: &str) -> Result<ExportFormat, String> {
    ExportFormat::parse(name).ok_or_else(|| "it is ndjson, csv or ocsf".to_owned())
}

impl Arguments {
    fn query(&self) -> Vec<(&'static str, &str)> {
        let chosen = [
            ("since", &self.since),
            ("until", &self.until),
            ("user", &self.user),
            ("type", &self.event_type),
        ];
        let chosen = chosen.into_iter().filter_map(|(name, text)| Some((name, text.as_deref()?)));
        [("format", self.format.as_str())].into_iter().chain(chosen).collect()
    }

    fn server(&self) -> Result<Server, Box<dyn std::error::Error + Send + Sync>> {
        let url = self.url.clone().or_else(|| std::env::var("SYMBOLON_URL").ok());
        let url = url.ok_or("say where the server is, with --url or in SYMBOLON_URL")?;
        let token = match &self.token_file {
            Some(path) => fs::read_to_string(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?,
            None => std::env::var("SYMBOLON_TOKEN").map_err(
                |_| "give the API token of an auditor, in SYMBOLON_TOKEN or with --token-file",
            )?,
        };
        Server::new(&url, SecretString::from(token.trim()))
    }
}

/// Does it.
pub(super) async fn run(arguments: Arguments) -> Outcome {
    let server = arguments.server()?;
    let draft = Draft::begin(&arguments.output)?;
    let download = server.export(&arguments.query(), arguments.format, &draft).await?;
    if arguments.format == ExportFormat::Ndjson {
        keep_verified(arguments, &server, draft, &download).await
    } else {
        draft.keep()?;
        say(format!("ok    {} events in {}", download.events, arguments.output.display()));
        Ok(())
    }
}

/// Keeps the export, with its checkpoint beside it, if it is what that says.
async fn keep_verified(
    arguments: Arguments,
    server: &Server,
    draft: Draft,
    download: &Download,
) -> Outcome {
    let output = &arguments.output;
    let size = download.checkpoint_size.ok_or("the server names no checkpoint")?;
    let note = server.text(&format!("checkpoint?size={size}")).await?;
    let mut keys = arguments.key.clone();
    if keys.is_empty() {
        let key = server.text("key").await?;
        keys.push(key.trim_end().parse().map_err(|_| "the server names no public key")?);
    }
    let beside = checkpoint_beside(output);
    let checkpoint = Checkpoint::open(&note, &keys).map_err(|source| NotVerified::Checkpoint {
        path: beside.clone(),
        number: 1,
        source,
    })?;
    let origin = checkpoint.origin.clone();
    let file = draft.path().to_owned();
    let verified =
        tokio::task::spawn_blocking(move || check(&file, &[checkpoint], false)).await??;
    let notes = Draft::begin(&beside)?;
    notes.write(note.as_bytes())?;
    notes.keep()?;
    draft.keep()?;
    let (size, root) = (verified.head.size, verified.head.root);
    say(format!("ok    {size} events of the log {origin}, root {root}"));
    say(format!("ok    {}, as {} says", output.display(), beside.display()));
    if let (true, [key]) = (arguments.key.is_empty(), &*keys) {
        say(format!("NOTE  who signed was checked with the key that the server named: {key}"));
    } else {
        say("ok    the checkpoint is signed by the given key");
    }
    Ok(())
}

/// `export.ndjson.checkpoint`, beside `export.ndjson`.
fn checkpoint_beside(output: &Path) -> PathBuf {
    output.with_added_extension("checkpoint")
}

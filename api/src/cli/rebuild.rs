//! `symbolon rebuild`: makes the read models anew from the events, beside a running server.
//!
//! It must never be a second server: it takes no request and numbers no event.

use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use projections::rebuild::{Differences, Report, Step, Watch};

use super::Outcome;
use super::console::say;
use crate::settings::Settings;
use crate::startup::{self, Thoroughness};

/// What to do.
#[derive(Args)]
pub(super) struct Arguments {
    /// Only compare the tables with the events, and change nothing; exit code 3 when something differs
    #[arg(long)]
    check: bool,
}

/// Why a check does not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{0} rows are not what the events say; `symbolon rebuild` mends them")]
pub(super) struct Differs(u64);

/// Rebuilds or compares, and says what was otherwise.
pub(super) async fn run(settings: &Settings, arguments: &Arguments) -> Outcome {
    let how = if arguments.check { Thoroughness::Check } else { Thoroughness::Rebuild };
    let mut bar = Bar::hidden();
    let outcome = startup::rebuild(&settings.database, how, &mut bar).await;
    bar.0.finish_and_clear();
    let report = outcome?;
    let rows = report.tables.iter().map(Differences::rows).sum();
    tell(&report, arguments.check, rows);
    if arguments.check && rows > 0 { Err(Differs(rows).into()) } else { Ok(()) }
}

fn tell(report: &Report, is_check: bool, rows: u64) {
    let Report { events, resumed_at, tables, exclusive } = report;
    if *resumed_at > 0 {
        say(format!("ok    went on where an earlier run was: at event {resumed_at}"));
    }
    for table in tables {
        let Differences { table: name, missing, different, invented } = table;
        let all = table.rows();
        if all == 0 {
            say(format!("ok    {name}: every row is what the events say"));
        } else {
            let found = format!("{missing} missing, {different} different, {invented} invented");
            let word = if is_check { "DIFF " } else { "MENDED" };
            say(format!("{word} {name}: {all} rows ({found})"));
        }
    }
    if is_check {
        say(format!("{events} events, {rows} rows differ; nothing was changed"));
    } else {
        let waited = exclusive.as_millis();
        say(format!("{events} events, {rows} rows mended; writers waited {waited} ms"));
    }
}

/// Shows how far it is, on a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }
}

impl Watch for Bar {
    fn begins(&mut self, step: Step, done: u64, total: u64) {
        let name = match step {
            Step::Fill => "making rows",
            Step::Verify => "verifying",
            Step::Switch => "switching",
        };
        if self.0.message() == name {
            self.0.set_length(total);
            return;
        }
        self.0.finish_and_clear();
        // Drawn to standard error, and nowhere when that is no terminal.
        self.0 = ProgressBar::new(total).with_position(done).with_message(name);
        let template = "{msg:12} {wide_bar} {pos}/{len} events, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.0.set_style(style);
        }
        self.0.reset_eta();
        self.0.enable_steady_tick(Duration::from_millis(250));
    }

    fn reached(&mut self, done: u64) {
        self.0.set_position(done);
    }
}

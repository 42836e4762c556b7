//! What came out: a table, a picture and the raw numbers.

use std::fmt::Write as _;
use std::path::Path;

use serde::Serialize;

use crate::client::{CONNECTIONS, Sample};
use crate::contender::{Contender, Kind};
use crate::lineup::Absent;
use crate::machine::Machine;
use crate::picture;
use crate::scale::Scale;
use crate::statistics::Spread;

/// Says what is measured on, where a table follows.
pub fn begin(profile: &str, scale: Scale) {
    println!("{}.", Machine::this(profile).line());
    if scale == Scale::Short {
        println!("**Short form: these numbers mean nothing.**");
    }
}

/// What came out.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    machine: Machine,
    meaningful: bool,
    asked: u32,
    lines: Vec<Line>,
    absent: Vec<Absent>,
}

/// What came out for one contender.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// As people read it.
    pub label: String,
    /// What it is.
    pub kind: Kind,
    /// Live tokens it knows.
    pub holds: u32,
    /// Server's processor time per request, in microseconds.
    pub server_microseconds: Spread,
    /// The same as a multiple of the anchor's in the same round.
    pub cost: Spread,
    /// Requests per second.
    pub per_second: Spread,
    /// In milliseconds.
    pub p50_milliseconds: Spread,
    /// In milliseconds.
    pub p99_milliseconds: Spread,
    /// Share of its processor that the client used.
    pub client_share: Spread,
    /// Answers of all rounds.
    pub requests: u64,
    /// Of these, with a status of 400 or more.
    pub refused: u64,
    /// Connections that failed, and answers that came late.
    pub broken: u64,
    /// By round.
    pub samples: Vec<Sample>,
}

impl Report {
    /// Of these samples, by contender and round; the first contender is the anchor.
    pub fn new(
        machine: Machine,
        scale: Scale,
        contenders: &[Contender],
        absent: Vec<Absent>,
        samples: Vec<Vec<Sample>>,
    ) -> Self {
        let anchor = samples.first().cloned().unwrap_or_default();
        let lines = contenders.iter().zip(samples);
        let lines = lines.map(|(contender, samples)| Line::of(contender, samples, &anchor));
        let meaningful = scale != Scale::Short && machine.profile == "release";
        Self { machine, meaningful, asked: scale.asked(), lines: lines.collect(), absent }
    }

    /// The table.
    pub fn table(&self) -> String {
        let mut text = format!("{}.\n", self.machine.line());
        if !self.meaningful {
            text += "**Short form: these numbers mean nothing.**\n";
        }
        let rounds = self.lines.first().map_or(0, |line| line.samples.len());
        writeln!(
            text,
            "Servers on one processor, wrk on another, {CONNECTIONS} connections kept open, {} tokens at random, \
             {rounds} rounds. Medians, with the least and the most of any round.\n\n\
             | | holds | server CPU, µs/request | × hello | requests/s | p50 ms | p99 ms | client CPU | not 2xx | broken |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
            thousands(self.asked.into()),
        )
        .expect("memory takes it");
        for line in &self.lines {
            writeln!(text, "{}", line.row()).expect("memory takes it");
        }
        for absent in &self.absent {
            writeln!(text, "| {} | not run: {} |", absent.label, absent.reason.replace('|', "/"))
                .expect("memory takes it");
        }
        text
    }

    /// Writes `verify.md`, `verify.svg` and `verify.json`.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).expect("the target folder is ours");
        let json = serde_json::to_string_pretty(self).expect("plain data");
        let subtitle = if self.meaningful {
            format!("server CPU per request, as a multiple of axum's hello; {}", self.machine.date)
        } else {
            "short form: these numbers mean nothing".to_owned()
        };
        for (name, text) in [
            ("verify.md", self.table()),
            ("verify.svg", picture::draw(&self.lines, &subtitle)),
            ("verify.json", json + "\n"),
        ] {
            std::fs::write(folder.join(name), text).expect("the target folder is ours");
        }
    }
}

impl Line {
    fn of(contender: &Contender, samples: Vec<Sample>, anchor: &[Sample]) -> Self {
        let spread = |value: fn(&Sample) -> f64| Spread::of(samples.iter().map(value));
        let total = |count: fn(&Sample) -> u64| samples.iter().map(count).sum();
        let pairs = samples.iter().zip(anchor);
        Self {
            label: contender.label.clone(),
            kind: contender.kind,
            holds: contender.holds,
            server_microseconds: spread(|sample| sample.server_microseconds),
            cost: Spread::of(
                pairs.map(|(it, anchor)| it.server_microseconds / anchor.server_microseconds),
            ),
            per_second: spread(|sample| sample.per_second),
            p50_milliseconds: spread(|sample| sample.p50_milliseconds),
            p99_milliseconds: spread(|sample| sample.p99_milliseconds),
            client_share: spread(|sample| sample.client_share),
            requests: total(|sample| sample.requests),
            refused: total(|sample| sample.refused),
            broken: total(|sample| sample.broken),
            samples,
        }
    }

    fn row(&self) -> String {
        let holds = if self.holds == 0 { "–".to_owned() } else { thousands(self.holds.into()) };
        let refused =
            if self.refused == self.requests { "all".to_owned() } else { self.refused.to_string() };
        format!(
            "| {} | {holds} | {} | {} | {:.0} | {:.2} | {:.2} | {:.0} % | {refused} | {} |",
            self.label,
            with_range(self.server_microseconds, 1),
            with_range(self.cost, 2),
            self.per_second.median,
            self.p50_milliseconds.median,
            self.p99_milliseconds.median,
            self.client_share.median * 100.0,
            self.broken,
        )
    }
}

fn with_range(spread: Spread, digits: usize) -> String {
    format!("{:.digits$} ({:.digits$}–{:.digits$})", spread.median, spread.min, spread.max)
}

/// With commas.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> =
        groups.map(|group| std::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [7, 1_000, 65_536, 1_000_000].map(thousands),
            ["7", "1,000", "65,536", "1,000,000"]
        );
    }
}

//! Goes through an export line by line and finds the first place where it is not what was signed.
//!
//! It remembers the edge of the tree and nothing else, so an export of any length can be checked. Looking at
//! a line ([`Examined::of`]) depends on no other line, so that many can be looked at at once.

use std::collections::VecDeque;
use std::fmt;
use std::ops::RangeInclusive;

use super::checkpoint::Checkpoint;
use super::export::ExportLine;
use super::frontier::Frontier;
use super::note::Origin;
use super::proof::TreeHead;
use super::tree::TreeHash;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The line is not what the log wrote there: something in it was changed, or it is no line at all.
    Changed,
    /// Events are not there.
    Missing,
    /// An event stands where another belongs, which stands elsewhere.
    Swapped,
    /// A line that the log did not write, or wrote elsewhere, was put in.
    Inserted,
    /// The export ends before the checkpoint does.
    Truncated,
    /// The export goes on where the last checkpoint ends.
    NotCovered,
    /// All lines are well-formed and give another root than the checkpoint: one of these events was replaced,
    /// or the checkpoint is not of this log.
    Rewritten,
    /// The export is of another log than the checkpoint.
    ForeignLog,
}

/// The first place where an export is not what was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct BadPlace {
    /// What is wrong.
    pub flaw: Flaw,
    /// At which positions of the log, as narrowly as can be told.
    pub positions: RangeInclusive<u64>,
    /// At which line of the export this was noticed, from 1.
    pub line: u64,
}

impl fmt::Display for BadPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (self.positions.start(), self.positions.end());
        let at = if first == last {
            format!("position {first}")
        } else {
            format!("positions {first} to {last}")
        };
        let what = match self.flaw {
            Flaw::Changed => "changed: this line is not what the log wrote",
            Flaw::Missing => "missing",
            Flaw::Swapped => "swapped: another event stands here, and this one elsewhere",
            Flaw::Inserted => "inserted: a line that does not belong here",
            Flaw::Truncated => "truncated: the export ends before the checkpoint does",
            Flaw::NotCovered => "not covered: the export goes on after the last checkpoint",
            Flaw::Rewritten => {
                "rewritten: one of these events was replaced, or the checkpoint is not of this log"
            }
            Flaw::ForeignLog => "the checkpoint is not of this log",
        };
        write!(f, "{at} (line {}): {what}", self.line)
    }
}

/// An export that is what was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The tree that all lines give.
    pub head: TreeHead,
    /// How many checkpoints it was compared with.
    pub checkpoints: usize,
}

/// What one line says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Examined {
    /// Whole: an event as the log writes it.
    Whole {
        /// Where it stands, as it says.
        position: u64,
        /// Its leaf.
        leaf: TreeHash,
    },
    /// Not whole.
    Broken {
        /// Where it stands, if it says so.
        position: Option<u64>,
    },
    /// Whole, and of a log of another name.
    Foreign {
        /// Where it stands there.
        position: u64,
    },
    /// Cut off before its end.
    CutOff,
}

impl Examined {
    /// Looks at a line, with its line break. Only the last may lack it.
    pub fn of(line: &[u8], origin: &Origin) -> Self {
        let text = line.strip_suffix(b"\n");
        let is_cut_off = text.is_none();
        let line = text.unwrap_or(line);
        let Some(parsed) = ExportLine::parse(line) else {
            return if is_cut_off { Self::CutOff } else { Self::Broken { position: None } };
        };
        let position = parsed.position;
        match parsed.leaf_of(origin, line) {
            Some(leaf) => Self::Whole { position, leaf },
            None if is_foreign(&parsed, line) => Self::Foreign { position },
            None => Self::Broken { position: Some(position) },
        }
    }

    const fn position(self) -> Option<u64> {
        match self {
            Self::Whole { position, .. } | Self::Foreign { position } => Some(position),
            Self::Broken { position } => position,
            Self::CutOff => None,
        }
    }
}

/// Whether the line would be whole if the log had another name.
fn is_foreign(parsed: &ExportLine<'_>, line: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Named {
        source: String,
    }
    serde_json::from_slice::<Named>(line)
        .ok()
        .and_then(|named| named.source.strip_prefix("//")?.parse().ok())
        .is_some_and(|origin| parsed.leaf_of(&origin, line).is_some())
}

/// A whole line that is not the one that belongs there. What was done shows in the lines after it.
#[derive(Clone, Copy, Debug)]
struct Stray {
    /// The position that belongs there.
    expected: u64,
    /// The one that stands there.
    found: u64,
    line: u64,
    /// The line after it is the one after the expected: it stands in the place of that one.
    is_instead: bool,
}

impl Stray {
    /// What the lines after it make of it.
    fn judge(&mut self, line: u64, position: Option<u64>) -> Result<(), BadPlace> {
        let is_next = line == self.line + 1;
        self.is_instead |= is_next && position == Some(self.expected + 1);
        if position != Some(self.expected) {
            return Ok(());
        }
        // Right behind it, nothing is missing, unless the two are neighbours that changed places.
        let is_extra = is_next && self.found != self.expected + 1;
        Err(if is_extra { self.inserted() } else { self.at(Flaw::Swapped, self.expected) })
    }

    /// What it is when the line that belongs there comes nowhere.
    fn verdict(self) -> BadPlace {
        if self.is_instead {
            self.at(Flaw::Changed, self.expected)
        } else if self.found < self.expected {
            self.inserted()
        } else {
            let positions = self.expected..=self.found - 1;
            BadPlace { flaw: Flaw::Missing, positions, line: self.line }
        }
    }

    fn inserted(self) -> BadPlace {
        self.at(Flaw::Inserted, self.expected.min(self.found))
    }

    const fn at(self, flaw: Flaw, position: u64) -> BadPlace {
        BadPlace { flaw, positions: position..=position, line: self.line }
    }
}

/// An audit under way.
#[derive(Clone, Debug)]
pub struct Audit {
    frontier: Frontier,
    /// Still to come, the smallest first.
    ahead: VecDeque<TreeHead>,
    passed: usize,
    /// How many leaves the last checkpoint covered that was right.
    proved: u64,
    lines: u64,
    stray: Option<Stray>,
}

impl Audit {
    /// Begins to compare an export with these checkpoints.
    pub fn new(checkpoints: &[Checkpoint]) -> Self {
        let heads = checkpoints.iter().map(|checkpoint| checkpoint.head);
        // A checkpoint of the empty log says nothing.
        let mut heads: Vec<TreeHead> = heads.filter(|head| head.size > 0).collect();
        heads.sort_by_key(|head| head.size);
        Self {
            frontier: Frontier::new(),
            ahead: heads.into(),
            passed: 0,
            proved: 0,
            lines: 0,
            stray: None,
        }
    }

    /// How many events were found to be in order.
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// Whether every checkpoint was reached: nothing that follows is covered by any.
    pub fn is_covered(&self) -> bool {
        self.ahead.is_empty()
    }

    /// Takes the next line.
    ///
    /// # Errors
    /// When it is the first that is not what was signed, or shows what the first is.
    pub fn take(&mut self, line: Examined) -> Result<(), BadPlace> {
        self.lines += 1;
        if let Some(stray) = &mut self.stray {
            return stray.judge(self.lines, line.position());
        }
        let expected = self.frontier.size() + 1;
        match line {
            Examined::Foreign { .. } => Err(self.at(Flaw::ForeignLog, expected..=expected)),
            Examined::CutOff => Err(self.truncated()),
            Examined::Broken { .. } => Err(self.at(Flaw::Changed, expected..=expected)),
            Examined::Whole { position, .. } if position != expected => {
                let (found, line) = (position, self.lines);
                self.stray = Some(Stray { expected, found, line, is_instead: false });
                Ok(())
            }
            Examined::Whole { leaf, .. } => {
                self.frontier.push(leaf, |_, _| {});
                self.compare()
            }
        }
    }

    /// Compares with the checkpoints of the size that has been reached.
    fn compare(&mut self) -> Result<(), BadPlace> {
        let size = self.frontier.size();
        while let Some(head) = self.ahead.pop_front_if(|head| head.size == size) {
            if head.root != self.frontier.root() {
                return Err(self.at(Flaw::Rewritten, self.proved + 1..=size));
            }
            self.passed += 1;
            self.proved = size;
        }
        Ok(())
    }

    /// Ends it. With `may_go_on`, the export may have events that no checkpoint covers.
    ///
    /// # Errors
    /// When the export is not what was signed.
    pub fn finish(self, may_go_on: bool) -> Result<Verified, BadPlace> {
        if let Some(stray) = self.stray {
            return Err(stray.verdict());
        }
        let size = self.frontier.size();
        if !self.is_covered() {
            return Err(self.truncated());
        }
        // What no checkpoint covers is not checked by going on from nothing.
        if size > self.proved && (!may_go_on || self.passed == 0) {
            return Err(self.at(Flaw::NotCovered, self.proved + 1..=size));
        }
        let head = TreeHead { size, root: self.frontier.root() };
        Ok(Verified { head, checkpoints: self.passed })
    }

    fn truncated(&self) -> BadPlace {
        let next = self.frontier.size() + 1;
        let last = self.ahead.back().map_or(next, |head| head.size);
        self.at(Flaw::Truncated, next..=last)
    }

    fn at(&self, flaw: Flaw, positions: RangeInclusive<u64>) -> BadPlace {
        BadPlace { flaw, positions, line: self.lines }
    }
}

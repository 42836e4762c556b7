//! A snapshot of PostgreSQL: which transactions it sees.

use std::fmt;
use std::str::FromStr;

/// What `pg_snapshot` says: everything before `xmin` is seen, nothing from `xmax` on, and of what lies between, all but
/// the transactions that were in progress. Aborted ones count as seen; they left nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    xmin: u64,
    xmax: u64,
    in_progress: Vec<u64>,
}

/// A text that is no snapshot.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is not a snapshot")]
pub(super) struct NotASnapshot(String);

impl Snapshot {
    /// Whether what the transaction wrote is seen, if it committed.
    pub(super) fn sees(&self, transaction: u64) -> bool {
        transaction < self.xmax && !self.in_progress.contains(&transaction)
    }

    /// The first transaction that may not be seen. All before have ended.
    pub(super) const fn begin(&self) -> u64 {
        self.xmin
    }

    /// The first transaction from which on none is seen.
    pub(super) const fn end(&self) -> u64 {
        self.xmax
    }

    /// Those before that are not seen.
    pub(super) fn in_progress(&self) -> Vec<String> {
        self.in_progress.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.xmin, self.xmax, self.in_progress().join(","))
    }
}

impl FromStr for Snapshot {
    type Err = NotASnapshot;

    fn from_str(text: &str) -> Result<Self, NotASnapshot> {
        let refused = || NotASnapshot(text.to_owned());
        let number = |text: &str| text.parse().map_err(|_| refused());
        let mut parts = text.splitn(3, ':');
        let mut part = || parts.next().ok_or_else(refused);
        let (xmin, xmax, list) = (part()?, part()?, part()?);
        let in_progress = list.split(',').filter(|text| !text.is_empty()).map(number);
        Ok(Self {
            xmin: number(xmin)?,
            xmax: number(xmax)?,
            in_progress: in_progress.collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_sees_what_had_ended_when_it_was_taken() {
        let snapshot: Snapshot = "10:20:10,14".parse().unwrap();
        assert!(snapshot.sees(9) && snapshot.sees(11) && snapshot.sees(19));
        assert!(!snapshot.sees(10) && !snapshot.sees(14) && !snapshot.sees(20));
        assert_eq!(snapshot.to_string(), "10:20:10,14");
        assert_eq!("7:7:".parse::<Snapshot>().unwrap().to_string(), "7:7:");
    }

    #[test]
    fn what_is_no_snapshot_is_not_read_as_one() {
        for text in ["", "7", "7:8", "a:8:", "7:8:x", "7:8:9:10"] {
            assert!(text.parse::<Snapshot>().is_err(), "{text}");
        }
    }
}

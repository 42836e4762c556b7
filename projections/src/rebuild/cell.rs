//! One value of a row, as the database keeps it.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::sql::Value;

/// A value that can be compared, whichever way it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// NULL
    Null,
    /// `bigint` / `INTEGER`
    Integer(i64),
    /// `boolean`
    Boolean(bool),
    /// `text` / `TEXT`
    Text(String),
    /// `bytea` / `BLOB`
    Bytes(Vec<u8>),
    /// `timestamptz`
    Time(DateTime<Utc>),
}

impl Cell {
    /// What it is, if a number.
    pub(crate) fn into_integer(self) -> Option<i64> {
        if let Self::Integer(number) = self { Some(number) } else { None }
    }

    /// What it is, if a text.
    pub(crate) fn into_text(self) -> Option<String> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn update(&self, hasher: &mut Sha256) {
        let mut add = |kind: u8, bytes: &[u8]| {
            let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            hasher.update([kind]);
            hasher.update(length.to_be_bytes());
            hasher.update(bytes);
        };
        match self {
            Self::Null => add(0, &[]),
            Self::Integer(number) => add(1, &number.to_be_bytes()),
            Self::Boolean(truth) => add(2, &[u8::from(*truth)]),
            Self::Text(text) => add(3, text.as_bytes()),
            Self::Bytes(bytes) => add(4, bytes),
            Self::Time(time) => add(5, &time.timestamp_micros().to_be_bytes()),
        }
    }
}

impl From<Cell> for Value {
    fn from(cell: Cell) -> Self {
        match cell {
            Cell::Null => Self::Text(None),
            Cell::Integer(number) => number.into(),
            Cell::Boolean(truth) => truth.into(),
            Cell::Text(text) => text.into(),
            Cell::Bytes(bytes) => bytes.into(),
            Cell::Time(time) => time.into(),
        }
    }
}

/// Stands for some cells in a comparison: half of their SHA-256.
pub(super) type Fingerprint = [u8; 16];

/// Of these cells, in this order.
pub(super) fn fingerprint(cells: &[Cell]) -> Fingerprint {
    let mut hasher = Sha256::new();
    for cell in cells {
        cell.update(&mut hasher);
    }
    let whole: [u8; 32] = hasher.finalize().into();
    let mut half = Fingerprint::default();
    half.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
    half
}

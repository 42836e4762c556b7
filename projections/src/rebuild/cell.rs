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
    fn update(&self, hasher: &mut Sha256) {
        let (kind, bytes) = match self {
            Self::Null => (0, Vec::new()),
            Self::Integer(number) => (1, number.to_be_bytes().to_vec()),
            Self::Boolean(truth) => (2, vec![u8::from(*truth)]),
            Self::Text(text) => (3, text.as_bytes().to_vec()),
            Self::Bytes(bytes) => (4, bytes.clone()),
            Self::Time(time) => (5, time.timestamp_micros().to_be_bytes().to_vec()),
        };
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        hasher.update([kind]);
        hasher.update(length.to_be_bytes());
        hasher.update(bytes);
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

//! Everything that memory holds, copied out of the tables in PostgreSQL's binary form.

use futures_util::TryStreamExt;
use sqlx::PgConnection;

use crate::StoreError;
use crate::replica::{Fields, LiveSet, QUESTIONS, Question, SIZES, with_room};

/// What a copy begins with, in front of its first row: a signature, flags, and the length of what else there is, nothing
/// (PostgreSQL's documentation of COPY, "Binary Format").
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Instead of the number of fields, behind the last row.
const END: i16 = -1;

/// Reads everything, in the transaction that this is in.
pub(super) async fn load(connection: &mut PgConnection) -> Result<LiveSet, StoreError> {
    let mut live = with_room(sqlx::query_as(SIZES).fetch_one(&mut *connection).await?);
    for question in &QUESTIONS {
        let text = format!("COPY ({}) TO STDOUT (FORMAT binary)", question.text());
        let mut copy = connection.copy_out_raw(&text).await?;
        while let Some(rows) = copy.try_next().await? {
            add_all(question, &rows, &mut live)?;
        }
    }
    Ok(live)
}

/// Adds rows that came together: each is whole.
fn add_all(question: &Question, rows: &[u8], live: &mut LiveSet) -> Result<(), StoreError> {
    let mut rest = Copied(rows.strip_prefix(HEADER).unwrap_or(rows));
    while !rest.0.is_empty() {
        let fields = i16::from_be_bytes(rest.take_array()?);
        if fields != END {
            question.add(&mut rest, live)?;
        }
    }
    Ok(())
}

/// What is left to read.
struct Copied<'a>(&'a [u8]);

impl<'a> Copied<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], StoreError> {
        let ended = || StoreError::corrupt("a row ends early");
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(ended)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.take(N)?.try_into().map_err(StoreError::corrupt)
    }

    /// A field in front of which stands its length; -1 is NULL, and there are none.
    fn field(&mut self) -> Result<&'a [u8], StoreError> {
        let length = i32::from_be_bytes(self.take_array()?);
        self.take(usize::try_from(length).map_err(StoreError::corrupt)?)
    }

    fn field_array<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        self.field()?.try_into().map_err(StoreError::corrupt)
    }
}

impl Fields for Copied<'_> {
    fn text(&mut self) -> Result<&str, StoreError> {
        str::from_utf8(self.field()?).map_err(StoreError::corrupt)
    }

    fn number(&mut self) -> Result<i64, StoreError> {
        self.field_array().map(i64::from_be_bytes)
    }

    fn flag(&mut self) -> Result<bool, StoreError> {
        match self.field_array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(StoreError::corrupt(format!("{other} for a boolean"))),
        }
    }

    fn bytes(&mut self) -> Result<&[u8], StoreError> {
        self.field()
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;
    use domain::token::TokenDigest;

    use super::*;
    use crate::replica::Verdict;

    const USER: &str = "01970000-0000-7000-8000-000000000001";
    const NO: &[u8] = &[0];
    const YES: &[u8] = &[1];

    fn number(number: i64) -> Vec<u8> {
        number.to_be_bytes().to_vec()
    }

    /// As PostgreSQL copies it.
    fn row(fields: &[&[u8]]) -> Vec<u8> {
        let mut row = i16::try_from(fields.len()).unwrap().to_be_bytes().to_vec();
        for field in fields {
            row.extend(i32::try_from(field.len()).unwrap().to_be_bytes());
            row.extend(*field);
        }
        row
    }

    /// From one row of each question.
    fn load(rows: [Vec<u8>; 4]) -> Result<LiveSet, StoreError> {
        let mut live = LiveSet::default();
        for (question, row) in QUESTIONS.iter().zip(rows) {
            add_all(question, &[HEADER, &row].concat(), &mut live)?;
            add_all(question, &END.to_be_bytes(), &mut live)?;
        }
        Ok(live)
    }

    fn rows(is_locked: &[u8], digest: &[u8], role: &str, sequence: i64) -> [Vec<u8>; 4] {
        let (id, one) = (USER.as_bytes(), &*number(1));
        [
            row(&[id, NO, one]),
            row(&[id, NO, YES, is_locked, one, &number(0)]),
            row(&[id, id, one, one, digest]),
            row(&[id, id, role.as_bytes(), &number(sequence)]),
        ]
    }

    #[test]
    fn what_the_tables_say_is_what_memory_knows() {
        let of = |is_locked| {
            let live = load(rows(is_locked, &[0xab; 32], "viewer", 2)).unwrap();
            live.find_live_token(&TokenDigest::new([0xab; 32]))
        };
        let Verdict::Live(found) = of(NO) else { panic!("{:?}", of(NO)) };
        assert_eq!(found.access.user_id, USER.parse::<UserId>().unwrap());
        assert_eq!((found.access.is_admin, found.access.is_auditor), (false, true));
        assert_eq!(found.access.memberships.len(), 1);
        assert_eq!(of(YES), Verdict::Nothing);
    }

    #[test]
    fn what_cannot_be_read_is_not_left_out() {
        let digest = &[0xab; 32];
        for rows in [
            rows(&[2], digest, "viewer", 2),
            rows(NO, &[0xab; 31], "viewer", 2),
            rows(NO, digest, "owner", 2),
            rows(NO, digest, "viewer", -2),
            rows(NO, digest, "viewer", 2).map(|row| row[..row.len() - 1].to_vec()),
        ] {
            assert!(load(rows).is_err());
        }
    }
}

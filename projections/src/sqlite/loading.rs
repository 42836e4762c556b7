//! Everything that memory holds, read row by row over a connection of its own, which goes with what it has kept of the file.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Row};

use super::connection::unavailable;
use crate::StoreError;
use crate::replica::{Fields, LiveSet, QUESTIONS, Question, SIZES, with_room};

/// In which epoch the rows are: a rebuild begins the next one.
pub(super) const SELECT_EPOCH: &str = "SELECT epoch FROM replica_epoch";

/// Each page is read once or, of users, a few times in a row. What is kept of the file in memory stays the process's when the connection
/// goes, so it is little: in KiB as SQLite wants it.
const BEGIN: &str = "PRAGMA cache_size = -256; BEGIN";

/// Reads everything in one snapshot, and in which epoch that was.
pub(super) fn load(path: &Path) -> Result<(LiveSet, i64), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(unavailable)?;
    connection.execute_batch(BEGIN).map_err(unavailable)?;
    let epoch = connection.query_row(SELECT_EPOCH, [], |row| row.get(0)).map_err(unavailable)?;
    let sizes = connection.query_row(SIZES, [], |row| Ok((row.get(0)?, row.get(1)?)));
    let mut live = with_room(sizes.map_err(unavailable)?);
    for question in &QUESTIONS {
        read(&connection, question, &mut live)?;
    }
    Ok((live, epoch))
}

fn read(
    connection: &Connection,
    question: &Question,
    live: &mut LiveSet,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare(&question.text()).map_err(unavailable)?;
    let mut rows = statement.query([]).map_err(unavailable)?;
    while let Some(row) = rows.next().map_err(unavailable)? {
        question.add(&mut Cells { row, next: 0 }, live)?;
    }
    Ok(())
}

/// A row's values where SQLite has them.
struct Cells<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Cells<'a> {
    fn next(&mut self) -> Result<ValueRef<'a>, StoreError> {
        let value = self.row.get_ref(self.next).map_err(StoreError::corrupt)?;
        self.next += 1;
        Ok(value)
    }
}

impl Fields for Cells<'_> {
    fn text(&mut self) -> Result<&str, StoreError> {
        self.next()?.as_str().map_err(StoreError::corrupt)
    }

    fn number(&mut self) -> Result<i64, StoreError> {
        self.next()?.as_i64().map_err(StoreError::corrupt)
    }

    fn flag(&mut self) -> Result<bool, StoreError> {
        match self.number()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(StoreError::corrupt(format!("{other} for a boolean"))),
        }
    }

    fn bytes(&mut self) -> Result<&[u8], StoreError> {
        self.next()?.as_blob().map_err(StoreError::corrupt)
    }
}

#[cfg(test)]
mod tests {
    use domain::UserId;
    use domain::token::TokenDigest;

    use super::*;
    use crate::replica::Verdict;

    const USER: &str = "01970000-0000-7000-8000-000000000001";

    /// Tables as loose as those of another program might be.
    fn load(rows: &str) -> Result<LiveSet, StoreError> {
        let connection = Connection::open_in_memory().unwrap();
        let tables = "
            CREATE TABLE accounts (account_id, is_closed, sequence);
            CREATE TABLE users (user_id, is_admin, is_auditor, is_locked, registered_sequence, lock_sequence);
            CREATE TABLE token_lookup (user_id, token_id, generation, sequence, token_digest);
            CREATE TABLE memberships (account_id, user_id, role, sequence);";
        connection.execute_batch(&format!("{tables}{rows}")).unwrap();
        let mut live = LiveSet::default();
        for question in &QUESTIONS {
            read(&connection, question, &mut live)?;
        }
        Ok(live)
    }

    #[test]
    fn what_the_tables_say_is_what_memory_knows() {
        let of = |is_locked: u8| {
            load(&format!(
                "INSERT INTO accounts VALUES ('{USER}', 0, 1);
                 INSERT INTO users VALUES ('{USER}', 0, 1, {is_locked}, 1, 0);
                 INSERT INTO token_lookup VALUES ('{USER}', '{USER}', 1, 1, x'{}'), ('gone', 'gone', 1, 2, NULL);
                 INSERT INTO memberships VALUES ('{USER}', '{USER}', 'viewer', 2), ('gone', 'gone', NULL, 3);",
                "ab".repeat(32)
            ))
            .unwrap()
            .find_live_token(&TokenDigest::new([0xab; 32]))
        };
        let Verdict::Live(found) = of(0) else { panic!("{:?}", of(0)) };
        assert_eq!(found.access.user_id, USER.parse::<UserId>().unwrap());
        assert_eq!((found.access.is_admin, found.access.is_auditor), (false, true));
        assert_eq!(found.access.memberships.len(), 1);
        assert_eq!(of(1), Verdict::Nothing);
    }

    #[test]
    fn what_cannot_be_read_is_not_left_out() {
        for row in [
            "accounts VALUES ('account', 0, 1)".to_owned(),
            format!("users VALUES ('{USER}', 0, 0, 'maybe', 1, 0)"),
            format!("users VALUES ('{USER}', 0, 0, 2, 1, 0)"),
            format!("token_lookup VALUES ('{USER}', '{USER}', 1, 1, x'abcd')"),
            format!("token_lookup VALUES ('{USER}', NULL, 1, 1, x'{}')", "ab".repeat(32)),
            format!("memberships VALUES ('{USER}', '{USER}', 'owner', 2)"),
            format!("memberships VALUES ('{USER}', '{USER}', 'viewer', -2)"),
        ] {
            assert!(load(&format!("INSERT INTO {row}")).is_err(), "{row}");
        }
    }
}

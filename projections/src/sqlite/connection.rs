//! The connection that commands are written through. SQLite is called where the work is done: a message to a thread of
//! its own and back, as sqlx sends one for every statement, takes longer than most statements.

use std::path::Path;

use chrono::SecondsFormat;
use rusqlite::ffi::{
    SQLITE_CONSTRAINT_CHECK, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
};
use rusqlite::{CachedStatement, Connection, Error, OpenFlags, OptionalExtension};

use super::BUSY_TIMEOUT;
use crate::StoreError;
use crate::sequencer::{HeadRow, SELECT_HEAD};
use crate::sql::{Statement, Value};
use crate::write::{Demand, Step, refused_by, sqlite_constraint};

/// Statements that stay prepared: more than commands have.
const PREPARED: usize = 128;

/// As on the other connections (`Sqlite::open`); and what a savepoint may have to put back is small.
const PRAGMAS: &str = "
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA recursive_triggers = ON;
PRAGMA temp_store = MEMORY";

/// To write to a file that is there, from one thread at a time.
pub(super) const TO_WRITE: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// A connection. What it is in the middle of is rolled back on drop.
#[derive(Debug)]
pub(super) struct WriteConnection(Connection);

impl WriteConnection {
    /// To a database that is there.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let open = || {
            let connection = Connection::open_with_flags(path, TO_WRITE)?;
            connection.busy_timeout(BUSY_TIMEOUT)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            connection.execute_batch(PRAGMAS)?;
            Ok(Self(connection))
        };
        open().map_err(unavailable)
    }

    /// Runs a statement without values.
    pub(super) fn execute(&self, text: &str) -> Result<(), StoreError> {
        self.try_execute(text).map_err(unavailable)
    }

    /// Commits the transaction.
    pub(super) fn commit(&self) -> Result<(), Error> {
        self.try_execute("COMMIT")
    }

    fn try_execute(&self, text: &str) -> Result<(), Error> {
        self.0.prepare_cached(text)?.raw_execute().map(drop)
    }

    /// The log's head, if it has one.
    pub(super) fn head(&self) -> Result<Option<HeadRow>, StoreError> {
        let mut question = self.0.prepare_cached(SELECT_HEAD).map_err(unavailable)?;
        let row = question.query_row([], |row| Ok(HeadRow::new(row.get(0)?, row.get(1)?)));
        row.optional().map_err(unavailable)
    }

    /// Runs statements until one fails.
    pub(super) fn run(&self, statements: Vec<Native>) -> Result<(), StoreError> {
        for Native { text, values, demand } in statements {
            let found = self.count_found(&text, values).map_err(refusal)?;
            // That of the last statement that changes rows: no demand on one that only asks looks at it.
            if !demand.is_met(self.0.changes(), found) {
                return demand.refuse();
            }
        }
        Ok(())
    }

    fn count_found(&self, text: &str, values: Vec<rusqlite::types::Value>) -> Result<u64, Error> {
        count_rows(&mut bound(&self.0, text, values)?)
    }
}

/// A statement that stays prepared, with its values.
pub(super) fn bound<'a>(
    connection: &'a Connection,
    text: &str,
    values: impl IntoIterator<Item = rusqlite::types::Value>,
) -> Result<CachedStatement<'a>, Error> {
    let mut statement = connection.prepare_cached(text)?;
    for (number, value) in (1..).zip(values) {
        statement.raw_bind_parameter(number, value)?;
    }
    Ok(statement)
}

/// A statement as SQLite takes it, and what must come of it: made before anyone waits for the connection.
#[derive(Debug)]
pub(super) struct Native {
    text: String,
    values: Vec<rusqlite::types::Value>,
    demand: Demand,
}

impl Native {
    /// Those of steps, in their order.
    pub(super) fn of(steps: Vec<Step>) -> Vec<Self> {
        let native = |(Statement { text, values }, demand)| Self {
            // `$1` is a name to SQLite, `?1` a number.
            text: text.replace('$', "?"),
            values: values.into_iter().map(native).collect(),
            demand,
        };
        steps.into_iter().flat_map(Step::each).map(native).collect()
    }
}

/// As sqlx writes it on the other connections.
pub(super) fn native(value: Value) -> rusqlite::types::Value {
    match value {
        Value::Text(text) => text.into(),
        Value::Integer(integer) => integer.into(),
        Value::Boolean(boolean) => boolean.into(),
        Value::Bytes(bytes) => bytes.into(),
        Value::Time(time) => time.map(|it| it.to_rfc3339_opts(SecondsFormat::AutoSi, false)).into(),
        Value::Json(json) => json.map(|it| it.to_string()).into(),
    }
}

fn count_rows(statement: &mut CachedStatement<'_>) -> Result<u64, Error> {
    let (mut rows, mut found) = (statement.raw_query(), 0);
    while rows.next()?.is_some() {
        found += 1;
    }
    Ok(found)
}

pub(super) fn unavailable(error: Error) -> StoreError {
    StoreError::Unavailable(error.into())
}

/// What a failed statement means.
fn refusal(error: Error) -> StoreError {
    match broken_constraint(&error) {
        Some(constraint) => refused_by(&constraint, error),
        None => unavailable(error),
    }
}

/// Which columns are not unique, or which check failed.
fn broken_constraint(error: &Error) -> Option<String> {
    let Error::SqliteFailure(failure, Some(message)) = error else { return None };
    let is_known =
        [SQLITE_CONSTRAINT_UNIQUE, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_CHECK]
            .contains(&failure.extended_code);
    sqlite_constraint(message).filter(|_| is_known).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A commit is on disk (2 = FULL), and what no statement may do, none can do here.
    #[test]
    fn the_connection_that_commands_are_written_through_is_as_strict_as_the_others() {
        let file = std::env::temp_dir().join(format!("symbolon-{}.db", std::process::id()));
        // An empty file is an empty database.
        std::fs::write(&file, "").unwrap();
        let connection = WriteConnection::open(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        for (pragma, expected) in
            [("synchronous", 2), ("foreign_keys", 1), ("recursive_triggers", 1)]
        {
            let value = connection.0.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
            assert_eq!(value, Ok(expected), "{pragma}");
        }
    }
}

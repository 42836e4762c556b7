//! A rebuild beside a SQLite database: the scaffold is a file of its own, next to the database.
//!
//! The database itself is attached under a name, so that filling the scaffold takes no lock that the server
//! wants. Two rebuilds at once are refused by a lock on the scaffold's file. The database's own `flock` is not
//! taken: it says who serves, and a rebuild does not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{self, ValueRef};
use rusqlite::{Connection, ErrorCode, Row};
use tokio::sync::mpsc;

use super::connection::{TO_WRITE, bound, native};
use super::{DatabaseLock, MIGRATIONS, OpenError};
use crate::rebuild::{Cell, Column, Failure, RebuildError, Scaffold, Span, Table};
use crate::sql::{Statement, Value};

/// A server's transactions are short; this outlasts many.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Statements that stay prepared: more than a rebuild has.
const PREPARED: usize = 128;

/// Cache sizes are in KiB, as SQLite wants them.
const PRAGMAS: &str = "
PRAGMA foreign_keys = ON;
PRAGMA main.synchronous = NORMAL;
PRAGMA served.synchronous = FULL;       -- as everything that is served
PRAGMA main.cache_size = -65536;        -- rows come in no order of their keys
PRAGMA served.cache_size = -65536;
PRAGMA wal_autocheckpoint = 16000       -- a page is written often, and moved once";

/// Rows that SQLite reads on while those before are looked at: so many at a time, and so many times.
const CHUNK: usize = 512;
const AHEAD: usize = 4;

/// One connection to a database and the scaffold beside it.
#[derive(Debug)]
pub struct SqliteScaffold {
    /// `None` while it is being used, and for good when nobody waited for the end of that.
    held: Option<Held>,
    /// Of the scaffold; `None` when it is only in memory.
    file: Option<PathBuf>,
}

/// A connection, and the lock that keeps others away for as long as it is open.
#[derive(Debug)]
struct Held {
    connection: Connection,
    lock: Option<DatabaseLock>,
}

impl SqliteScaffold {
    /// Opens the database, which may be served meanwhile, with a scaffold beside it.
    ///
    /// # Errors
    /// When there is no such database, another rebuild is going on, or the tables are not those of this version.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        require_file(path)?;
        let file = beside(path);
        let lock = DatabaseLock::take(&file)?;
        let own = file.clone();
        let open = move || {
            let connection = Connection::open_with_flags(own, TO_WRITE)?;
            connection.execute_batch("PRAGMA journal_mode = WAL")?;
            Ok(connection)
        };
        Self::connect(path, open, Some((file, lock))).await
    }

    /// Opens the database, which may be served meanwhile, to look at it and change nothing.
    ///
    /// # Errors
    /// When there is no such database, or the tables are not those of this version.
    pub async fn look(path: &Path) -> Result<Self, OpenError> {
        require_file(path)?;
        let open = || Connection::open_in_memory_with_flags(TO_WRITE);
        let mut looking = Self::connect(path, open, None).await?;
        let forbid = looking.execute(Statement::new("PRAGMA query_only = on")).await;
        forbid.map_err(|source| OpenError::Database { path: path.to_owned(), source })?;
        Ok(looking)
    }

    async fn connect(
        path: &Path,
        open: impl FnOnce() -> Result<Connection, rusqlite::Error> + Send + 'static,
        own: Option<(PathBuf, DatabaseLock)>,
    ) -> Result<Self, OpenError> {
        let served = path.to_string_lossy().into_owned();
        let (file, lock) = own.unzip();
        let opened = waiting(move || {
            let connection = open()?;
            attach(&connection, &served)?;
            let applied = applied_migrations(&connection).unwrap_or_default();
            Ok((Held { connection, lock }, applied))
        });
        let (held, applied) =
            opened.await.map_err(|source| OpenError::Database { path: path.to_owned(), source })?;
        if !crate::is_up_to_date(&MIGRATIONS, &applied) {
            return Err(OpenError::OtherVersion(path.to_owned()));
        }
        Ok(Self { held: Some(held), file })
    }

    /// Closes the connection, and removes the scaffold's file when nothing is in it.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn close(mut self) -> Result<(), OpenError> {
        let stands = self.stands().await.unwrap_or(true);
        let (Some(file), Some(held)) = (self.file, self.held) else { return Ok(()) };
        let failed = |source| OpenError::Database { path: file.clone(), source };
        let close = move || match held.connection.close() {
            Ok(()) => Ok(held.lock),
            Err((_, error)) => Err(error.into()),
        };
        let _lock = waiting(close).await.map_err(failed)?;
        if !stands {
            std::fs::remove_file(&file)
                .map_err(|source| OpenError::File { path: file.clone(), source })?;
        }
        Ok(())
    }

    /// Uses the connection. What nobody waits for any more runs to its end, and its transaction is rolled back.
    async fn using<R: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Failure> {
        let held = self.held.take().ok_or("an earlier statement was given up")?;
        let work = move || {
            let done = work(&held.connection);
            Ok((held, done))
        };
        let (held, done) = waiting(work).await?;
        self.held = Some(held);
        done
    }
}

/// Runs what waits for a file, where nobody else has to wait for it.
async fn waiting<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Failure> + Send + 'static,
) -> Result<R, Failure> {
    tokio::task::spawn_blocking(work).await?
}

/// Beside what the connection was opened to, the database.
fn attach(connection: &Connection, served: &str) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.execute("ATTACH DATABASE ?1 AS served", [served])?;
    connection.execute_batch(PRAGMAS)
}

fn applied_migrations(connection: &Connection) -> Result<Vec<(i64, Vec<u8>)>, rusqlite::Error> {
    let question =
        "SELECT version, checksum FROM served._sqlx_migrations WHERE success ORDER BY version";
    let mut question = connection.prepare(question)?;
    question.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Runs a statement, and hands over its rows until somebody has had enough.
fn run(
    connection: &Connection,
    Statement { text, values }: Statement,
    mut take: impl FnMut(&Row<'_>) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    // `$1` is a name to SQLite, `?1` a number. A definition is left as it is.
    let text = if values.is_empty() { text } else { text.replace('$', "?").into() };
    let mut statement = bound(connection, &text, values.into_iter().map(native))?;
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next()? {
        if !take(row)? {
            break;
        }
    }
    Ok(())
}

/// Sends all rows of a question, some at a time, as long as somebody takes them.
fn read(
    connection: &Connection,
    question: Statement,
    to: &mpsc::Sender<Vec<Vec<Cell>>>,
) -> Result<(), Failure> {
    let mut ready = Vec::with_capacity(CHUNK);
    run(connection, question, |row| {
        ready.push(cells(row)?);
        Ok(ready.len() < CHUNK
            || to.blocking_send(std::mem::replace(&mut ready, Vec::with_capacity(CHUNK))).is_ok())
    })?;
    // Nobody has to take them.
    let _ = to.blocking_send(ready);
    Ok(())
}

fn require_file(path: &Path) -> Result<(), OpenError> {
    match std::fs::metadata(path) {
        Ok(_) => Ok(()),
        Err(source) => Err(OpenError::File { path: path.to_owned(), source }),
    }
}

/// `symbolon.db.rebuild`
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".rebuild");
    name.into()
}

/// The type is that of the value, not that of the column.
fn cell(value: ValueRef<'_>) -> Result<Cell, Failure> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Integer(number),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text)?.to_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_owned()),
        ValueRef::Real(number) => return Err(format!("{number} is no whole number").into()),
    })
}

fn cells(row: &Row<'_>) -> Result<Vec<Cell>, Failure> {
    (0..row.as_ref().column_count()).map(|number| cell(row.get_ref(number)?)).collect()
}

impl Scaffold for SqliteScaffold {
    const SCAFFOLD: &str = "main";
    const CREATE_TABLE: &str = "CREATE TABLE";

    fn served(&self) -> &'static str {
        "served"
    }

    fn cell(value: Value) -> Cell {
        match native(value) {
            types::Value::Null => Cell::Null,
            types::Value::Integer(number) => Cell::Integer(number),
            // None of ours is one.
            types::Value::Real(number) => Cell::Text(number.to_string()),
            types::Value::Text(text) => Cell::Text(text),
            types::Value::Blob(bytes) => Cell::Bytes(bytes),
        }
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, Failure> {
        let execute = |connection: &Connection| {
            run(connection, statement, |_| Ok(true))?;
            Ok(connection.changes())
        };
        self.using(execute).await
    }

    async fn each(
        &mut self,
        statement: Statement,
        mut take: impl FnMut(Vec<Cell>) -> Result<(), RebuildError> + Send,
    ) -> Result<(), RebuildError> {
        let (to, mut ready) = mpsc::channel(AHEAD);
        let reading = self.using(move |connection| read(connection, statement, &to));
        let taking = async move {
            while let Some(rows) = ready.recv().await {
                rows.into_iter().try_for_each(&mut take)?;
            }
            Ok(())
        };
        let (read, taken) = tokio::join!(reading, taking);
        taken.and(read.map_err(RebuildError::from))
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, RebuildError> {
        let question = "SELECT name, dflt_value FROM pragma_table_info($1, 'served')";
        let mut found = Vec::new();
        for column in self.all(Statement::new(question).bind(table)).await? {
            let Ok([Cell::Text(name), default]) = <[Cell; 2]>::try_from(column) else { continue };
            let default = match default.into_text() {
                Some(default) => self.evaluate(default).await?,
                None => Cell::Null,
            };
            found.push(Column { name, default });
        }
        Ok(found)
    }

    async fn stands(&mut self) -> Result<bool, RebuildError> {
        let question = "SELECT 1 FROM main.sqlite_schema WHERE name = 'progress'";
        Ok(!self.all(Statement::new(question)).await?.is_empty())
    }

    async fn put_up(&mut self, tables: &[Table]) -> Result<(), RebuildError> {
        for table in tables {
            let question =
                "SELECT sql FROM served.sqlite_schema WHERE type = 'table' AND name = $1";
            let definition = self.all(Statement::new(question).bind(table.name)).await?;
            let definition = definition.into_iter().flatten().next().and_then(Cell::into_text);
            let lost = || RebuildError::Tables(format!("{} is gone", table.name));
            self.execute(Statement::new(definition.ok_or_else(lost)?)).await?;
        }
        Ok(())
    }

    /// What says how far it came goes first: whoever finds the rest after an interruption must not go on with it.
    async fn take_down(&mut self) -> Result<(), RebuildError> {
        let question = "
SELECT name
FROM main.sqlite_schema
WHERE type = 'table'
  AND name NOT LIKE 'sqlite%'
ORDER BY name <> 'progress'";
        let names = self.all(Statement::new(question)).await?;
        for name in names.into_iter().flatten().filter_map(Cell::into_text) {
            self.execute(Statement::new(format!("DROP TABLE main.{name}"))).await?;
        }
        Ok(())
    }

    async fn take_stock(&mut self, _: &[Table]) -> Result<(), Failure> {
        self.execute(Statement::new("ANALYZE main")).await.map(drop)
    }

    /// An exclusive one takes the write locks of both files, a snapshot none until it writes to the scaffold.
    async fn begin(&mut self, span: Span) -> Result<bool, RebuildError> {
        // What a statement may have to put back is small while rows are made, and can be a whole table later.
        let begin = match span {
            Span::Work => "PRAGMA temp_store = MEMORY; BEGIN",
            Span::Snapshot => "PRAGMA temp_store = FILE; BEGIN",
            Span::Exclusive => "PRAGMA temp_store = FILE; BEGIN IMMEDIATE",
        };
        match self.using(|connection| Ok(connection.execute_batch(begin)?)).await {
            Ok(()) => Ok(true),
            Err(error) if span == Span::Exclusive && is_busy(&error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Whether somebody else holds a lock.
fn is_busy(error: &Failure) -> bool {
    let code = error.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
    code == Some(ErrorCode::DatabaseBusy)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What takes the place of served rows is on disk (2 = FULL) when it is committed, and SQLite says nothing of a pragma that
    /// it does not know.
    #[test]
    fn what_is_mended_is_written_as_what_is_served() {
        let connection = Connection::open_in_memory_with_flags(TO_WRITE).unwrap();
        attach(&connection, ":memory:").unwrap();
        for (schema, pragma, expected) in [
            ("served", "synchronous", 2),
            ("main", "synchronous", 1),
            ("main", "foreign_keys", 1),
            ("main", "cache_size", -65_536),
            ("served", "cache_size", -65_536),
            ("main", "wal_autocheckpoint", 16_000),
        ] {
            let question = format!("PRAGMA {schema}.{pragma}");
            let value = connection.query_row(&question, [], |row| row.get::<_, i64>(0));
            assert_eq!(value, Ok(expected), "{schema}.{pragma}");
        }
    }

    #[test]
    fn a_database_that_is_not_there_is_not_made() {
        let file = std::env::temp_dir().join(format!("symbolon-none-{}.db", std::process::id()));
        let connection = Connection::open_in_memory_with_flags(TO_WRITE).unwrap();
        attach(&connection, &file.to_string_lossy()).unwrap_err();
        assert!(!file.exists());
    }
}

//! A rebuild beside a SQLite database: the scaffold is a file of its own, next to the database.
//!
//! The database itself is attached under a name, so that filling the scaffold takes no lock that the server
//! wants. Two rebuilds at once are refused by a lock on the scaffold's file. The database's own `flock` is not
//! taken: it says who serves, and a rebuild does not.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous, SqliteValueRef,
};
use sqlx::{
    ConnectOptions, Connection, Decode, Executor, Row as _, Sqlite as Driver, SqliteConnection,
    TypeInfo, ValueRef,
};

use super::{DatabaseLock, MIGRATIONS, OpenError};
use crate::rebuild::{Cell, Column, Scaffold, Span, Table};
use crate::sql::{Row, Statement, Value, bind_values};

/// A server's transactions are short; this outlasts many.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Pages of each file in memory, in KiB as SQLite wants it: rows come in no order of their keys.
const CACHE: &str = "-65536";
/// Pages in the write-ahead log before they are moved into the file: a page is written often, and moved once.
const WAL_PAGES: &str = "16000";
/// Rows that SQLite's thread may be ahead: the more, the fewer waits of both sides.
const ROWS_AHEAD: usize = 1_024;

/// One connection to a database and the scaffold beside it.
#[derive(Debug)]
pub struct SqliteScaffold {
    connection: SqliteConnection,
    /// Of the scaffold; `None` when it is only in memory.
    file: Option<PathBuf>,
    /// Held, never read.
    _lock: Option<DatabaseLock>,
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
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        Self::connect(path, options, Some((file, lock))).await
    }

    /// Opens the database, which may be served meanwhile, to look at it and change nothing.
    ///
    /// # Errors
    /// When there is no such database, or the tables are not those of this version.
    pub async fn look(path: &Path) -> Result<Self, OpenError> {
        require_file(path)?;
        // In memory, which is the default.
        let options = SqliteConnectOptions::new();
        let mut looking = Self::connect(path, options, None).await?;
        let forbid = looking.connection.execute("PRAGMA query_only = on").await;
        forbid.map_err(|source| OpenError::Database { path: path.to_owned(), source })?;
        Ok(looking)
    }

    async fn connect(
        path: &Path,
        options: SqliteConnectOptions,
        own: Option<(PathBuf, DatabaseLock)>,
    ) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Database { path: path.to_owned(), source };
        let options = options
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .row_buffer_size(ROWS_AHEAD)
            .pragma("cache_size", CACHE)
            .pragma("wal_autocheckpoint", WAL_PAGES)
            // It is meant to take its time.
            .disable_statement_logging();
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(failed)?;
        let attach = sqlx::query("ATTACH DATABASE $1 AS served").bind(path.to_string_lossy());
        attach.execute(&mut connection).await.map_err(failed)?;
        connection
            .execute(&*format!("PRAGMA served.cache_size = {CACHE}"))
            .await
            .map_err(failed)?;
        // What takes the place of served rows must be on disk, as everything that is served.
        connection.execute("PRAGMA served.synchronous = FULL").await.map_err(failed)?;
        let question =
            "SELECT version, checksum FROM served._sqlx_migrations WHERE success ORDER BY version";
        let applied = sqlx::query_as::<_, (i64, Vec<u8>)>(question);
        let applied = applied.fetch_all(&mut connection).await.unwrap_or_default();
        if !crate::is_up_to_date(&MIGRATIONS, &applied) {
            return Err(OpenError::OtherVersion(path.to_owned()));
        }
        let (file, lock) = own.unzip();
        Ok(Self { connection, file, _lock: lock })
    }

    /// Closes the connection, and removes the scaffold's file when nothing is in it.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub async fn close(mut self) -> Result<(), OpenError> {
        let stands = self.stands().await.unwrap_or(true);
        let Some(file) = self.file else { return Ok(()) };
        let failed = |source| OpenError::Database { path: file.clone(), source };
        self.connection.close().await.map_err(failed)?;
        if !stands {
            std::fs::remove_file(&file)
                .map_err(|source| OpenError::File { path: file.clone(), source })?;
        }
        Ok(())
    }
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

fn cell(value: SqliteValueRef<'_>) -> Result<Cell, sqlx::Error> {
    fn decode<'r, T: Decode<'r, Driver>>(value: SqliteValueRef<'r>) -> Result<T, sqlx::Error> {
        T::decode(value).map_err(sqlx::Error::Decode)
    }
    // The type of the value, not that of the column.
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        _ if value.is_null() => Cell::Null,
        "INTEGER" | "BOOLEAN" => Cell::Integer(decode(value)?),
        "BLOB" => Cell::Bytes(decode(value)?),
        _ => Cell::Text(decode(value)?),
    })
}

fn cells(row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.len()).map(|number| row.try_get_raw(number).and_then(cell)).collect()
}

impl Scaffold for SqliteScaffold {
    const SCAFFOLD: &str = "main";
    const CREATE_TABLE: &str = "CREATE TABLE";

    fn served(&self) -> &'static str {
        "served"
    }

    /// A place without a number: sqlx asks SQLite what each place is called, and SQLite goes through all names for that.
    fn place(_: usize) -> String {
        "?".to_owned()
    }

    /// Booleans are numbers and times are texts, as sqlx writes them.
    fn cell(value: &Value) -> Cell {
        match value.clone() {
            Value::Text(value) => value.map_or(Cell::Null, Cell::Text),
            Value::Integer(value) => value.map_or(Cell::Null, Cell::Integer),
            Value::Boolean(value) => value.map_or(Cell::Null, |it| Cell::Integer(it.into())),
            Value::Bytes(value) => value.map_or(Cell::Null, Cell::Bytes),
            Value::Time(value) => value.map_or(Cell::Null, |time| {
                Cell::Text(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false))
            }),
            Value::Json(value) => value.map_or(Cell::Null, |json| Cell::Text(json.to_string())),
        }
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let query = sqlx::query(&statement.text);
        let done = bind_values!(query, statement.values).execute(&mut self.connection).await?;
        Ok(done.rows_affected())
    }

    async fn fetch<R: Row>(&mut self, statement: Statement) -> Result<Vec<R>, sqlx::Error> {
        let query = sqlx::query_as::<_, R>(&statement.text);
        bind_values!(query, statement.values).fetch_all(&mut self.connection).await
    }

    async fn visit(
        &mut self,
        statement: Statement,
        mut visit: impl FnMut(&[Cell]) + Send,
    ) -> Result<(), sqlx::Error> {
        let query = bind_values!(sqlx::query(&statement.text), statement.values);
        let mut rows = query.fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await? {
            visit(&cells(&row)?);
        }
        Ok(())
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, sqlx::Error> {
        let question = "SELECT name, dflt_value FROM pragma_table_info($1, 'served')";
        let columns = sqlx::query_as::<_, (String, Option<String>)>(question).bind(table);
        let mut found = Vec::new();
        for (name, default) in columns.fetch_all(&mut self.connection).await? {
            let default = match default {
                Some(default) => self.evaluate(default).await?,
                None => Cell::Null,
            };
            found.push(Column { name, default });
        }
        Ok(found)
    }

    async fn stands(&mut self) -> Result<bool, sqlx::Error> {
        let question = "SELECT COUNT(*) FROM main.sqlite_schema WHERE name = 'progress'";
        let count: i64 = sqlx::query_scalar(question).fetch_one(&mut self.connection).await?;
        Ok(count > 0)
    }

    async fn put_up(&mut self, tables: &[Table]) -> Result<(), sqlx::Error> {
        for table in tables {
            let question =
                "SELECT sql FROM served.sqlite_schema WHERE type = 'table' AND name = $1";
            let definition = sqlx::query_scalar::<_, String>(question).bind(table.name);
            let definition = definition.fetch_one(&mut self.connection).await?;
            self.connection.execute(&*definition).await?;
        }
        Ok(())
    }

    /// What says how far it came goes first: whoever finds the rest after an interruption must not go on with it.
    async fn take_down(&mut self) -> Result<(), sqlx::Error> {
        let question = "
SELECT name
FROM main.sqlite_schema
WHERE type = 'table'
  AND name NOT LIKE 'sqlite%'
ORDER BY name <> 'progress'";
        for (name,) in self.fetch::<(String,)>(Statement::new(question)).await? {
            self.execute(Statement::new(format!("DROP TABLE main.{name}"))).await?;
        }
        Ok(())
    }

    async fn take_stock(&mut self, _: &[Table]) -> Result<(), sqlx::Error> {
        self.execute(Statement::new("ANALYZE main")).await.map(drop)
    }

    /// An exclusive one takes the write locks of both files, a snapshot none until it writes to the scaffold.
    async fn begin(&mut self, span: Span) -> Result<bool, sqlx::Error> {
        // What a statement may have to put back is small while rows are made, and can be a whole table later.
        let (begin, temporary) = match span {
            Span::Work => ("BEGIN", "MEMORY"),
            Span::Snapshot => ("BEGIN", "FILE"),
            Span::Exclusive => ("BEGIN IMMEDIATE", "FILE"),
        };
        self.execute(Statement::new(format!("PRAGMA temp_store = {temporary}"))).await?;
        match self.execute(Statement::new(begin)).await {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error))
                if span == Span::Exclusive && error.message().contains("locked") =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

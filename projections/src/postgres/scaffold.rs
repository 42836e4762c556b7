//! A rebuild beside the tables of a PostgreSQL database: the scaffold is a schema of its own.
//!
//! It is reached by the search path, which has nothing else in it. Its tables are unlogged: a crash of the server
//! empties them, all at once, and the next run begins anew. An advisory lock refuses two rebuilds at once.

use futures_util::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgRow, PgValueRef};
use sqlx::{
    ConnectOptions, Connection, Decode, Executor, PgConnection, Postgres as Driver, Row as _,
    TypeInfo, ValueRef,
};

use super::{MIGRATIONS, OpenError, in_time, refuse_unsafe_server};
use crate::rebuild::{Cell, Column, Failure, RebuildError, Scaffold, Span, Table};
use crate::sql::{Statement, Value, bind_values};

/// Named after us: it is made and dropped without a question.
const SCHEMA: &str = "symbolon_rebuild";

/// How long to wait for writers to pause; those that come later wait behind it, and longer than this. An
/// autovacuum of the table makes way after a second.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";

/// PostgreSQL's code for a lock that was not to be had in time.
const LOCK_NOT_AVAILABLE: &str = "55P03";

/// One connection to a database, with the scaffold.
#[derive(Debug)]
pub struct PostgresScaffold {
    connection: PgConnection,
    /// The schema of the tables that are served.
    served: String,
}

impl PostgresScaffold {
    /// Connects to a database, which may be served meanwhile.
    ///
    /// # Errors
    /// When the server cannot be reached, another rebuild is going on, or the tables are not those of this version.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        let mut scaffold = Self::connect(url, "off").await?;
        let question = "SELECT pg_try_advisory_lock(hashtextextended('symbolon rebuild', 0))";
        let is_ours = sqlx::query_scalar(question).fetch_one(&mut scaffold.connection).await;
        if !is_ours.map_err(OpenError::Connect)? {
            return Err(OpenError::InUse);
        }
        let path = format!("SET search_path = {SCHEMA}");
        scaffold.connection.execute(&*path).await.map_err(OpenError::Connect)?;
        Ok(scaffold)
    }

    /// Connects to a database, which may be served meanwhile, to look at it and change nothing.
    ///
    /// # Errors
    /// When the server cannot be reached, or the tables are not those of this version.
    pub async fn look(url: &str) -> Result<Self, OpenError> {
        Self::connect(url, "on").await
    }

    async fn connect(url: &str, read_only: &str) -> Result<Self, OpenError> {
        let options: PgConnectOptions = url.parse().map_err(OpenError::Url)?;
        let options = options.application_name("symbolon rebuild").options([
            ("synchronous_commit", "on"),
            ("default_transaction_isolation", "read\\ committed"),
            ("default_transaction_read_only", read_only),
            // It is meant to take its time.
            ("statement_timeout", "0"),
            // An index has all events in the order of their keys: to sort them takes room for another copy.
            ("enable_sort", "off"),
        ]);
        let options = options.disable_statement_logging();
        refuse_unsafe_server(&options).await?;
        let mut connection = in_time(options.connect()).await.map_err(OpenError::Connect)?;
        let schema = sqlx::query_scalar("SELECT quote_ident(current_schema())");
        let served = schema.fetch_one(&mut connection).await.map_err(OpenError::Connect)?;
        let question =
            "SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version";
        let applied = sqlx::query_as::<_, (i64, Vec<u8>)>(question);
        let applied = applied.fetch_all(&mut connection).await.unwrap_or_default();
        if !crate::is_up_to_date(&MIGRATIONS, &applied) {
            return Err(OpenError::OtherVersion);
        }
        Ok(Self { connection, served })
    }

    /// Closes the connection.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn close(self) -> Result<(), OpenError> {
        in_time(self.connection.close()).await.map_err(OpenError::Connect)
    }
}

fn cell(value: PgValueRef<'_>) -> Result<Cell, sqlx::Error> {
    fn decode<'r, T: Decode<'r, Driver>>(value: PgValueRef<'r>) -> Result<T, sqlx::Error> {
        T::decode(value).map_err(sqlx::Error::Decode)
    }
    let kind = value.type_info().into_owned();
    Ok(match kind.name() {
        _ if value.is_null() => Cell::Null,
        "INT8" => Cell::Integer(decode(value)?),
        "BOOL" => Cell::Boolean(decode(value)?),
        "BYTEA" => Cell::Bytes(decode(value)?),
        "TIMESTAMPTZ" => Cell::Time(decode(value)?),
        "TEXT" => Cell::Text(decode(value)?),
        unknown => return Err(sqlx::Error::Decode(format!("a column is {unknown}").into())),
    })
}

fn cells(row: &PgRow) -> Result<Vec<Cell>, sqlx::Error> {
    (0..row.len()).map(|number| row.try_get_raw(number).and_then(cell)).collect()
}

impl Scaffold for PostgresScaffold {
    const SCAFFOLD: &str = SCHEMA;
    const CREATE_TABLE: &str = "CREATE UNLOGGED TABLE";

    fn served(&self) -> &str {
        &self.served
    }

    fn cell(value: Value) -> Cell {
        match value {
            Value::Text(value) => value.map_or(Cell::Null, Cell::Text),
            Value::Integer(value) => value.map_or(Cell::Null, Cell::Integer),
            Value::Boolean(value) => value.map_or(Cell::Null, Cell::Boolean),
            Value::Bytes(value) => value.map_or(Cell::Null, Cell::Bytes),
            Value::Time(value) => value.map_or(Cell::Null, Cell::Time),
            Value::Json(value) => value.map_or(Cell::Null, |json| Cell::Text(json.to_string())),
        }
    }

    async fn execute(&mut self, statement: Statement) -> Result<u64, Failure> {
        let query = sqlx::query(&statement.text);
        let done = bind_values!(query, statement.values).execute(&mut self.connection).await?;
        Ok(done.rows_affected())
    }

    async fn each(
        &mut self,
        statement: Statement,
        mut take: impl FnMut(Vec<Cell>) -> Result<(), RebuildError> + Send,
    ) -> Result<(), RebuildError> {
        let query = bind_values!(sqlx::query(&statement.text), statement.values);
        let mut rows = query.fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await? {
            take(cells(&row)?)?;
        }
        Ok(())
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<Column>, RebuildError> {
        let question = "
SELECT a.attname::text, pg_get_expr(d.adbin, d.adrelid), format_type(a.atttypid, a.atttypmod)
FROM pg_attribute a
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = to_regclass($1)
  AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY a.attnum";
        let columns = sqlx::query_as::<_, (String, Option<String>, String)>(question);
        let columns = columns.bind(format!("{}.{table}", self.served));
        let mut found = Vec::new();
        for (name, default, kind) in columns.fetch_all(&mut self.connection).await? {
            let default = match default {
                Some(default) => self.evaluate(format!("CAST({default} AS {kind})")).await?,
                None => Cell::Null,
            };
            found.push(Column { name, default });
        }
        Ok(found)
    }

    async fn stands(&mut self) -> Result<bool, RebuildError> {
        let question = "SELECT to_regclass($1) IS NOT NULL";
        let name = format!("{SCHEMA}.progress");
        Ok(sqlx::query_scalar(question).bind(name).fetch_one(&mut self.connection).await?)
    }

    async fn put_up(&mut self, tables: &[Table]) -> Result<(), RebuildError> {
        self.execute(Statement::new(format!("CREATE SCHEMA {SCHEMA}"))).await?;
        for table in tables {
            let (create, name, served) = (Self::CREATE_TABLE, table.name, &self.served);
            let like = format!("(LIKE {served}.{name} INCLUDING ALL EXCLUDING INDEXES)");
            self.execute(Statement::new(format!("{create} {SCHEMA}.{name} {like}"))).await?;
            let keys = table.key_columns().join(", ");
            let key = format!("ALTER TABLE {SCHEMA}.{name} ADD PRIMARY KEY ({keys})");
            self.execute(Statement::new(key)).await?;
        }
        Ok(())
    }

    async fn take_down(&mut self) -> Result<(), RebuildError> {
        self.connection.execute("SET client_min_messages = warning").await?;
        let text = format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE");
        self.execute(Statement::new(text)).await?;
        Ok(())
    }

    async fn take_stock(&mut self, tables: &[Table]) -> Result<(), Failure> {
        for Table { name, .. } in tables {
            self.execute(Statement::new(format!("ANALYZE {SCHEMA}.{name}"))).await?;
        }
        Ok(())
    }

    /// Events are locked: whoever writes rows of the read models writes an event first.
    async fn begin(&mut self, span: Span) -> Result<bool, RebuildError> {
        let begin = match span {
            Span::Work | Span::Exclusive => "BEGIN",
            Span::Snapshot => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        };
        self.execute(Statement::new(begin)).await?;
        if span != Span::Exclusive {
            return Ok(true);
        }
        self.execute(Statement::new(LOCK_TIMEOUT)).await?;
        let lock = format!("LOCK TABLE {}.events IN SHARE MODE", self.served);
        match self.connection.execute(&*lock).await {
            Ok(_) => Ok(true),
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some(LOCK_NOT_AVAILABLE) =>
            {
                self.roll_back().await?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }
}

//! A connection to a server's database that goes past the server, to see what it really wrote.

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Executor, PgConnection, Row as _, SqliteConnection};

use crate::database::{Database, Store};

/// A row whose columns were all asked for as text.
pub type Row = Vec<Option<String>>;

/// A connection to either kind of database.
#[derive(Debug)]
pub enum Connection {
    /// To the file in the data directory.
    Sqlite(SqliteConnection),
    /// With the role that the server has.
    Postgres(PgConnection),
}

impl Connection {
    /// Connects. While a server is killed, not stopped, leave a SQLite file to its next start: the last
    /// connection to close it tidies up what the test wants the server to find.
    pub async fn open(database: &Database) -> Self {
        match database.store() {
            Store::Sqlite => {
                let options = SqliteConnectOptions::new().filename(database.sqlite_file());
                let connection = SqliteConnection::connect_with(&options).await;
                Self::Sqlite(connection.expect("the file is there"))
            }
            Store::Postgres => {
                let url = database.url().expect("a PostgreSQL database has one");
                let connection = PgConnection::connect(url).await;
                Self::Postgres(connection.expect("the cluster takes connections"))
            }
        }
    }

    /// Of which kind the database is.
    pub fn store(&self) -> Store {
        match self {
            Self::Sqlite(_) => Store::Sqlite,
            Self::Postgres(_) => Store::Postgres,
        }
    }

    /// The rows of a question whose columns are all text.
    pub async fn rows(&mut self, question: &str) -> Vec<Row> {
        match self {
            Self::Sqlite(connection) => {
                let rows = connection.fetch_all(question).await;
                let rows = rows.unwrap_or_else(|error| panic!("{question}: {error}"));
                rows.iter().map(|row| (0..row.len()).map(|i| row.get(i)).collect()).collect()
            }
            Self::Postgres(connection) => {
                let rows = connection.fetch_all(question).await;
                let rows = rows.unwrap_or_else(|error| panic!("{question}: {error}"));
                rows.iter().map(|row| (0..row.len()).map(|i| row.get(i)).collect()).collect()
            }
        }
    }

    /// The only column of the only row.
    pub async fn value(&mut self, question: &str) -> String {
        match self.rows(question).await.as_mut_slice() {
            [row] if row.len() == 1 => row.remove(0).unwrap_or_else(|| panic!("{question}: NULL")),
            rows => panic!("{question}: {rows:?}"),
        }
    }

    /// Carries out a command, or several with semicolons between.
    pub async fn execute(&mut self, command: &str) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(command).await.map(drop),
            Self::Postgres(connection) => connection.execute(command).await.map(drop),
        }
    }

    /// Closes it in good order.
    pub async fn close(self) {
        let closed = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
        closed.expect("the database is there");
    }
}

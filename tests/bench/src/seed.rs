//! Fills a database with users, each with a live token and one membership, ten users to an account.
//!
//! Straight into the tables that verification reads: there are no events behind these rows.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, PgConnection, SqliteConnection};

use crate::program::Program;
use crate::tokens;

/// Rows in one statement.
const BATCH: u32 = 20_000;
/// Users of one account.
const USERS_PER_ACCOUNT: u32 = 10;

/// For numbers `n` from `$1` to `$2`. Names in brackets are filled in for each database.
const USERS: [&str; 3] = [
    "INSERT INTO users (user_id, registered_at, registered_sequence)
     [numbers] SELECT [user], '2026-01-01T00:00:00.000000Z', 1 FROM numbers",
    "INSERT INTO user_profiles (user_id, email, name)
     [numbers] SELECT [user], 'user' || n || '@example.com', 'User ' || n FROM numbers",
    "INSERT INTO memberships (account_id, user_id, role, sequence)
     [numbers] SELECT [account], [user], 'member', 2 FROM numbers",
];
const ACCOUNTS: [&str; 2] = [
    "INSERT INTO accounts (account_id, is_closed, sequence)
     [numbers] SELECT [account], false, 1 FROM numbers WHERE n % 10 = 0",
    "INSERT INTO account_profiles (account_id, name)
     [numbers] SELECT [account], 'Account ' || n FROM numbers WHERE n % 10 = 0",
];
/// `$3` is the digests, one behind the other.
const TOKENS: &str =
    "INSERT INTO token_lookup (user_id, token_id, generation, token_digest, hint, created_at, sequence)
     [numbers] SELECT [user], [token], 1, [digest], 'abcd', '2026-01-01T00:00:00.000000Z', 1 FROM numbers";

enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// A SQLite database in this folder, filled; its URL.
pub fn filled_sqlite(program: &Program, folder: &Path, users: u32) -> String {
    let file = folder.join("symbolon.db");
    let url = format!("sqlite://{}", file.display());
    program.migrate(&url, folder);
    sqlite(&file, users);
    url
}

/// Fills the migrated SQLite database in this file.
fn sqlite(path: &Path, users: u32) {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Off)
        .pragma("cache_size", "-1000000");
    wait_for(async {
        let connection = options.connect().await.expect("the file is there");
        let mut database = Database::Sqlite(connection);
        database.fill(users).await;
        database.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
    });
}

/// Fills the migrated PostgreSQL database of this URL.
pub fn postgres(url: &str, users: u32) {
    wait_for(async {
        let connection = PgConnection::connect(url).await.expect("it takes connections");
        let mut database = Database::Postgres(connection);
        database.fill(users).await;
        database.run("VACUUM ANALYZE").await;
    });
}

fn wait_for(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work);
}

impl Database {
    async fn fill(&mut self, users: u32) {
        let mut secrets = tokens::issued(users);
        for first in (0..users).step_by(BATCH as usize) {
            let last = (first + BATCH).min(users) - 1;
            let of_batch = secrets.by_ref().take((last - first + 1) as usize);
            let digests = of_batch.flat_map(|secret| *secret.digest().as_bytes()).collect();
            self.run("BEGIN").await;
            for statement in ACCOUNTS.iter().chain(&USERS) {
                self.insert(statement, first, last, None).await;
            }
            self.insert(TOKENS, first, last, Some(digests)).await;
            self.run("COMMIT").await;
        }
    }

    async fn run(&mut self, statement: &str) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::raw_sql(statement).execute(connection).await.expect(statement);
            }
            Self::Postgres(connection) => {
                sqlx::raw_sql(statement).execute(connection).await.expect(statement);
            }
        }
    }

    async fn insert(&mut self, statement: &str, first: u32, last: u32, digests: Option<Vec<u8>>) {
        let text = self.spell(statement);
        let (first, last) = (i64::from(first), i64::from(last));
        match self {
            Self::Sqlite(connection) => {
                let mut query = sqlx::query(&text).bind(first).bind(last);
                if let Some(digests) = digests {
                    query = query.bind(digests);
                }
                query.execute(connection).await.expect("the tables are empty");
            }
            Self::Postgres(connection) => {
                let mut query = sqlx::query(&text).bind(first).bind(last);
                if let Some(digests) = digests {
                    query = query.bind(digests);
                }
                query.execute(connection).await.expect("the tables are empty");
            }
        }
    }

    fn spell(&self, statement: &str) -> String {
        let (numbers, digest) = match self {
            Self::Sqlite(_) => (
                "WITH RECURSIVE numbers (n) AS (VALUES ($1) UNION ALL SELECT n + 1 FROM numbers WHERE n < $2)",
                "substr($3, (n - $1) * 32 + 1, 32)",
            ),
            Self::Postgres(_) => (
                "WITH numbers (n) AS (SELECT generate_series($1::bigint, $2::bigint))",
                "substring($3 FROM ((n - $1) * 32 + 1)::integer FOR 32)",
            ),
        };
        statement
            .replace("[numbers]", numbers)
            .replace("[digest]", digest)
            .replace("[user]", &self.identifier("0001", "n"))
            .replace("[token]", &self.identifier("0002", "n"))
            .replace("[account]", &self.identifier("0003", &format!("(n / {USERS_PER_ACCOUNT})")))
    }

    /// A UUID that says what it is of, and which.
    fn identifier(&self, kind: &str, number: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("printf('%08x-{kind}-7000-8000-%012x', {number}, {number})"),
            Self::Postgres(_) => format!(
                "lpad(to_hex({number}), 8, '0') || '-{kind}-7000-8000-' || lpad(to_hex({number}), 12, '0')"
            ),
        }
    }
}

//! The two folders of migrations say the same and explain every column.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use projections::{postgres::Postgres, sqlite::Sqlite};
use tests::Store;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore};

/// The migrations of a store, by file name.
pub(crate) fn migrations(store: Store) -> BTreeMap<String, String> {
    let folder = match store {
        Store::Sqlite => "sqlite",
        Store::Postgres => "postgres",
    };
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations").join(folder);
    let files = std::fs::read_dir(folder).expect("the folder is there");
    files
        .map(|file| {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(&path).unwrap())
        })
        .collect()
}

#[test]
fn both_folders_have_the_same_files() {
    let names = |store| migrations(store).into_keys().collect::<Vec<_>>();
    assert_eq!(names(Store::Sqlite), names(Store::Postgres));
    assert!(!names(Store::Sqlite).is_empty());
}

type Columns = BTreeMap<String, BTreeSet<String>>;

const SQLITE_COLUMNS: &str = "
SELECT t.name, c.name
FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table'
  AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
  AND t.name <> '_sqlx_migrations'";

const POSTGRES_COLUMNS: &str = "
SELECT CASE table_schema WHEN 'public' THEN table_name ELSE table_schema || '.' || table_name END,
       column_name::text
FROM information_schema.columns
WHERE table_schema IN ('public', 'tower_sessions')
  AND table_name <> '_sqlx_migrations'";

async fn columns<S: TestStore>() -> Columns {
    let stage = Stage::<S>::new().await;
    let mut connection = Connection::open(&stage.database).await;
    let question = match S::STORE {
        Store::Sqlite => SQLITE_COLUMNS,
        Store::Postgres => POSTGRES_COLUMNS,
    };
    let mut columns = Columns::new();
    for row in connection.rows(question).await {
        let [table, column] = <[_; 2]>::try_from(row).unwrap();
        // The session store uses a schema where there are any.
        let table = table.unwrap().replace("tower_sessions.session", "tower_sessions");
        columns.entry(table).or_default().insert(column.unwrap());
    }
    columns
}

/// What PostgreSQL alone has: several nodes can share it, and have to know of one another and of what was
/// committed. No column means a whole table.
const OF_POSTGRES_ALONE: [(&str, &[&str]); 3] =
    [("nodes", &[]), ("intents", &[]), ("events", &["transaction_id"])];

#[tokio::test]
async fn both_stores_have_the_same_tables_and_columns() {
    let (sqlite, mut postgres) = (columns::<Sqlite>().await, columns::<Postgres>().await);
    for (table, alone) in OF_POSTGRES_ALONE {
        if alone.is_empty() {
            assert!(postgres.remove(table).is_some(), "{table}");
        }
        for column in alone {
            assert!(postgres.get_mut(table).unwrap().remove(*column), "{table}.{column}");
        }
    }
    assert_eq!(sqlite, postgres);
    assert!(sqlite.len() > 10 && sqlite["events"].contains("payload"), "{sqlite:?}");
}

async fn assert_the_ledger_reads_every_table<S: TestStore>() {
    let ledger = Stage::<S>::new().await.ledger().await;
    let read: BTreeSet<_> = ledger.tables.keys().copied().chain(["events"]).collect();
    let tables = columns::<S>().await;
    let tables: BTreeSet<_> = tables.keys().map(String::as_str).collect();
    // The ledger says itself that it leaves these out.
    let unread: Vec<_> = tables.difference(&read).copied().collect();
    let expected: &[&str] = match S::STORE {
        Store::Sqlite => &["replica_epoch", "tower_sessions"],
        Store::Postgres => &["intents", "nodes", "replica_epoch", "tower_sessions"],
    };
    assert_eq!(unread, expected, "{:?}", S::STORE);
}

#[tokio::test]
async fn the_ledger_reads_every_table() {
    assert_the_ledger_reads_every_table::<Sqlite>().await;
    assert_the_ledger_reads_every_table::<Postgres>().await;
}

/// The column definitions of a migration that lack a comment.
fn uncommented(text: &str) -> (usize, Vec<String>) {
    let (mut count, mut bare) = (0, Vec::new());
    let mut in_table = false;
    // The definition being read, and whether a comment has been seen in it or right above it.
    let mut definition: Option<(String, bool)> = None;
    let mut comment_above = false;
    for line in text.lines() {
        if line.starts_with("CREATE TABLE") {
            in_table = true;
            continue;
        }
        if !in_table {
            continue;
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        let own_line = line.starts_with("    ") && !line.starts_with("     ");
        let begins_column = own_line && word.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        let ends_column =
            begins_column || line.starts_with(')') || (own_line && word == "CONSTRAINT");
        if ends_column && let Some((column, false)) = definition.take() {
            bare.push(column);
        }
        if begins_column {
            count += 1;
            definition = Some((word.to_owned(), comment_above));
        }
        let commented = line.split_once("-- ").is_some_and(|(_, text)| text.len() > 2);
        if let Some((_, seen)) = &mut definition {
            *seen |= commented;
        }
        comment_above = commented && word == "--";
        in_table = !line.starts_with(')');
    }
    (count, bare)
}

#[test]
fn every_column_is_commented() {
    for store in [Store::Sqlite, Store::Postgres] {
        let mut columns = 0;
        for (name, text) in migrations(store) {
            let (count, bare) = uncommented(&text);
            assert_eq!(bare, [""; 0], "{store:?} {name}");
            columns += count;
        }
        assert!(columns > 50, "only {columns} columns were found on {store:?}");
    }
}

#[test]
fn a_column_without_a_comment_is_noticed() {
    let text = "
CREATE TABLE t (
    -- explained above
    a TEXT NOT NULL,
    b TEXT CONSTRAINT b_unique UNIQUE
           CONSTRAINT b_short CHECK (length(b) < 9), -- explained behind
    c TEXT,
    d TEXT NOT NULL -- explained
);";
    assert_eq!(uncommented(text), (4, vec!["c".to_owned()]));
}

//! A database from before the digests of tokens were in the history gets them from its events, and learns
//! whose its contexts are.

use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use tests::sql::Connection;
use tests::{Database, Ledger, Store};

use crate::schema::migrations;
use crate::stage::{Stage, TestStore};

/// The migration that brings the digests.
const AUDIT: &str = "0010_audit.sql";

/// Makes the tables that there were before, and says so where sqlx looks.
async fn as_before(store: Store, connection: &mut Connection) {
    let table = match store {
        Store::Sqlite => {
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
             installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL,
             checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)"
        }
        Store::Postgres => {
            "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL,
             installed_on TIMESTAMPTZ NOT NULL DEFAULT now(), success BOOLEAN NOT NULL,
             checksum BYTEA NOT NULL, execution_time BIGINT NOT NULL)"
        }
    };
    connection.execute(table).await.unwrap();
    for (name, text) in migrations(store).into_iter().filter(|(name, _)| name.as_str() < AUDIT) {
        connection.execute(&text).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let (version, rest) = name.split_once('_').unwrap();
        let version: i64 = version.parse().unwrap();
        let description = rest.strip_suffix(".sql").unwrap().replace('_', " ");
        let checksum = checksum(store, version);
        let row = format!(
            "INSERT INTO _sqlx_migrations VALUES
             ({version}, '{description}', CURRENT_TIMESTAMP, TRUE, {checksum}, 1)"
        );
        connection.execute(&row).await.unwrap();
    }
}

fn checksum(store: Store, version: i64) -> String {
    static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/sqlite");
    static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("../migrations/postgres");
    let migrator = match store {
        Store::Sqlite => &SQLITE,
        Store::Postgres => &POSTGRES,
    };
    let migration = migrator.iter().find(|migration| migration.version == version).unwrap();
    crate::stage::bytes(store, &hex::encode(&migration.checksum))
}

/// The columns that tables had before, of those that have more now.
fn columns_before(table: &str) -> Option<&'static str> {
    match table {
        "event_context" => {
            Some("aggregate_type, aggregate_id, sequence, salt, address, user_agent")
        }
        "users" => Some(
            "user_id, is_admin, is_auditor, registered_at, registered_sequence, is_locked, \
             lock_sequence",
        ),
        "token_history" => Some(
            "user_id, sequence, kind, token_id, generation, hint, invalidated_token_id, reason, \
             occurred_at, actor_id, actor_via",
        ),
        _ => None,
    }
}

/// Copies what a server of today wrote, as one of before would have.
async fn copy(from: &Database, to: &mut Connection, table: &str) {
    let store = from.store();
    let columns = columns_before(table).unwrap_or("*");
    let mut source = Connection::open(from).await;
    match store {
        Store::Sqlite => {
            source.close().await;
            let file = from.sqlite_file();
            let file = file.display();
            let copy = format!(
                "ATTACH '{file}' AS today;
                 INSERT INTO {table} SELECT {columns} FROM today.{table};
                 DETACH today"
            );
            to.execute(&copy).await.unwrap();
        }
        Store::Postgres => {
            let rows = source
                .rows(&format!("SELECT to_json(r)::text FROM (SELECT {columns} FROM {table}) r"))
                .await;
            for row in rows {
                let row = row[0].clone().unwrap().replace('\'', "''");
                let copy = format!(
                    "INSERT INTO {table} SELECT * FROM json_populate_record(NULL::{table}, '{row}')"
                );
                to.execute(&copy).await.unwrap();
            }
            source.close().await;
        }
    }
}

const COPIED: [&str; 4] = ["events", "event_context", "users", "token_history"];

/// Histories with every kind of line: rotated, revoked, and begun again.
async fn live<S: TestStore>(stage: &Stage<S>) {
    for rotations in 0..3 {
        let user = stage.user().await;
        for _ in 0..=rotations {
            stage.generate(user).await;
        }
        stage.revoke(user).await;
        stage.generate(user).await;
    }
}

async fn the_digests_come_from_the_events<S: TestStore>() {
    let stage = Stage::<S>::new().await;
    live(&stage).await;
    let today = stage.ledger().await;
    let old = Database::new(S::STORE).await;
    let mut connection = match S::STORE {
        Store::Sqlite => {
            // Makes the file.
            Sqlite::open(&old.sqlite_file()).await.unwrap().close().await;
            Connection::open(&old).await
        }
        Store::Postgres => Connection::open(&old).await,
    };
    as_before(S::STORE, &mut connection).await;
    for table in COPIED {
        copy(&stage.database, &mut connection, table).await;
    }
    connection.close().await;

    let store = S::open(&old).await;
    store.close().await;
    let migrated = Ledger::read(&old).await;
    let lines = migrated.rows("token_history");
    assert_eq!(lines, today.rows("token_history"));
    assert_eq!(lines.len(), 12);
    let digests = lines.iter().filter(|line| line[11].is_some()).count();
    assert_eq!(digests, 9, "every line but the three revocations");
    for table in COPIED.into_iter().filter(|table| *table != "events") {
        assert_eq!(migrated.rows(table), today.rows(table), "{table}");
    }
}

#[tokio::test]
async fn the_digests_come_from_the_events_on_sqlite() {
    the_digests_come_from_the_events::<Sqlite>().await;
}

#[tokio::test]
async fn the_digests_come_from_the_events_on_postgres() {
    the_digests_come_from_the_events::<Postgres>().await;
}

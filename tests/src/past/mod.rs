//! A past that nobody lived: many events with all that belongs to them but the rows that follow from them.
//!
//! It is made by the database itself, which takes seconds where commands would take minutes.

mod text;

use crate::database::Store;
use crate::sql::Connection;

pub use text::EACH;

/// Adds a past of so many events, as its text says.
pub async fn add(connection: &mut Connection, events: u64) {
    let dialect = match connection.store() {
        Store::Sqlite => text::Dialect::Sqlite,
        Store::Postgres => text::Dialect::Postgres,
    };
    connection.execute(&text::text(dialect, events)).await.expect("nothing is in the way");
}

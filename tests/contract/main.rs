//! What every store promises: the same functions run on SQLite and on PostgreSQL.
//!
//! A test takes a [`stage::Stage`] on an empty database and commits through the same executor as the
//! service. The constraints, the two folders of migrations and the settings of connections are tested
//! here too, and so are the life of set-up codes and the limits of accounts, on the whole service under a
//! clock of the test's own.

mod atomicity;
mod conflicts;
mod constraints;
mod deliveries;
mod durability;
mod history;
mod limits;
mod membership;
mod metadata;
mod rebuilding;
mod schema;
mod setup_codes;
mod setup_window;
mod stage;
mod stopped;
mod verifying;

//! What every store promises: the same functions run on SQLite and on PostgreSQL.
//!
//! A test takes a [`stage::Stage`] on an empty database and commits through the same executor as the
//! service. The constraints, the two folders of migrations and the settings of connections are tested
//! here too, and so are the life of set-up codes and the limits of accounts, on the whole service under a
//! clock of the test's own.

mod as_of;
mod atomicity;
mod before_the_audit;
mod calling;
mod campaigns;
mod closing;
mod conflicts;
mod constraints;
mod deliveries;
mod durability;
mod erasure;
mod exporting;
mod groups;
mod history;
mod idempotency;
mod life;
mod limits;
mod logging;
mod membership;
mod metadata;
mod overview;
mod paging;
mod rebuilding;
mod replica;
mod rounds;
mod scaffolds;
mod scale;
mod schema;
mod setup_codes;
mod setup_window;
mod stage;
mod stopped;
mod tampering;
mod usage;
mod verifying;
mod webhooks;

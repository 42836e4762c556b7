//! Proves from outside: real servers, real databases, nothing of the product called directly.
//!
//! A story is one async function that takes a [`Store`] and speaks as the people who use the
//! service; [`on_both_stores!`] runs it on SQLite and on PostgreSQL. Start with [`TestApp`].
//!
//! Whatever a test starts is gone when the test process is, even if that is killed: see [`reaper`].

pub mod actors;
pub mod answer;
pub mod app;
pub mod binary;
pub mod client;
pub mod database;
pub mod endpoints;
pub mod integration;
pub mod ledger;
pub mod metrics;
pub mod past;
pub mod postgres;
pub mod processes;
pub mod python;
pub mod raw;
pub mod reaper;
pub mod receiver;
pub mod scanner;
pub mod seed;
pub mod server;
pub mod sql;
pub mod waiting;

pub use actors::{Actor, Integration, Invitation};
pub use answer::Answer;
pub use app::{TestApp, UnclaimedApp};
pub use client::Client;
pub use database::{Database, Store};
pub use endpoints::EndpointsFile;
pub use ledger::Ledger;
pub use metrics::Metrics;
pub use receiver::Receiver;
pub use server::{Server, Settings};
pub use waiting::{eventually, until};

/// Makes a test on each store of every story named: `sqlite::<story>` and `postgres::<story>`.
///
/// ```ignore
/// on_both_stores!(the_old_token_stops_working_at_once);
///
/// async fn the_old_token_stops_working_at_once(store: Store) { /* … */ }
/// ```
#[macro_export]
macro_rules! on_both_stores {
    ($($story:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $story() {
                    super::$story($crate::Store::Sqlite).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $story() {
                    super::$story($crate::Store::Postgres).await;
                }
            )+
        }
    };
}

//! Talks: the HTTP server, the auth middleware, the pages and the command line.
//!
//! A request goes `router → auth → handler → commands or a read model → reply`. Only [`startup`] knows
//! which database is underneath.

pub mod administration;
pub mod app;
pub mod audit;
pub mod auth;
pub mod chance;
pub mod cli;
pub mod client_address;
pub mod clock;
pub mod commands;
pub mod deliveries;
pub mod enrolment;
pub mod erasing;
pub mod error;
pub mod extract;
pub mod fixed_headers;
pub mod front;
pub mod handlers;
pub mod housekeeping;
pub mod http_client;
pub mod idempotency;
pub mod limits;
pub mod locking;
pub mod logging;
pub mod measures;
pub mod names;
pub mod networks;
pub mod openapi;
pub mod pages;
pub mod prospecting;
pub mod readiness;
pub mod request_context;
pub mod router;
pub mod serving;
pub mod settings;
pub mod startup;
pub mod usage;

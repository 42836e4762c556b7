//! What cqrs-es, sqlite-es and postgres-es do today that made the write path our own. When one of these
//! tests fails, upstream has changed: perhaps something of ours can go.

mod dispatch;
mod replay;
mod snapshots;
mod stores;
mod tally;

/// What to do when a canary falls silent.
const REVISIT: &str = "upstream changed: revisit docs/adr/0001";

//! What this crate measures, by the names it is published under. What each means is said once, where it is
//! published: in the service's table of metrics.
//!
//! **Invariant:** no label holds a user, an account, a token, an address or a path: only words that are written
//! down here.

/// Gauge, seconds: since the last proof of the lease began.
pub const LEASE_AGE: &str = "symbolon_lease_age_seconds";
/// Counter, by `outcome`: `proof`, `visible`, `failed`.
pub const LEASE_ROUNDS: &str = "symbolon_lease_rounds_total";
/// Gauge: where the snapshot ends that memory is at.
pub const REPLICA_TRANSACTION: &str = "symbolon_replica_applied_transaction";
/// Gauge: users in memory.
pub const REPLICA_USERS: &str = "symbolon_replica_users";
/// Gauge: live tokens in memory.
pub const REPLICA_TOKENS: &str = "symbolon_replica_tokens";
/// Counter: times that memory was filled from the tables.
pub const REPLICA_LOADS: &str = "symbolon_replica_loads_total";
/// Counter, by `from`: `memory`, `database`, `nowhere`.
pub const VERIFICATIONS: &str = "symbolon_verifications_total";
/// Histogram, seconds: for how long a command waited until all nodes knew what it was about to change.
pub const INTENT_WAIT: &str = "symbolon_intent_wait_seconds";
/// Counter, by `by`: `confirmed`, `silence`, `time`, `nobody`.
pub const INTENTS: &str = "symbolon_intents_total";

//! Rules about nodes and their memory.

use super::attempt::{Attempt, POSTGRES, SQLITE, event};

/// Name and length of leases.
macro_rules! node {
    ($id:literal, $lease:literal) => {
        concat!(
            "INSERT INTO nodes (node_id, renewal, lease_ms, identity) VALUES (",
            $id,
            ", 1, ",
            $lease,
            ", 'here')"
        )
    };
}

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice("nodes_pkey", "nodes.node_id", node!("'a'", "1000"))
        .on(POSTGRES)
        .given(&[node!("'a'", "1000")])
        .but(&[node!("'b'", "1000")]),
    Attempt::value("nodes_lease_range", node!("'a'", "299"))
        .on(POSTGRES)
        .but(&[node!("'a'", "300"), node!("'b'", "3000")]),
    Attempt::value("nodes_lease_range", node!("'a'", "3001")).on(POSTGRES),
    Attempt::twice(
        "intents_pkey",
        "intents.announced, intents.subject",
        "INSERT INTO intents (announced, subject) VALUES (1, 'user b')",
    )
    .on(POSTGRES)
    .given(&["INSERT INTO intents (announced, subject) VALUES (1, 'user b')"])
    .but(&[
        "INSERT INTO intents (announced, subject) VALUES (1, 'user c')",
        "INSERT INTO intents (announced, subject) VALUES (2, 'user b')",
    ]),
    // Whoever waits for nodes, or finds none, writes at once.
    Attempt::hurry("events_outlive_leases", event!("3"))
        .on(POSTGRES)
        .given(&["SET LOCAL statement_timeout = '200ms'"])
        .but(&[
            event!("1"),
            node!("'a'", "300"),
            "SET LOCAL symbolon.waits_for_nodes = 'on'",
            event!("2"),
            "SET LOCAL symbolon.waits_for_nodes = 'off'",
        ]),
    // The migration put the one row in.
    Attempt::twice(
        "replica_epoch_one_row",
        "replica_epoch.id",
        "INSERT INTO replica_epoch (id, epoch) VALUES (1, 2)",
    )
    .on(SQLITE)
    .but(&["UPDATE replica_epoch SET epoch = epoch + 1"]),
    Attempt::twice(
        "replica_epoch_one_row",
        "replica_epoch.id",
        "INSERT INTO replica_epoch (id, epoch) VALUES (true, 2)",
    )
    .on(POSTGRES)
    .but(&["UPDATE replica_epoch SET epoch = epoch + 1"]),
    Attempt::value("replica_epoch_id_true", "INSERT INTO replica_epoch (id, epoch) VALUES (0, 2)")
        .on(SQLITE),
    Attempt::value(
        "replica_epoch_id_true",
        "INSERT INTO replica_epoch (id, epoch) VALUES (false, 2)",
    )
    .on(POSTGRES),
];

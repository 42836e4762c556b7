//! Rules of the log: one position for one event, whole hashes, and nothing is taken back.

use super::attempt::{Attempt, POSTGRES, SQLITE, event};

/// Position, sequence of the event, and leaf.
macro_rules! logged {
    ($position:literal, $sequence:literal, $leaf:literal) => {
        concat!(
            "INSERT INTO event_log VALUES (",
            $position,
            ", 'token', 'a', ",
            $sequence,
            ", ",
            $leaf,
            ")"
        )
    };
}

macro_rules! node {
    ($place:literal, $hash:literal) => {
        concat!("INSERT INTO log_nodes VALUES (", $place, ", ", $hash, ")")
    };
}

macro_rules! checkpoint {
    ($key:literal, $root:literal) => {
        concat!(
            "INSERT INTO log_checkpoints VALUES (",
            $key,
            ", ",
            $root,
            ", 'note', '2026-01-01T00:00:00+00:00')"
        )
    };
}

const EVENTS: &[&str] = &[event!("1"), event!("2")];
const LOGGED: &[&str] = &[event!("1"), event!("2"), logged!("1", "1", "{32}")];
const NODE: &[&str] = &[node!("8, 0", "{32}")];
const CHECKPOINT: &[&str] = &[checkpoint!("7, 'key'", "{32}")];

pub(super) const ATTEMPTS: &[Attempt] = &[
    Attempt::twice("event_log_pkey", "event_log.position", logged!("1", "2", "{32}"))
        .given(LOGGED)
        .but(&[logged!("2", "2", "{32}")]),
    Attempt::twice(
        "event_log_event_once",
        "event_log.aggregate_type, event_log.aggregate_id, event_log.sequence",
        logged!("2", "1", "{32}"),
    )
    .given(LOGGED),
    Attempt::value("event_log_position_positive", logged!("0", "1", "{32}"))
        .given(EVENTS)
        .but(&[logged!("1", "1", "{32}")]),
    Attempt::value("event_log_leaf_is_sha256", logged!("1", "1", "{31}")).given(EVENTS),
    Attempt::value("event_log_leaf_is_sha256", logged!("1", "1", "{33}"))
        .given(EVENTS)
        .but(&[logged!("2", "2", "{32}")]),
    Attempt::nowhere("event_log_of_an_event", logged!("1", "3", "{32}")).given(EVENTS),
    Attempt::change_log("event_log_append_only_update", "UPDATE event_log SET position = 2")
        .on(SQLITE)
        .given(LOGGED),
    Attempt::change_log("event_log_append_only_delete", "DELETE FROM event_log")
        .on(SQLITE)
        .given(LOGGED),
    Attempt::change_log("event_log_append_only", "UPDATE event_log SET position = 2")
        .on(POSTGRES)
        .given(LOGGED),
    Attempt::change_log("event_log_append_only", "DELETE FROM event_log")
        .on(POSTGRES)
        .given(LOGGED),
    Attempt::change_log("event_log_append_only", "TRUNCATE event_log").on(POSTGRES).given(LOGGED),
    Attempt::twice(
        "log_nodes_pkey",
        "log_nodes.level, log_nodes.node_index",
        node!("8, 0", "{32}"),
    )
    .given(NODE)
    .but(&[node!("8, 1", "{32}"), node!("16, 0", "{32}")]),
    Attempt::value("log_nodes_level_kept", node!("0, 0", "{32}")),
    Attempt::value("log_nodes_level_kept", node!("7, 0", "{32}")).but(NODE),
    Attempt::value("log_nodes_level_kept", node!("-8, 0", "{32}")),
    Attempt::value("log_nodes_index_not_negative", node!("8, -1", "{32}")).but(NODE),
    Attempt::value("log_nodes_hash_is_sha256", node!("8, 0", "{31}")),
    Attempt::value("log_nodes_hash_is_sha256", node!("8, 0", "{33}")).but(&[node!("8, 1", "{32}")]),
    Attempt::change_log("log_nodes_append_only_update", "UPDATE log_nodes SET level = 16")
        .on(SQLITE)
        .given(NODE),
    Attempt::change_log("log_nodes_append_only_delete", "DELETE FROM log_nodes")
        .on(SQLITE)
        .given(NODE),
    Attempt::change_log("log_nodes_append_only", "UPDATE log_nodes SET level = 16")
        .on(POSTGRES)
        .given(NODE),
    Attempt::change_log("log_nodes_append_only", "DELETE FROM log_nodes").on(POSTGRES).given(NODE),
    Attempt::change_log("log_nodes_append_only", "TRUNCATE log_nodes").on(POSTGRES).given(NODE),
    Attempt::twice(
        "log_head_one_row",
        "log_head.id",
        "INSERT INTO log_head SELECT * FROM log_head",
    ),
    Attempt::value("log_head_id_true", "UPDATE log_head SET id = false"),
    Attempt::value("log_head_size_not_negative", "UPDATE log_head SET size = -1")
        .but(&["UPDATE log_head SET size = 0", "UPDATE log_head SET size = 1"]),
    Attempt::value("log_head_frontier_of_hashes", "UPDATE log_head SET frontier = {31}")
        .but(&["UPDATE log_head SET frontier = {0}", "UPDATE log_head SET frontier = {32}"]),
    Attempt::value("log_head_frontier_of_hashes", "UPDATE log_head SET frontier = {33}"),
    Attempt::twice(
        "log_checkpoints_pkey",
        "log_checkpoints.size, log_checkpoints.verifier_key",
        checkpoint!("7, 'key'", "{32}"),
    )
    .given(CHECKPOINT)
    .but(&[checkpoint!("8, 'key'", "{32}"), checkpoint!("7, 'another'", "{32}")]),
    Attempt::value("log_checkpoints_size_not_negative", checkpoint!("-1, 'key'", "{32}"))
        .but(&[checkpoint!("0, 'key'", "{32}")]),
    Attempt::value("log_checkpoints_root_is_sha256", checkpoint!("7, 'key'", "{31}")),
    Attempt::value("log_checkpoints_root_is_sha256", checkpoint!("7, 'key'", "{33}"))
        .but(CHECKPOINT),
    Attempt::change_log(
        "log_checkpoints_append_only_update",
        "UPDATE log_checkpoints SET size = 8",
    )
    .on(SQLITE)
    .given(CHECKPOINT),
    Attempt::change_log("log_checkpoints_append_only_delete", "DELETE FROM log_checkpoints")
        .on(SQLITE)
        .given(CHECKPOINT),
    Attempt::change_log("log_checkpoints_append_only", "UPDATE log_checkpoints SET size = 8")
        .on(POSTGRES)
        .given(CHECKPOINT),
    Attempt::change_log("log_checkpoints_append_only", "DELETE FROM log_checkpoints")
        .on(POSTGRES)
        .given(CHECKPOINT),
    Attempt::change_log("log_checkpoints_append_only", "TRUNCATE log_checkpoints")
        .on(POSTGRES)
        .given(CHECKPOINT),
];

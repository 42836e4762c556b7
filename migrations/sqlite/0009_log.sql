-- The log: every event at a position, as a leaf of one tree that only grows (docs/AUDIT.md). Written by the
-- sequencer, or with the event itself where one process writes alone.

CREATE TABLE event_log (
    position       INTEGER CONSTRAINT event_log_pkey PRIMARY KEY
                           CONSTRAINT event_log_position_positive CHECK (position > 0), -- 1, 2, 3 … without a gap; the index of the leaf, plus one
    aggregate_type TEXT    NOT NULL, -- of the event
    aggregate_id   TEXT    NOT NULL, -- of the event
    sequence       INTEGER NOT NULL, -- of the event
    leaf_hash      BLOB    NOT NULL CONSTRAINT event_log_leaf_is_sha256 CHECK (length(leaf_hash) = 32), -- SHA-256 of all that the event says
    CONSTRAINT event_log_event_once UNIQUE (aggregate_type, aggregate_id, sequence),
    CONSTRAINT event_log_of_an_event FOREIGN KEY (aggregate_type, aggregate_id, sequence) REFERENCES events
) STRICT;

-- Hashes of complete subtrees, so that a proof needs few reads. Every eighth level is kept; what lies between
-- is computed from the one below.
CREATE TABLE log_nodes (
    level      INTEGER NOT NULL CONSTRAINT log_nodes_level_kept CHECK (level > 0 AND level % 8 = 0), -- height of the subtree: it has 2^level leaves
    node_index INTEGER NOT NULL CONSTRAINT log_nodes_index_not_negative CHECK (node_index >= 0), -- which of its height, from the left, from 0
    hash       BLOB    NOT NULL CONSTRAINT log_nodes_hash_is_sha256 CHECK (length(hash) = 32), -- as RFC 6962 says
    CONSTRAINT log_nodes_pkey PRIMARY KEY (level, node_index)
) STRICT;

-- The right edge of the tree. Whoever holds the lock of the one row numbers events.
CREATE TABLE log_head (
    id       INTEGER CONSTRAINT log_head_one_row PRIMARY KEY
                     CONSTRAINT log_head_id_true CHECK (id = 1), -- 1: there is one row
    size     INTEGER NOT NULL CONSTRAINT log_head_size_not_negative CHECK (size >= 0), -- how many events have a position
    frontier BLOB    NOT NULL CONSTRAINT log_head_frontier_of_hashes CHECK (length(frontier) % 32 = 0) -- the hashes of the complete subtrees that the tree is made of, the largest first
) STRICT;

INSERT INTO log_head (id, size, frontier) VALUES (1, 0, x'');

-- What the log was at some moments, signed. Worth something when it is kept elsewhere, too.
CREATE TABLE log_checkpoints (
    size         INTEGER NOT NULL CONSTRAINT log_checkpoints_size_not_negative CHECK (size >= 0), -- how many events it covers
    verifier_key TEXT    NOT NULL, -- the public half of the key that signed it
    root_hash    BLOB    NOT NULL CONSTRAINT log_checkpoints_root_is_sha256 CHECK (length(root_hash) = 32), -- of the tree of that size
    note         TEXT    NOT NULL, -- as it was signed (c2sp.org/tlog-checkpoint)
    made_at      TEXT    NOT NULL, -- when
    CONSTRAINT log_checkpoints_pkey PRIMARY KEY (size, verifier_key)
) STRICT;

CREATE INDEX token_history_by_token ON token_history (token_id); -- finds the event that made a token

CREATE TRIGGER event_log_append_only_update BEFORE UPDATE ON event_log
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TRIGGER event_log_append_only_delete BEFORE DELETE ON event_log
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TRIGGER log_nodes_append_only_update BEFORE UPDATE ON log_nodes
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TRIGGER log_nodes_append_only_delete BEFORE DELETE ON log_nodes
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TRIGGER log_checkpoints_append_only_update BEFORE UPDATE ON log_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

CREATE TRIGGER log_checkpoints_append_only_delete BEFORE DELETE ON log_checkpoints
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only');
END;

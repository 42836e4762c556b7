-- The log: every event at a position, as a leaf of one tree that only grows (docs/AUDIT.md). Written by the
-- sequencer, or with the event itself where one process writes alone.

CREATE TABLE event_log (
    position       bigint CONSTRAINT event_log_pkey PRIMARY KEY
                          CONSTRAINT event_log_position_positive CHECK (position > 0), -- 1, 2, 3 … without a gap; the index of the leaf, plus one
    aggregate_type text   NOT NULL, -- of the event
    aggregate_id   text   NOT NULL, -- of the event
    sequence       bigint NOT NULL, -- of the event
    leaf_hash      bytea  NOT NULL CONSTRAINT event_log_leaf_is_sha256 CHECK (octet_length(leaf_hash) = 32), -- SHA-256 of all that the event says
    CONSTRAINT event_log_event_once UNIQUE (aggregate_type, aggregate_id, sequence),
    CONSTRAINT event_log_of_an_event FOREIGN KEY (aggregate_type, aggregate_id, sequence) REFERENCES events
);

-- Hashes of complete subtrees, so that a proof needs few reads. Every eighth level is kept; what lies between
-- is computed from the one below.
CREATE TABLE log_nodes (
    level      bigint NOT NULL CONSTRAINT log_nodes_level_kept CHECK (level > 0 AND level % 8 = 0), -- height of the subtree: it has 2^level leaves
    node_index bigint NOT NULL CONSTRAINT log_nodes_index_not_negative CHECK (node_index >= 0), -- which of its height, from the left, from 0
    hash       bytea  NOT NULL CONSTRAINT log_nodes_hash_is_sha256 CHECK (octet_length(hash) = 32), -- as RFC 6962 says
    CONSTRAINT log_nodes_pkey PRIMARY KEY (level, node_index)
);

-- The right edge of the tree. Whoever holds the lock of the one row numbers events.
CREATE TABLE log_head (
    id       boolean CONSTRAINT log_head_one_row PRIMARY KEY
                     CONSTRAINT log_head_id_true CHECK (id), -- true: there is one row
    size     bigint  NOT NULL CONSTRAINT log_head_size_not_negative CHECK (size >= 0), -- how many events have a position
    frontier bytea   NOT NULL CONSTRAINT log_head_frontier_of_hashes CHECK (octet_length(frontier) % 32 = 0) -- the hashes of the complete subtrees that the tree is made of, the largest first
);

INSERT INTO log_head (id, size, frontier) VALUES (true, 0, '');

-- What the log was at some moments, signed. Worth something when it is kept elsewhere, too.
CREATE TABLE log_checkpoints (
    size         bigint      NOT NULL CONSTRAINT log_checkpoints_size_not_negative CHECK (size >= 0), -- how many events it covers
    verifier_key text        NOT NULL, -- the public half of the key that signed it
    root_hash    bytea       NOT NULL CONSTRAINT log_checkpoints_root_is_sha256 CHECK (octet_length(root_hash) = 32), -- of the tree of that size
    note         text        NOT NULL, -- as it was signed (c2sp.org/tlog-checkpoint)
    made_at      timestamptz NOT NULL, -- when
    CONSTRAINT log_checkpoints_pkey PRIMARY KEY (size, verifier_key)
);

CREATE INDEX token_history_by_token ON token_history (token_id); -- finds the event that made a token

CREATE FUNCTION refuse_log_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER event_log_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_log_change();

CREATE TRIGGER log_nodes_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log_nodes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_log_change();

CREATE TRIGGER log_checkpoints_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_log_change();

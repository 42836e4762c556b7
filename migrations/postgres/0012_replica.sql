-- What nodes need to answer from memory, and writers to know that they no longer answer from before a change
-- (docs/adr/0012). Events written before this migration have no transaction: every snapshot sees them.

ALTER TABLE events ADD COLUMN transaction_id xid8; -- the transaction that wrote the event; NULL = older than this column
ALTER TABLE events ALTER COLUMN transaction_id SET DEFAULT pg_current_xact_id();
CREATE INDEX events_by_transaction ON events (transaction_id) WHERE transaction_id IS NOT NULL; -- finds what a snapshot did not see

-- Nodes that may be answering from memory.
CREATE TABLE nodes (
    node_id   text   CONSTRAINT nodes_pkey PRIMARY KEY, -- made when the process started
    renewal   bigint NOT NULL, -- the transaction in which the node last said that it is there; while it stands still, the node is silent
    lease_ms  bigint NOT NULL CONSTRAINT nodes_lease_range CHECK (lease_ms BETWEEN 300 AND 3000), -- how long each of its leases lasts
    identity  text   NOT NULL, -- of the database that the snapshot belongs to
    confirmed pg_snapshot -- everything that this snapshot sees is in the node's memory; NULL = nothing yet
);

-- What commands are about to change: nodes do not answer about it from memory. Taken back in the transaction of the change.
CREATE TABLE intents (
    announced bigint NOT NULL, -- the transaction that announced it; each attempt of a command has its own
    subject   text   NOT NULL, -- user, account or token, and which; a token by its digest
    CONSTRAINT intents_pkey PRIMARY KEY (announced, subject)
);

-- Changes when rows that events make were changed otherwise than by an event.
CREATE TABLE replica_epoch (
    id    boolean CONSTRAINT replica_epoch_one_row PRIMARY KEY
                  CONSTRAINT replica_epoch_id_true CHECK (id), -- true: there is one row
    epoch bigint  NOT NULL -- goes up by one each time
);

INSERT INTO replica_epoch (id, epoch) VALUES (true, 1);

-- A writer that does not wait for nodes outlives their leases instead: the version before this one, a script, a
-- connection that lost its settings. Nodes cannot renew while it holds the table, so when it commits, none answers from
-- memory; they go on when it has.
CREATE FUNCTION outlive_leases() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    longest bigint;
BEGIN
    LOCK TABLE nodes IN SHARE MODE; -- several such writers wait side by side
    SELECT max(lease_ms) INTO longest FROM nodes;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        longest := 3000; -- this transaction may not see the nodes that came after it began
    END IF;
    IF longest IS NOT NULL THEN
        PERFORM pg_sleep((longest + 100) / 1000.0);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER events_outlive_leases
    BEFORE INSERT ON events
    FOR EACH STATEMENT
    WHEN (current_setting('symbolon.waits_for_nodes', true) IS DISTINCT FROM 'on')
    EXECUTE FUNCTION outlive_leases();

-- The event store: what happened, for ever. Column names and types are those that postgres-es reads.

CREATE TABLE events (
    aggregate_type text        NOT NULL, -- token, user, account
    aggregate_id   text        NOT NULL, -- the user's id for token and user, the account's id for account
    sequence       bigint      NOT NULL CONSTRAINT events_sequence_range CHECK (sequence BETWEEN 1 AND 2147483647), -- 1, 2, 3 … within the aggregate
    event_type     text        NOT NULL, -- past tense, for example TokenRegenerated
    event_version  text        NOT NULL, -- of the payload's shape
    payload        json        NOT NULL, -- no secret and no personal data
    metadata       json        NOT NULL, -- command_id, request_id, actor; the origin only as a salted digest
    recorded_at    timestamptz NOT NULL DEFAULT clock_timestamp(), -- the database's clock; never used for ordering
    CONSTRAINT events_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence) -- the optimistic lock
);

-- Where a command came from. Personal, so it is kept apart and may be erased; the event keeps
-- SHA-256(salt, address, user agent) in its metadata, which then no longer says anything about anyone.
CREATE TABLE event_context (
    aggregate_type text   NOT NULL, -- of the event
    aggregate_id   text   NOT NULL, -- of the event
    sequence       bigint NOT NULL, -- of the event
    salt           bytea  NOT NULL CONSTRAINT event_context_salt_length CHECK (octet_length(salt) = 16), -- random, so that the digest cannot be guessed
    address        text, -- of the client, when known
    user_agent     text, -- as the client named itself, when it did
    CONSTRAINT event_context_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);

-- Events that are committed and not yet numbered in the log. Written in the events' own transaction.
CREATE TABLE log_queue (
    id             bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT log_queue_pkey PRIMARY KEY, -- rises within an aggregate; has gaps
    aggregate_type text   NOT NULL, -- of the event
    aggregate_id   text   NOT NULL, -- of the event
    sequence       bigint NOT NULL, -- of the event
    CONSTRAINT log_queue_event_unique UNIQUE (aggregate_type, aggregate_id, sequence)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER events_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

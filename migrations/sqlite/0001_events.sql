-- The event store: what happened, for ever. Column names and types are those that sqlite-es reads.

CREATE TABLE events (
    aggregate_type TEXT    NOT NULL, -- token, user, account
    aggregate_id   TEXT    NOT NULL, -- the user's id for token and user, the account's id for account
    sequence       INTEGER NOT NULL CONSTRAINT events_sequence_range CHECK (sequence BETWEEN 1 AND 2147483647), -- 1, 2, 3 … within the aggregate
    event_type     TEXT    NOT NULL, -- past tense, for example TokenRegenerated
    event_version  TEXT    NOT NULL, -- of the payload's shape
    payload        TEXT    NOT NULL, -- JSON; no secret and no personal data
    metadata       TEXT    NOT NULL, -- JSON; command_id, request_id, actor; the origin only as a salted digest
    recorded_at    TEXT    NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), -- the machine's clock; never used for ordering
    CONSTRAINT events_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence) -- the optimistic lock
) STRICT;

-- Where a command came from. Personal, so it is kept apart and may be erased; the event keeps
-- SHA-256(salt, address, user agent) in its metadata, which then no longer says anything about anyone.
CREATE TABLE event_context (
    aggregate_type TEXT    NOT NULL, -- of the event
    aggregate_id   TEXT    NOT NULL, -- of the event
    sequence       INTEGER NOT NULL, -- of the event
    salt           BLOB    NOT NULL CONSTRAINT event_context_salt_length CHECK (length(salt) = 16), -- random, so that the digest cannot be guessed
    address        TEXT, -- of the client, when known
    user_agent     TEXT, -- as the client named itself, when it did
    CONSTRAINT event_context_pkey PRIMARY KEY (aggregate_type, aggregate_id, sequence)
) STRICT;

-- Events that are committed and not yet numbered in the log. Written in the events' own transaction.
CREATE TABLE log_queue (
    id             INTEGER CONSTRAINT log_queue_pkey PRIMARY KEY AUTOINCREMENT, -- rises within an aggregate
    aggregate_type TEXT    NOT NULL, -- of the event
    aggregate_id   TEXT    NOT NULL, -- of the event
    sequence       INTEGER NOT NULL, -- of the event
    CONSTRAINT log_queue_event_unique UNIQUE (aggregate_type, aggregate_id, sequence)
) STRICT;

CREATE TRIGGER events_append_only_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

CREATE TRIGGER events_append_only_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;

-- The outbox: what endpoints are to be told. Written in the events' own transaction; the message itself is
-- made when it is sent, so nothing personal is here.

CREATE TABLE deliveries (
    id              INTEGER CONSTRAINT deliveries_pkey PRIMARY KEY AUTOINCREMENT, -- rises within an aggregate
    endpoint        TEXT    NOT NULL, -- its name in the endpoints file
    event_type      TEXT    NOT NULL, -- as the receiver reads it, for example token.revoked
    aggregate_type  TEXT    NOT NULL, -- of the event
    aggregate_id    TEXT    NOT NULL, -- of the event
    sequence        INTEGER NOT NULL, -- of the event
    status          TEXT    NOT NULL DEFAULT 'pending' CONSTRAINT deliveries_status_known CHECK (status IN ('pending', 'delivered', 'dead')), -- dead = given up, until someone replays it
    attempts        INTEGER NOT NULL DEFAULT 0 CONSTRAINT deliveries_attempts_range CHECK (attempts >= 0), -- whose outcome is known, since it was written or replayed
    next_attempt_at TEXT    NOT NULL, -- not before
    claimed_until   TEXT, -- a node is sending it, and until then no other does; NULL = nobody is
    last_status     INTEGER, -- the HTTP status of the last attempt; NULL = none came
    last_error      TEXT, -- why the last attempt failed, in our words; NULL = it did not, or none was made
    created_at      TEXT    NOT NULL, -- when the event happened
    updated_at      TEXT    NOT NULL, -- when it was last attempted or replayed
    CONSTRAINT deliveries_event_once UNIQUE (endpoint, aggregate_type, aggregate_id, sequence), -- also finds what must go first
    CONSTRAINT deliveries_claimed_while_pending CHECK (claimed_until IS NULL OR status = 'pending')
) STRICT;

CREATE INDEX deliveries_due ON deliveries (endpoint, next_attempt_at, id) WHERE status = 'pending'; -- what to send next
CREATE INDEX deliveries_by_status ON deliveries (status, id); -- the administrator's lists
CREATE INDEX deliveries_to_forget ON deliveries (updated_at) WHERE status = 'delivered'; -- what has been kept long enough

-- Who was forgotten, and what would tell of them: where they were, and which clients still send their dead tokens.

ALTER TABLE users ADD COLUMN erased_at TEXT; -- everything that told who this is was erased; NULL = it was not
ALTER TABLE users ADD COLUMN erase_sequence INTEGER NOT NULL DEFAULT 0; -- of the event that wrote erased_at; it only ever grows

ALTER TABLE event_context ADD COLUMN user_id TEXT; -- who was there, so that it can be erased with them; NULL = nobody in particular

UPDATE event_context
SET user_id = (
    SELECT e.metadata ->> 'actor_id'
    FROM events e
    WHERE e.aggregate_type = event_context.aggregate_type
      AND e.aggregate_id = event_context.aggregate_id
      AND e.sequence = event_context.sequence
);

CREATE INDEX event_context_by_user ON event_context (user_id) WHERE user_id IS NOT NULL; -- finds what to erase

-- Which clients still send a dead token. Personal: it is erased with the token's owner. Not an event: it is
-- written behind the requests.
CREATE TABLE token_refusals (
    token_id      TEXT    NOT NULL, -- the dead token
    client_digest BLOB    NOT NULL CONSTRAINT token_refusals_client_is_sha256 CHECK (length(client_digest) = 32), -- SHA-256 of address and user agent: which client
    slot          INTEGER NOT NULL CONSTRAINT token_refusals_slot_range CHECK (slot BETWEEN 1 AND 20), -- which of the token's clients, so that there are 20 at most
    address       TEXT, -- of the client, when known
    user_agent    TEXT, -- as the client named itself, when it did
    first_at      TEXT    NOT NULL, -- when it was refused first
    last_at       TEXT    NOT NULL CONSTRAINT token_refusals_times_in_order CHECK (last_at >= first_at), -- when it was refused last, at most a minute late
    requests      INTEGER NOT NULL CONSTRAINT token_refusals_requests_positive CHECK (requests > 0), -- how often
    seen_at       TEXT, -- the last refusal that the owner has taken note of; NULL = none
    CONSTRAINT token_refusals_pkey PRIMARY KEY (token_id, client_digest),
    CONSTRAINT token_refusals_slot_taken_once UNIQUE (token_id, slot)
) STRICT;

-- What auditors ask: every token ever made by its digest, everything done with a token, and who asked.

ALTER TABLE token_history RENAME TO token_history_before;

CREATE TABLE token_history (
    user_id              TEXT    NOT NULL, -- whose token
    sequence             INTEGER NOT NULL, -- of the event
    kind                 TEXT    NOT NULL CONSTRAINT token_history_kind_known CHECK (kind IN ('generated', 'regenerated', 'revoked')), -- what happened
    token_id             TEXT    NOT NULL, -- the token made, or the one revoked
    generation           INTEGER NOT NULL, -- of that token
    hint                 TEXT, -- its last four characters; NULL when revoked
    invalidated_token_id TEXT    CONSTRAINT token_history_invalidated_once UNIQUE, -- the token that this rotation killed
    reason               TEXT, -- why it was revoked
    occurred_at          TEXT    NOT NULL, -- when
    actor_id             TEXT, -- the user who did it; NULL = the system
    actor_via            TEXT    NOT NULL, -- session, token, setup, command_line or system
    token_digest         BLOB    CONSTRAINT token_history_digest_unique UNIQUE
                                 CONSTRAINT token_history_digest_is_sha256 CHECK (length(token_digest) = 32), -- SHA-256 of the token made, so that a dead one is recognised; NULL when revoked
    CONSTRAINT token_history_pkey PRIMARY KEY (user_id, sequence),
    CONSTRAINT token_history_regenerated_names_the_dead CHECK ((kind = 'regenerated') = (invalidated_token_id IS NOT NULL)),
    CONSTRAINT token_history_revoked_has_a_reason CHECK ((kind = 'revoked') = (reason IS NOT NULL)),
    CONSTRAINT token_history_made_has_a_digest CHECK ((kind <> 'revoked') = (token_digest IS NOT NULL))
) STRICT;

-- The events know the digests of the tokens that were made before: "sha256:" and 64 hexadecimal digits.
INSERT INTO token_history
SELECT h.user_id, h.sequence, h.kind, h.token_id, h.generation, h.hint, h.invalidated_token_id, h.reason,
       h.occurred_at, h.actor_id, h.actor_via, unhex(substr(e.payload -> e.event_type ->> 'digest', 8))
FROM token_history_before h
LEFT JOIN events e
  ON e.aggregate_type = 'token'
 AND e.aggregate_id = h.user_id
 AND e.sequence = h.sequence;

DROP TABLE token_history_before;

CREATE UNIQUE INDEX token_history_one_issue_per_generation ON token_history (user_id, generation) WHERE kind <> 'revoked'; -- a generation is issued once
CREATE INDEX token_history_by_token ON token_history (token_id); -- finds the event that made a token
CREATE INDEX token_history_in_order ON token_history (occurred_at, token_id) WHERE kind <> 'revoked'; -- lists tokens, newest first
CREATE INDEX token_history_by_hint ON token_history (hint); -- finds tokens by what their owners still know

CREATE INDEX events_by_token ON events (metadata ->> 'token_id') WHERE metadata ->> 'token_id' IS NOT NULL; -- everything that was done with a token

-- Who read what of all this. Written before the answer leaves, and kept.
CREATE TABLE audit_reads (
    id         INTEGER CONSTRAINT audit_reads_pkey PRIMARY KEY AUTOINCREMENT, -- rises
    read_at    TEXT    NOT NULL, -- when
    request_id TEXT    NOT NULL, -- as in the reply and the logs
    reader_id  TEXT    NOT NULL, -- the user who asked
    via        TEXT    NOT NULL CONSTRAINT audit_reads_via_known CHECK (via IN ('session', 'token')), -- by what right
    token_id   TEXT    CONSTRAINT audit_reads_token_when_by_token CHECK ((via = 'token') = (token_id IS NOT NULL)), -- with exactly which token; NULL in a browser
    address    TEXT, -- the client's network address; NULL when unknown or erased
    user_agent TEXT, -- what the client called itself; NULL when unknown or erased
    method     TEXT    NOT NULL, -- of the request
    route      TEXT    NOT NULL, -- as in the list of routes, for example /v1/audit/tokens
    parameters TEXT    NOT NULL, -- JSON; what was asked, pairs of name and value; never a secret
    status     INTEGER NOT NULL CONSTRAINT audit_reads_status_of_http CHECK (status BETWEEN 100 AND 599) -- of the answer
) STRICT;

CREATE INDEX audit_reads_by_reader ON audit_reads (reader_id, id); -- what one person read

-- Address and user agent may be erased with the person; nothing else is ever changed.
CREATE TRIGGER audit_reads_are_kept_update
BEFORE UPDATE OF id, read_at, request_id, reader_id, via, token_id, method, route, parameters, status ON audit_reads
BEGIN
    SELECT RAISE(ABORT, 'what was read stays recorded');
END;

CREATE TRIGGER audit_reads_are_kept_delete BEFORE DELETE ON audit_reads
BEGIN
    SELECT RAISE(ABORT, 'what was read stays recorded');
END;

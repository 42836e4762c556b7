-- What auditors ask: every token ever made by its digest, everything done with a token, and who asked.

-- A long history takes longer to go through than a command may.
SET LOCAL statement_timeout = 0;

-- SHA-256 of the token made, so that a dead one is recognised; NULL when revoked
ALTER TABLE token_history ADD COLUMN token_digest bytea;

-- The events know the digests of the tokens that were made before: "sha256:" and 64 hexadecimal digits.
UPDATE token_history h
SET token_digest = decode(substr(e.payload -> e.event_type ->> 'digest', 8), 'hex')
FROM events e
WHERE e.aggregate_type = 'token'
  AND e.aggregate_id = h.user_id
  AND e.sequence = h.sequence;

ALTER TABLE token_history
    ADD CONSTRAINT token_history_digest_unique UNIQUE (token_digest),
    ADD CONSTRAINT token_history_digest_is_sha256 CHECK (octet_length(token_digest) = 32),
    ADD CONSTRAINT token_history_made_has_a_digest CHECK ((kind <> 'revoked') = (token_digest IS NOT NULL));

CREATE INDEX token_history_in_order ON token_history (occurred_at, token_id) WHERE kind <> 'revoked'; -- lists tokens, newest first
CREATE INDEX token_history_by_hint ON token_history (hint); -- finds tokens by what their owners still know

CREATE INDEX events_by_token ON events ((metadata ->> 'token_id')) WHERE metadata ->> 'token_id' IS NOT NULL; -- everything that was done with a token

-- Who read what of all this. Written before the answer leaves, and kept.
CREATE TABLE audit_reads (
    id         bigint      GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_reads_pkey PRIMARY KEY, -- rises; has gaps
    read_at    timestamptz NOT NULL, -- when
    request_id text        NOT NULL, -- as in the reply and the logs
    reader_id  text        NOT NULL, -- the user who asked
    via        text        NOT NULL CONSTRAINT audit_reads_via_known CHECK (via IN ('session', 'token')), -- by what right
    token_id   text        CONSTRAINT audit_reads_token_when_by_token CHECK ((via = 'token') = (token_id IS NOT NULL)), -- with exactly which token; NULL in a browser
    address    text, -- the client's network address; NULL when unknown or erased
    user_agent text, -- what the client called itself; NULL when unknown or erased
    method     text        NOT NULL, -- of the request
    route      text        NOT NULL, -- as in the list of routes, for example /v1/audit/tokens
    parameters json        NOT NULL, -- what was asked, pairs of name and value; never a secret
    status     bigint      NOT NULL CONSTRAINT audit_reads_status_of_http CHECK (status BETWEEN 100 AND 599) -- of the answer
);

CREATE INDEX audit_reads_by_reader ON audit_reads (reader_id, id); -- what one person read

CREATE FUNCTION refuse_reads_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was read stays recorded' USING ERRCODE = 'insufficient_privilege';
END
$$;

-- Address and user agent may be erased with the person; nothing else is ever changed.
CREATE TRIGGER audit_reads_are_kept
    BEFORE UPDATE OF id, read_at, request_id, reader_id, via, token_id, method, route, parameters, status OR DELETE OR TRUNCATE ON audit_reads
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_reads_change();

-- What was done under an Idempotency-Key, so that a retry does not do it again. Written in the transaction
-- of what was done. A row points at the events; the answer is made from them again.

CREATE TABLE idempotency_keys (
    key_digest     BLOB    NOT NULL CONSTRAINT idempotency_keys_pkey PRIMARY KEY
                           CONSTRAINT idempotency_keys_digest_is_sha256 CHECK (length(key_digest) = 32), -- SHA-256 of who sent the key, and the key
    request_digest BLOB    NOT NULL CONSTRAINT idempotency_keys_request_is_sha256 CHECK (length(request_digest) = 32), -- SHA-256 of method, path, account and body
    aggregate_type TEXT    NOT NULL, -- of the events
    aggregate_id   TEXT    NOT NULL, -- of the events
    first_sequence INTEGER NOT NULL, -- of the first event
    last_sequence  INTEGER NOT NULL CONSTRAINT idempotency_keys_sequences_in_order CHECK (last_sequence >= first_sequence), -- of the last event
    expires_at     TEXT    NOT NULL -- from then on the key is as good as new
) STRICT;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_at); -- finds what can be forgotten

-- Which token is live, and every one that ever was. Written in the transaction of the event that says so.

CREATE TABLE token_lookup (
    user_id      text        CONSTRAINT token_lookup_one_per_user PRIMARY KEY, -- the aggregate id: at most one live token
    token_id     text        NOT NULL, -- the latest token, live or dead
    generation   bigint      NOT NULL CONSTRAINT token_lookup_generation_positive CHECK (generation > 0), -- of that token
    token_digest bytea       CONSTRAINT token_lookup_digest_unique UNIQUE
                             CONSTRAINT token_lookup_digest_is_sha256 CHECK (octet_length(token_digest) = 32), -- SHA-256 of the secret, unsalted because the secret is random and lookup needs equality; NULL = revoked
    hint         text, -- the last four characters; NULL = revoked
    created_at   timestamptz, -- when the token was made; NULL = revoked
    sequence     bigint      NOT NULL -- of the event that wrote this row; it only ever grows
);

CREATE TABLE token_history (
    user_id              text        NOT NULL, -- whose token
    sequence             bigint      NOT NULL, -- of the event
    kind                 text        NOT NULL CONSTRAINT token_history_kind_known CHECK (kind IN ('generated', 'regenerated', 'revoked')), -- what happened
    token_id             text        NOT NULL, -- the token made, or the one revoked
    generation           bigint      NOT NULL, -- of that token
    hint                 text, -- its last four characters; NULL when revoked
    invalidated_token_id text        CONSTRAINT token_history_invalidated_once UNIQUE, -- the token that this rotation killed
    reason               text, -- why it was revoked
    occurred_at          timestamptz NOT NULL, -- when
    actor_id             text, -- the user who did it; NULL = the system
    actor_via            text        NOT NULL, -- session, token, setup, command_line or system
    CONSTRAINT token_history_pkey PRIMARY KEY (user_id, sequence),
    CONSTRAINT token_history_regenerated_names_the_dead CHECK ((kind = 'regenerated') = (invalidated_token_id IS NOT NULL)),
    CONSTRAINT token_history_revoked_has_a_reason CHECK ((kind = 'revoked') = (reason IS NOT NULL))
);

CREATE UNIQUE INDEX token_history_one_issue_per_generation ON token_history (user_id, generation) WHERE kind <> 'revoked'; -- a generation is issued once

-- When a token was last used, to the minute. Not an event: it is written behind the requests.
CREATE TABLE token_usage (
    token_id     text        CONSTRAINT token_usage_pkey PRIMARY KEY, -- which token
    last_used_at timestamptz NOT NULL -- when, at most a minute late
);

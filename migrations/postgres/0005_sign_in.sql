-- People and how they sign in. Personal data, so none of it is in the events.

CREATE TABLE user_profiles (
    user_id       text    CONSTRAINT user_profiles_pkey PRIMARY KEY, -- whose
    email         text    NOT NULL CONSTRAINT user_profiles_email_unique UNIQUE
                          CONSTRAINT user_profiles_email_lower_case CHECK (email = lower(email)), -- how the user signs in
    name          text    NOT NULL, -- as people read it
    password_hash text, -- argon2id, in PHC text form; NULL = not chosen yet
    session_epoch bigint  NOT NULL DEFAULT 0, -- every session begun under an earlier one has ended
    is_founder    boolean CONSTRAINT user_profiles_one_founder UNIQUE
                          CONSTRAINT user_profiles_founder_or_null CHECK (is_founder) -- true for the first user, NULL for all others: set-up can happen once
);

-- Who someone is at an identity provider. Keyed by what the provider promises never to reuse.
CREATE TABLE identities (
    issuer  text NOT NULL, -- the provider's URL
    subject text NOT NULL, -- the provider's name for the person
    user_id text NOT NULL, -- ours
    CONSTRAINT identities_pkey PRIMARY KEY (issuer, subject)
);

-- Single-use codes by which a user comes in: with a password or an identity.
CREATE TABLE setup_codes (
    code_digest bytea       CONSTRAINT setup_codes_pkey PRIMARY KEY
                            CONSTRAINT setup_codes_digest_is_sha256 CHECK (octet_length(code_digest) = 32), -- SHA-256 of the code
    user_id     text, -- the invited user; NULL = whoever becomes the first user
    expires_at  timestamptz NOT NULL, -- refused from then on
    used_at     timestamptz -- NULL = not used yet
);

-- Browser sessions, in the form that tower-sessions-sqlx-store reads and writes.
CREATE SCHEMA tower_sessions;

CREATE TABLE tower_sessions.session (
    id          text        CONSTRAINT session_pkey PRIMARY KEY, -- what the cookie holds
    data        bytea       NOT NULL, -- MessagePack
    expiry_date timestamptz NOT NULL -- dead from then on
);

-- People and how they sign in. Personal data, so none of it is in the events.

CREATE TABLE user_profiles (
    user_id       TEXT    NOT NULL CONSTRAINT user_profiles_pkey PRIMARY KEY, -- whose
    email         TEXT    NOT NULL CONSTRAINT user_profiles_email_unique UNIQUE
                          CONSTRAINT user_profiles_email_lower_case CHECK (email = lower(email)), -- how the user signs in
    name          TEXT    NOT NULL, -- as people read it
    password_hash TEXT, -- argon2id, in PHC text form; NULL = not chosen yet
    session_epoch INTEGER NOT NULL DEFAULT 0, -- every session begun under an earlier one has ended
    is_founder    INTEGER CONSTRAINT user_profiles_one_founder UNIQUE
                          CONSTRAINT user_profiles_founder_or_null CHECK (is_founder = 1) -- 1 for the first user, NULL for all others: set-up can happen once
) STRICT;

-- Who someone is at an identity provider. Keyed by what the provider promises never to reuse.
CREATE TABLE identities (
    issuer  TEXT NOT NULL, -- the provider's URL
    subject TEXT NOT NULL, -- the provider's name for the person
    user_id TEXT NOT NULL, -- ours
    CONSTRAINT identities_pkey PRIMARY KEY (issuer, subject)
) STRICT;

-- Single-use codes by which a user comes in: with a password or an identity.
CREATE TABLE setup_codes (
    code_digest BLOB NOT NULL CONSTRAINT setup_codes_pkey PRIMARY KEY
                     CONSTRAINT setup_codes_digest_is_sha256 CHECK (length(code_digest) = 32), -- SHA-256 of the code
    user_id     TEXT, -- the invited user; NULL = whoever becomes the first user
    expires_at  TEXT NOT NULL, -- refused from then on
    used_at     TEXT -- NULL = not used yet
) STRICT;

-- Browser sessions, in the form that tower-sessions-sqlx-store reads and writes.
CREATE TABLE tower_sessions (
    id          TEXT NOT NULL CONSTRAINT tower_sessions_pkey PRIMARY KEY, -- what the cookie holds
    data        BLOB NOT NULL, -- MessagePack
    expiry_date TEXT NOT NULL -- dead from then on
) STRICT;

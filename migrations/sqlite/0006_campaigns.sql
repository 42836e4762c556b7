-- What tokens are used for: assistants, calls, campaigns with their prospects and webhook URLs. The rows
-- that say what happened are written in the transaction of the event that says so; who the persons are is
-- in tables of their own (…_profiles, call_details), never in an event, and may be erased.

CREATE TABLE assistants (
    assistant_id TEXT    NOT NULL CONSTRAINT assistants_pkey PRIMARY KEY, -- which
    account_id   TEXT    NOT NULL, -- whose
    is_removed   INTEGER NOT NULL CONSTRAINT assistants_is_removed_boolean CHECK (is_removed IN (0, 1)), -- makes no more calls
    sequence     INTEGER NOT NULL -- of the account's event that wrote this row; it only ever grows
) STRICT;

CREATE INDEX assistants_by_account ON assistants (account_id, assistant_id); -- lists an account's

CREATE TABLE assistant_profiles (
    assistant_id TEXT NOT NULL CONSTRAINT assistant_profiles_pkey PRIMARY KEY, -- whose
    name         TEXT NOT NULL, -- as people read it
    phone_number TEXT NOT NULL -- E.164; calls come from it
) STRICT;

CREATE TABLE calls (
    call_id       TEXT    NOT NULL CONSTRAINT calls_pkey PRIMARY KEY, -- the aggregate id; rises with time
    account_id    TEXT    NOT NULL, -- in which account
    assistant_id  TEXT    NOT NULL, -- who makes the call
    triggered_at  TEXT    NOT NULL, -- when it was asked for
    actor_id      TEXT, -- the user who asked; NULL = nobody in particular
    actor_via     TEXT    NOT NULL, -- session or token
    credential_id TEXT, -- exactly which token; NULL for a session
    sequence      INTEGER NOT NULL -- of the event that wrote this row; it only ever grows
) STRICT;

CREATE INDEX calls_by_account ON calls (account_id, call_id); -- lists an account's

-- Whom a call is for. Personal.
CREATE TABLE call_details (
    call_id       TEXT NOT NULL CONSTRAINT call_details_pkey PRIMARY KEY, -- which call
    name          TEXT NOT NULL, -- of the person called
    phone_number  TEXT NOT NULL, -- E.164; whom to call
    from_number   TEXT NOT NULL, -- E.164; the assistant's number at that moment
    email         TEXT, -- of the person called
    timezone      TEXT, -- IANA name; where the person is
    data          TEXT, -- JSON object; what the assistant should know
    call_transfer TEXT -- JSON object; to whom the assistant may hand over, and how
) STRICT;

CREATE TABLE campaigns (
    campaign_id      TEXT    NOT NULL CONSTRAINT campaigns_pkey PRIMARY KEY, -- the aggregate id; rises with time
    account_id       TEXT, -- whose; NULL only while a rebuild has not reached the creation
    created_at       TEXT, -- NULL only while a rebuild has not reached the creation
    created_sequence INTEGER NOT NULL DEFAULT 0, -- of the event that created it; 0 = not yet, and then nobody sees it
    archived_at      TEXT, -- takes no prospects since; NULL = active
    archive_sequence INTEGER NOT NULL DEFAULT 0 -- of the event that archived it; it only ever grows
) STRICT;

CREATE INDEX campaigns_by_account ON campaigns (account_id, campaign_id); -- lists an account's

CREATE TABLE campaign_profiles (
    campaign_id  TEXT NOT NULL CONSTRAINT campaign_profiles_pkey PRIMARY KEY, -- whose
    name         TEXT NOT NULL, -- as people read it
    match_secret BLOB NOT NULL CONSTRAINT campaign_profiles_match_secret_length CHECK (length(match_secret) = 32) -- keys the match keys in the campaign's events, so that they do not tell whom it knows
) STRICT;

CREATE TABLE prospects (
    prospect_id   TEXT    NOT NULL CONSTRAINT prospects_pkey PRIMARY KEY, -- which; rises with time
    campaign_id   TEXT    NOT NULL, -- in which campaign
    added_at      TEXT    NOT NULL, -- when
    actor_id      TEXT, -- the user who added it; NULL = nobody in particular, as through a webhook URL
    actor_via     TEXT    NOT NULL, -- session, token or webhook
    credential_id TEXT, -- exactly which token or webhook URL; NULL for a session
    sequence      INTEGER NOT NULL -- of the campaign's event that wrote this row
) STRICT;

CREATE INDEX prospects_by_campaign ON prospects (campaign_id, prospect_id); -- lists a campaign's

-- Who a prospect is. Personal.
CREATE TABLE prospect_profiles (
    prospect_id  TEXT NOT NULL CONSTRAINT prospect_profiles_pkey PRIMARY KEY, -- which prospect
    first_name   TEXT, -- given name
    last_name    TEXT, -- family name
    company      TEXT, -- where the person works
    job_title    TEXT, -- as what
    email        TEXT, -- lower case
    linkedin_url TEXT, -- as given
    phone        TEXT -- E.164
) STRICT;

CREATE TABLE webhooks (
    campaign_id   TEXT    NOT NULL CONSTRAINT webhooks_one_per_campaign PRIMARY KEY, -- the aggregate id: at most one live URL
    webhook_id    TEXT    NOT NULL, -- the latest URL, live or dead
    generation    INTEGER NOT NULL CONSTRAINT webhooks_generation_positive CHECK (generation > 0), -- of that URL
    secret_digest BLOB    CONSTRAINT webhooks_digest_unique UNIQUE
                          CONSTRAINT webhooks_digest_is_sha256 CHECK (length(secret_digest) = 32), -- SHA-256 of the secret in the URL; NULL = revoked
    hint          TEXT, -- the secret's last four characters; NULL = revoked
    created_at    TEXT, -- when the URL was made; NULL = revoked
    sequence      INTEGER NOT NULL -- of the event that wrote this row; it only ever grows
) STRICT;

-- What tokens are used for: assistants, calls, campaigns with their prospects and webhook URLs. The rows
-- that say what happened are written in the transaction of the event that says so; who the persons are is
-- in tables of their own (…_profiles, call_details), never in an event, and may be erased.

CREATE TABLE assistants (
    assistant_id text CONSTRAINT assistants_pkey PRIMARY KEY, -- which
    account_id   text NOT NULL, -- whose
    is_removed   boolean NOT NULL, -- makes no more calls
    sequence     bigint NOT NULL -- of the account's event that wrote this row; it only ever grows
);

CREATE INDEX assistants_by_account ON assistants (account_id, assistant_id); -- lists an account's

CREATE TABLE assistant_profiles (
    assistant_id text CONSTRAINT assistant_profiles_pkey PRIMARY KEY, -- whose
    name         text NOT NULL, -- as people read it
    phone_number text NOT NULL -- E.164; calls come from it
);

CREATE TABLE calls (
    call_id       text CONSTRAINT calls_pkey PRIMARY KEY, -- the aggregate id; rises with time
    account_id    text NOT NULL, -- in which account
    assistant_id  text NOT NULL, -- who makes the call
    triggered_at  timestamptz NOT NULL, -- when it was asked for
    actor_id      text, -- the user who asked; NULL = nobody in particular
    actor_via     text NOT NULL, -- session or token
    credential_id text, -- exactly which token; NULL for a session
    sequence      bigint NOT NULL -- of the event that wrote this row; it only ever grows
);

CREATE INDEX calls_by_account ON calls (account_id, call_id); -- lists an account's

-- Whom a call is for. Personal.
CREATE TABLE call_details (
    call_id       text CONSTRAINT call_details_pkey PRIMARY KEY, -- which call
    name          text NOT NULL, -- of the person called
    phone_number  text NOT NULL, -- E.164; whom to call
    from_number   text NOT NULL, -- E.164; the assistant's number at that moment
    email         text, -- of the person called
    timezone      text, -- IANA name; where the person is
    data          json, -- JSON object; what the assistant should know
    call_transfer json -- JSON object; to whom the assistant may hand over, and how
);

CREATE TABLE campaigns (
    campaign_id      text CONSTRAINT campaigns_pkey PRIMARY KEY, -- the aggregate id; rises with time
    account_id       text, -- whose; NULL only while a rebuild has not reached the creation
    created_at       timestamptz, -- NULL only while a rebuild has not reached the creation
    created_sequence bigint NOT NULL DEFAULT 0, -- of the event that created it; 0 = not yet, and then nobody sees it
    archived_at      timestamptz, -- takes no prospects since; NULL = active
    archive_sequence bigint NOT NULL DEFAULT 0 -- of the event that archived it; it only ever grows
);

CREATE INDEX campaigns_by_account ON campaigns (account_id, campaign_id); -- lists an account's

CREATE TABLE campaign_profiles (
    campaign_id  text CONSTRAINT campaign_profiles_pkey PRIMARY KEY, -- whose
    name         text NOT NULL, -- as people read it
    match_secret bytea NOT NULL CONSTRAINT campaign_profiles_match_secret_length CHECK (octet_length(match_secret) = 32) -- keys the match keys in the campaign's events, so that they do not tell whom it knows
);

CREATE TABLE prospects (
    prospect_id   text CONSTRAINT prospects_pkey PRIMARY KEY, -- which; rises with time
    campaign_id   text NOT NULL, -- in which campaign
    added_at      timestamptz NOT NULL, -- when
    actor_id      text, -- the user who added it; NULL = nobody in particular, as through a webhook URL
    actor_via     text NOT NULL, -- session, token or webhook
    credential_id text, -- exactly which token or webhook URL; NULL for a session
    sequence      bigint NOT NULL -- of the campaign's event that wrote this row
);

CREATE INDEX prospects_by_campaign ON prospects (campaign_id, prospect_id); -- lists a campaign's

-- Who a prospect is. Personal.
CREATE TABLE prospect_profiles (
    prospect_id  text CONSTRAINT prospect_profiles_pkey PRIMARY KEY, -- which prospect
    first_name   text, -- given name
    last_name    text, -- family name
    company      text, -- where the person works
    job_title    text, -- as what
    email        text, -- lower case
    linkedin_url text, -- as given
    phone        text -- E.164
);

CREATE TABLE webhooks (
    campaign_id   text CONSTRAINT webhooks_one_per_campaign PRIMARY KEY, -- the aggregate id: at most one live URL
    webhook_id    text NOT NULL, -- the latest URL, live or dead
    generation    bigint NOT NULL CONSTRAINT webhooks_generation_positive CHECK (generation > 0), -- of that URL
    secret_digest bytea CONSTRAINT webhooks_digest_unique UNIQUE
                          CONSTRAINT webhooks_digest_is_sha256 CHECK (octet_length(secret_digest) = 32), -- SHA-256 of the secret in the URL; NULL = revoked
    hint          text, -- the secret's last four characters; NULL = revoked
    created_at    timestamptz, -- when the URL was made; NULL = revoked
    sequence      bigint NOT NULL -- of the event that wrote this row; it only ever grows
);

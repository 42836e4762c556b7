-- Accounts and who may act in them. Written in the transaction of the event that says so.

CREATE TABLE accounts (
    account_id TEXT    NOT NULL CONSTRAINT accounts_pkey PRIMARY KEY, -- the aggregate id
    is_closed  INTEGER NOT NULL CONSTRAINT accounts_is_closed_boolean CHECK (is_closed IN (0, 1)), -- nobody can act in a closed account
    sequence   INTEGER NOT NULL -- of the event that wrote this row; it only ever grows
) STRICT;

CREATE TABLE memberships (
    account_id TEXT    NOT NULL, -- where
    user_id    TEXT    NOT NULL, -- who
    role       TEXT    CONSTRAINT memberships_role_known CHECK (role IN ('admin', 'member', 'viewer')), -- NULL = no longer a member; the row stays, so that an old write cannot bring it back
    sequence   INTEGER NOT NULL, -- of the account's event that wrote this row; it only ever grows
    CONSTRAINT memberships_pkey PRIMARY KEY (account_id, user_id)
) STRICT;

CREATE INDEX memberships_by_user ON memberships (user_id); -- every verification lists a user's accounts

-- What an account is called. May name a person, so it is not in the events.
CREATE TABLE account_profiles (
    account_id TEXT NOT NULL CONSTRAINT account_profiles_pkey PRIMARY KEY, -- whose
    name       TEXT NOT NULL -- as people read it
) STRICT;

-- Accounts and who may act in them. Written in the transaction of the event that says so.

CREATE TABLE accounts (
    account_id text   CONSTRAINT accounts_pkey PRIMARY KEY, -- the aggregate id
    is_closed  boolean NOT NULL, -- nobody can act in a closed account
    sequence   bigint NOT NULL -- of the event that wrote this row; it only ever grows
);

CREATE TABLE memberships (
    account_id text   NOT NULL, -- where
    user_id    text   NOT NULL, -- who
    role       text   CONSTRAINT memberships_role_known CHECK (role IN ('admin', 'member', 'viewer')), -- NULL = no longer a member; the row stays, so that an old write cannot bring it back
    sequence   bigint NOT NULL, -- of the account's event that wrote this row; it only ever grows
    CONSTRAINT memberships_pkey PRIMARY KEY (account_id, user_id)
);

CREATE INDEX memberships_by_user ON memberships (user_id); -- every verification lists a user's accounts

-- What an account is called. May name a person, so it is not in the events.
CREATE TABLE account_profiles (
    account_id text CONSTRAINT account_profiles_pkey PRIMARY KEY, -- whose
    name       text NOT NULL -- as people read it
);

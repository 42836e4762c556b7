-- Who exists and who is shut out. Written in the transaction of the event that says so.

CREATE TABLE users (
    user_id             TEXT    NOT NULL CONSTRAINT users_pkey PRIMARY KEY, -- the aggregate id
    is_admin            INTEGER NOT NULL DEFAULT 0 CONSTRAINT users_is_admin_boolean CHECK (is_admin IN (0, 1)), -- holds the instance role admin
    is_auditor          INTEGER NOT NULL DEFAULT 0 CONSTRAINT users_is_auditor_boolean CHECK (is_auditor IN (0, 1)), -- holds the instance role auditor
    registered_at       TEXT, -- NULL only while a rebuild has not reached the registration
    registered_sequence INTEGER NOT NULL DEFAULT 0, -- of the event that wrote the roles; 0 = not yet, and then the user has no access
    is_locked           INTEGER NOT NULL DEFAULT 0 CONSTRAINT users_is_locked_boolean CHECK (is_locked IN (0, 1)), -- shut out
    lock_sequence       INTEGER NOT NULL DEFAULT 0 -- of the event that wrote is_locked; it only ever grows
) STRICT;

-- Who exists and who is shut out. Written in the transaction of the event that says so.

CREATE TABLE users (
    user_id             text        CONSTRAINT users_pkey PRIMARY KEY, -- the aggregate id
    is_admin            boolean     NOT NULL DEFAULT false, -- holds the instance role admin
    is_auditor          boolean     NOT NULL DEFAULT false, -- holds the instance role auditor
    registered_at       timestamptz, -- NULL only while a rebuild has not reached the registration
    registered_sequence bigint      NOT NULL DEFAULT 0, -- of the event that wrote the roles; 0 = not yet, and then the user has no access
    is_locked           boolean     NOT NULL DEFAULT false, -- shut out
    lock_sequence       bigint      NOT NULL DEFAULT 0 -- of the event that wrote is_locked; it only ever grows
);

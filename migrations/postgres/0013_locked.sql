-- Finds, at every start, what a crash in the middle of locking left behind.

CREATE INDEX users_locked ON users (user_id) WHERE is_locked; -- few among many

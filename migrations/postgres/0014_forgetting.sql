-- Finds what is to be forgotten without reading everything else, while others wait to write.

CREATE INDEX users_erased ON users (user_id) WHERE erased_at IS NOT NULL; -- few among many
CREATE INDEX identities_by_user ON identities (user_id); -- finds what to erase
CREATE INDEX setup_codes_by_user ON setup_codes (user_id); -- finds what to erase
CREATE INDEX setup_codes_by_expiry ON setup_codes (expires_at); -- finds what can be forgotten
CREATE INDEX tower_sessions_by_expiry ON tower_sessions.session (expiry_date); -- finds what can be forgotten

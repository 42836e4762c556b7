//! A past that nobody lived: many events with all that belongs to them but the rows that follow from them.
//!
//! It is made by the database itself, which takes seconds where commands would take minutes.

use crate::database::Store;
use crate::sql::Connection;

/// So many of its events are of one user.
pub const EACH: u64 = 5;

/// Adds so many events, all waiting for their positions: every user has generated a token and replaced it four
/// times. No read model knows of any.
pub async fn add(connection: &mut Connection, events: u64) {
    let store = connection.store();
    let user = id("01980000", &format!("n / {EACH}"), store);
    let (token, dead) = (id("01990000", "n", store), id("01990000", "n - 1", store));
    let (digest, json, salt) = match store {
        // Different from the first bits on, as digests are.
        Store::Sqlite => (
            "printf('%08x%08x%048x', n * 2654435761 % 4294967296, n * 2246822519 % 4294967296, n)",
            "",
            "x'5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a'",
        ),
        Store::Postgres => (
            "lpad(to_hex(n * 2654435761 % 4294967296), 8, '0')
             || lpad(to_hex(n * 2246822519 % 4294967296), 8, '0') || lpad(to_hex(n), 48, '0')",
            "::json",
            "decode(repeat('5a', 16), 'hex')",
        ),
    };
    let text = format!(
        "CREATE TEMPORARY TABLE past AS
         WITH RECURSIVE past (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM past WHERE n < {events} - 1)
         SELECT n, {user} AS user_id, n % {EACH} + 1 AS generation FROM past;
         INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         SELECT 'token', user_id, generation, kind, '1',
                ('{{\"' || kind || '\":{{\"token_id\":\"' || {token} || '\",\"generation\":' || generation || ',\"digest\":\"sha256:' || {digest} ||
                 '\",\"hint\":\"E0B7\",' || killed || '\"at\":\"2026-02-04T00:00:00.123456Z\"}}}}'){json},
                ('{{\"command_id\":\"' || {token} || '\",\"request_id\":\"' || {token} || '\",\"actor_via\":\"session\",\"actor_id\":\"' || user_id ||
                 '\",\"origin_sha256\":\"' || {digest} || '\"}}'){json}
         FROM (SELECT n, user_id, generation,
                      CASE generation WHEN 1 THEN 'TokenGenerated' ELSE 'TokenRegenerated' END AS kind,
                      CASE generation WHEN 1 THEN '' ELSE '\"invalidated_token_id\":\"' || {dead} || '\",' END AS killed
               FROM past) AS told;
         INSERT INTO event_context (aggregate_type, aggregate_id, sequence, salt, user_id)
         SELECT 'token', user_id, generation, {salt}, user_id FROM past;
         INSERT INTO log_queue (aggregate_type, aggregate_id, sequence)
         SELECT 'token', user_id, generation FROM past ORDER BY n;
         DROP TABLE past"
    );
    connection.execute(&text).await.expect("nothing is in the way");
}

fn id(begin: &str, number: &str, store: Store) -> String {
    match store {
        Store::Sqlite => format!("printf('{begin}-0000-7000-8000-%012x', {number})"),
        Store::Postgres => {
            format!("('{begin}-0000-7000-8000-' || lpad(to_hex({number}), 12, '0'))")
        }
    }
}

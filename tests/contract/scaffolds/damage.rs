//! Rows that were edited, deleted and invented by hand, and how many there are.

use std::collections::BTreeMap;

use projections::rebuild::Differences;
use tests::sql::{Connection, Row};
use tests::{Database, Ledger};

/// Does something to every table that events make.
pub(super) async fn damage(database: &Database) {
    let mut connection = Connection::open(database).await;
    for command in [
        // Edited, with a sequence that keeps later events from mending it.
        "UPDATE users SET is_admin = NOT is_admin, registered_sequence = 900, lock_sequence = 900
         WHERE user_id = (SELECT min(user_id) FROM users)",
        "DELETE FROM accounts WHERE account_id = (SELECT min(account_id) FROM accounts)",
        "INSERT INTO accounts (account_id, is_closed, sequence) VALUES ('invented', 0 = 1, 7)",
        "UPDATE memberships SET role = 'viewer', sequence = sequence + 1",
        // Two have each other's: neither can be put right while the other is wrong.
        "CREATE TEMPORARY TABLE two AS SELECT user_id, token_digest FROM token_lookup WHERE token_digest IS NOT NULL ORDER BY user_id LIMIT 2;
         UPDATE token_lookup SET token_digest = NULL WHERE user_id IN (SELECT user_id FROM two);
         UPDATE token_lookup SET token_digest = (SELECT token_digest FROM two WHERE two.user_id <> token_lookup.user_id)
         WHERE user_id IN (SELECT user_id FROM two);
         DROP TABLE two",
        "DELETE FROM token_history WHERE sequence = 1",
        "UPDATE token_history SET actor_id = NULL WHERE sequence = 2",
        "INSERT INTO token_history (user_id, sequence, kind, token_id, generation, reason, occurred_at, actor_via)
         VALUES ('invented', 1, 'revoked', 'invented', 1, 'owner', '2026-02-04T00:00:00+00:00', 'session')",
        "DELETE FROM assistants",
        "DELETE FROM calls WHERE call_id = (SELECT max(call_id) FROM calls)",
        "INSERT INTO calls (call_id, account_id, assistant_id, triggered_at, actor_via, sequence)
         VALUES ('invented', 'a', 'b', '2026-02-04T00:00:00+00:00', 'session', 1)",
        "UPDATE campaigns SET archived_at = '2026-02-04T00:00:00+00:00', archive_sequence = 900",
        "UPDATE prospects SET credential_id = 'invented'",
        "UPDATE webhooks SET generation = generation + 1",
    ] {
        connection.execute(command).await.unwrap_or_else(|error| panic!("{command}: {error}"));
    }
}

/// How many leading columns tell the rows of a table apart.
fn key(table: &str) -> usize {
    match table {
        "memberships" | "token_history" => 2,
        _ => 1,
    }
}

/// How the tables of one ledger differ from those of another: only those that do.
pub(super) fn differences(wrong: &Ledger, right: &Ledger) -> Vec<Differences> {
    let (mut wrong, right) = (wrong.projected(), right.projected());
    let compare = |(table, right): (&'static str, Vec<Row>)| {
        let width = key(table);
        let keyed = |rows: Vec<Row>| {
            let keyed = rows.into_iter().map(|row| (row[..width].to_vec(), row));
            keyed.collect::<BTreeMap<_, _>>()
        };
        let (wrong, right) = (keyed(wrong.remove(table).unwrap()), keyed(right));
        let count = |rows: usize| u64::try_from(rows).unwrap();
        let missing = count(right.keys().filter(|key| !wrong.contains_key(*key)).count());
        let invented = count(wrong.keys().filter(|key| !right.contains_key(*key)).count());
        let is_other = |(key, row): &(&Row, &Row)| wrong.get(*key).is_some_and(|it| it != *row);
        let different = count(right.iter().filter(is_other).count());
        Differences { table, missing, different, invented }
    };
    right.into_iter().map(compare).filter(|table| table.rows() > 0).collect()
}

//! Writes a [`Change`] down: one statement each.
//!
//! **Invariant:** every statement only moves a row forward (`WHERE row.sequence < new`) and none
//! deletes, so live writes and a rebuild can interleave in any order and end the same.

use crate::projector::{Change, HistoryLine, LiveFields, Outcome};
use crate::sql::Statement;

const PUT_USER: &str = "
INSERT INTO users (user_id, is_admin, is_auditor, registered_at, registered_sequence)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id) DO UPDATE
SET is_admin = excluded.is_admin,
    is_auditor = excluded.is_auditor,
    registered_at = excluded.registered_at,
    registered_sequence = excluded.registered_sequence
WHERE users.registered_sequence < excluded.registered_sequence";

const PUT_USER_LOCK: &str = "
INSERT INTO users (user_id, is_locked, lock_sequence)
VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE
SET is_locked = excluded.is_locked,
    lock_sequence = excluded.lock_sequence
WHERE users.lock_sequence < excluded.lock_sequence";

const PUT_ACCOUNT: &str = "
INSERT INTO accounts (account_id, is_closed, sequence)
VALUES ($1, $2, $3)
ON CONFLICT (account_id) DO UPDATE
SET is_closed = excluded.is_closed,
    sequence = excluded.sequence
WHERE accounts.sequence < excluded.sequence";

const PUT_MEMBERSHIP: &str = "
INSERT INTO memberships (account_id, user_id, role, sequence)
VALUES ($1, $2, $3, $4)
ON CONFLICT (account_id, user_id) DO UPDATE
SET role = excluded.role,
    sequence = excluded.sequence
WHERE memberships.sequence < excluded.sequence";

const PUT_TOKEN: &str = "
INSERT INTO token_lookup (user_id, token_id, generation, token_digest, hint, created_at, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (user_id) DO UPDATE
SET token_id = excluded.token_id,
    generation = excluded.generation,
    token_digest = excluded.token_digest,
    hint = excluded.hint,
    created_at = excluded.created_at,
    sequence = excluded.sequence
WHERE token_lookup.sequence < excluded.sequence";

const APPEND_TOKEN_HISTORY: &str = "
INSERT INTO token_history (user_id, sequence, kind, token_id, generation, hint,
                           invalidated_token_id, reason, occurred_at, actor_id, actor_via)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (user_id, sequence) DO NOTHING";

/// The statement that makes `change` true.
pub fn statement(change: &Change) -> Statement {
    match change {
        Change::PutUser { user_id, is_admin, is_auditor, registered_at, sequence } => {
            Statement::new(PUT_USER)
                .bind(user_id.to_string())
                .bind(*is_admin)
                .bind(*is_auditor)
                .bind(*registered_at)
                .bind(*sequence)
        }
        Change::PutUserLock { user_id, is_locked, sequence } => {
            Statement::new(PUT_USER_LOCK).bind(user_id.to_string()).bind(*is_locked).bind(*sequence)
        }
        Change::PutAccount { account_id, is_closed, sequence } => Statement::new(PUT_ACCOUNT)
            .bind(account_id.to_string())
            .bind(*is_closed)
            .bind(*sequence),
        Change::PutMembership { account_id, user_id, role, sequence } => {
            Statement::new(PUT_MEMBERSHIP)
                .bind(account_id.to_string())
                .bind(user_id.to_string())
                .bind(role.map(|role| role.to_string()))
                .bind(*sequence)
        }
        Change::PutToken { user_id, token_id, generation, live, sequence } => {
            let live = live.as_ref();
            Statement::new(PUT_TOKEN)
                .bind(user_id.to_string())
                .bind(token_id.to_string())
                .bind(i64::from(generation.get()))
                .bind(live.map(|LiveFields { digest, .. }| digest.as_bytes().to_vec()))
                .bind(live.map(|LiveFields { hint, .. }| hint.as_str().to_owned()))
                .bind(live.map(|LiveFields { created_at, .. }| *created_at))
                .bind(*sequence)
        }
        Change::AppendTokenHistory(line) => append_token_history(line),
    }
}

fn append_token_history(line: &HistoryLine) -> Statement {
    let (kind, hint, invalidated, reason) = match &line.outcome {
        Outcome::Generated { hint } => ("generated", Some(hint), None, None),
        Outcome::Regenerated { hint, invalidated } => {
            ("regenerated", Some(hint), Some(invalidated), None)
        }
        Outcome::Revoked { reason } => ("revoked", None, None, Some(reason)),
    };
    Statement::new(APPEND_TOKEN_HISTORY)
        .bind(line.user_id.to_string())
        .bind(line.sequence)
        .bind(kind)
        .bind(line.token_id.to_string())
        .bind(i64::from(line.generation.get()))
        .bind(hint.map(|hint| hint.as_str().to_owned()))
        .bind(invalidated.map(ToString::to_string))
        .bind(reason.map(|reason| reason.as_str().to_owned()))
        .bind(line.occurred_at)
        .bind(line.actor.user_id.map(|id| id.to_string()))
        .bind(line.actor.via.as_str())
}

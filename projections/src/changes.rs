//! Writes a [`Change`] down: one statement each.
//!
//! **Invariant:** every statement only moves a row forward (`WHERE row.sequence < new`) and none
//! deletes, so live writes and a rebuild can interleave in any order and end the same.

use crate::Actor;
use crate::projector::{CallLine, Change, HistoryLine, LiveFields, Outcome, ProspectLine};
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

const PUT_USER_ERASURE: &str = "
INSERT INTO users (user_id, erased_at, erase_sequence)
VALUES ($1, $2, $3)
ON CONFLICT (user_id) DO UPDATE
SET erased_at = excluded.erased_at,
    erase_sequence = excluded.erase_sequence
WHERE users.erase_sequence < excluded.erase_sequence";

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
                           invalidated_token_id, reason, occurred_at, actor_id, actor_via, token_digest)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (user_id, sequence) DO NOTHING";

const PUT_ASSISTANT: &str = "
INSERT INTO assistants (assistant_id, account_id, is_removed, sequence)
VALUES ($1, $2, $3, $4)
ON CONFLICT (assistant_id) DO UPDATE
SET account_id = excluded.account_id,
    is_removed = excluded.is_removed,
    sequence = excluded.sequence
WHERE assistants.sequence < excluded.sequence";

const PUT_CALL: &str = "
INSERT INTO calls (call_id, account_id, assistant_id, triggered_at, actor_id, actor_via, credential_id, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (call_id) DO NOTHING";

const PUT_CAMPAIGN: &str = "
INSERT INTO campaigns (campaign_id, account_id, created_at, created_sequence)
VALUES ($1, $2, $3, $4)
ON CONFLICT (campaign_id) DO UPDATE
SET account_id = excluded.account_id,
    created_at = excluded.created_at,
    created_sequence = excluded.created_sequence
WHERE campaigns.created_sequence < excluded.created_sequence";

const ARCHIVE_CAMPAIGN: &str = "
INSERT INTO campaigns (campaign_id, archived_at, archive_sequence)
VALUES ($1, $2, $3)
ON CONFLICT (campaign_id) DO UPDATE
SET archived_at = excluded.archived_at,
    archive_sequence = excluded.archive_sequence
WHERE campaigns.archive_sequence < excluded.archive_sequence";

const APPEND_PROSPECT: &str = "
INSERT INTO prospects (prospect_id, campaign_id, added_at, actor_id, actor_via, credential_id, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (prospect_id) DO NOTHING";

const PUT_WEBHOOK: &str = "
INSERT INTO webhooks (campaign_id, webhook_id, generation, secret_digest, hint, created_at, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (campaign_id) DO UPDATE
SET webhook_id = excluded.webhook_id,
    generation = excluded.generation,
    secret_digest = excluded.secret_digest,
    hint = excluded.hint,
    created_at = excluded.created_at,
    sequence = excluded.sequence
WHERE webhooks.sequence < excluded.sequence";

/// Every text that [`statement`] may give. A rebuild learns from these which tables events make, of which
/// columns and with which keys, and stops at a text that is not among them.
pub const STATEMENTS: [&str; 13] = [
    PUT_USER,
    PUT_USER_LOCK,
    PUT_USER_ERASURE,
    PUT_ACCOUNT,
    PUT_MEMBERSHIP,
    PUT_TOKEN,
    APPEND_TOKEN_HISTORY,
    PUT_ASSISTANT,
    PUT_CALL,
    PUT_CAMPAIGN,
    ARCHIVE_CAMPAIGN,
    APPEND_PROSPECT,
    PUT_WEBHOOK,
];

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
        Change::PutUserErasure { user_id, erased_at, sequence } => Statement::new(PUT_USER_ERASURE)
            .bind(user_id.to_string())
            .bind(*erased_at)
            .bind(*sequence),
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
            let statement = Statement::new(PUT_TOKEN)
                .bind(user_id.to_string())
                .bind(token_id.to_string())
                .bind(i64::from(generation.get()));
            bind_live(statement, live.as_ref()).bind(*sequence)
        }
        Change::AppendTokenHistory(line) => append_token_history(line),
        Change::PutAssistant { assistant_id, account_id, is_removed, sequence } => {
            Statement::new(PUT_ASSISTANT)
                .bind(assistant_id.to_string())
                .bind(account_id.to_string())
                .bind(*is_removed)
                .bind(*sequence)
        }
        Change::PutCall(line) => put_call(line),
        Change::PutCampaign { campaign_id, account_id, created_at, sequence } => {
            Statement::new(PUT_CAMPAIGN)
                .bind(campaign_id.to_string())
                .bind(account_id.to_string())
                .bind(*created_at)
                .bind(*sequence)
        }
        Change::ArchiveCampaign { campaign_id, archived_at, sequence } => {
            Statement::new(ARCHIVE_CAMPAIGN)
                .bind(campaign_id.to_string())
                .bind(*archived_at)
                .bind(*sequence)
        }
        Change::AppendProspect(line) => append_prospect(line),
        Change::PutWebhook { campaign_id, webhook_id, generation, live, sequence } => {
            let statement = Statement::new(PUT_WEBHOOK)
                .bind(campaign_id.to_string())
                .bind(webhook_id.to_string())
                .bind(i64::from(generation.get()));
            bind_live(statement, live.as_ref()).bind(*sequence)
        }
    }
}

fn bind_live(statement: Statement, live: Option<&LiveFields>) -> Statement {
    statement
        .bind(live.map(|LiveFields { digest, .. }| digest.as_bytes().to_vec()))
        .bind(live.map(|LiveFields { hint, .. }| hint.as_str().to_owned()))
        .bind(live.map(|LiveFields { created_at, .. }| *created_at))
}

fn bind_actor(statement: Statement, actor: &Actor) -> Statement {
    statement
        .bind(actor.user_id.map(|id| id.to_string()))
        .bind(actor.via.as_str())
        .bind(actor.via.credential_id())
}

fn put_call(line: &CallLine) -> Statement {
    let statement = Statement::new(PUT_CALL)
        .bind(line.call_id.to_string())
        .bind(line.account_id.to_string())
        .bind(line.assistant_id.to_string())
        .bind(line.triggered_at);
    bind_actor(statement, &line.actor).bind(line.sequence)
}

fn append_prospect(line: &ProspectLine) -> Statement {
    let statement = Statement::new(APPEND_PROSPECT)
        .bind(line.prospect_id.to_string())
        .bind(line.campaign_id.to_string())
        .bind(line.added_at);
    bind_actor(statement, &line.actor).bind(line.sequence)
}

fn append_token_history(line: &HistoryLine) -> Statement {
    let (kind, made, invalidated, reason) = match &line.outcome {
        Outcome::Generated { digest, hint } => ("generated", Some((digest, hint)), None, None),
        Outcome::Regenerated { digest, hint, invalidated } => {
            ("regenerated", Some((digest, hint)), Some(invalidated), None)
        }
        Outcome::Revoked { reason } => ("revoked", None, None, Some(reason)),
    };
    Statement::new(APPEND_TOKEN_HISTORY)
        .bind(line.user_id.to_string())
        .bind(line.sequence)
        .bind(kind)
        .bind(line.token_id.to_string())
        .bind(i64::from(line.generation.get()))
        .bind(made.map(|(_, hint)| hint.as_str().to_owned()))
        .bind(invalidated.map(ToString::to_string))
        .bind(reason.map(|reason| reason.as_str().to_owned()))
        .bind(line.occurred_at)
        .bind(line.actor.user_id.map(|id| id.to_string()))
        .bind(line.actor.via.as_str())
        .bind(made.map(|(digest, _)| digest.as_bytes().to_vec()))
}

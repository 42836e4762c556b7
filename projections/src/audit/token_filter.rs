//! Which tokens to list, and the question for them.

use chrono::{DateTime, Utc};
use domain::token::{RevocationReason, TokenDigest, TokenHint};
use domain::{AccountId, UserId};

use super::and;
use super::history::TokenHistoryKind;
use super::tokens::TokenStatus;
use crate::sql::Statement;

/// Which tokens to list; `None` = whichever. Times begin with `since` and end before `until`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenFilter {
    /// Whose.
    pub user_id: Option<UserId>,
    /// Of members of this account, as it is now.
    pub account_id: Option<AccountId>,
    /// How they stand.
    pub status: Option<TokenStatus>,
    /// Made then or later.
    pub generated_since: Option<DateTime<Utc>>,
    /// Made before then.
    pub generated_until: Option<DateTime<Utc>>,
    /// Ended then or later.
    pub invalidated_since: Option<DateTime<Utc>>,
    /// Ended before then.
    pub invalidated_until: Option<DateTime<Utc>>,
    /// Ended by this user.
    pub invalidated_by: Option<UserId>,
    /// Revoked for this reason.
    pub reason: Option<RevocationReason>,
    /// With these last four characters.
    pub hint: Option<TokenHint>,
    /// With this digest.
    pub digest: Option<TokenDigest>,
    /// Neither made nor used since.
    pub idle_since: Option<DateTime<Utc>>,
    /// Made like this: where none was, or in place of another.
    pub made: Option<TokenHistoryKind>,
    /// Only of owners who are locked or belong to no open account.
    pub of_leavers: bool,
}

/// The owner belongs to an account that is open.
macro_rules! belongs_to_an_open_account {
    () => {
        "EXISTS (
      SELECT 1
      FROM memberships m
      JOIN accounts a ON a.account_id = m.account_id AND NOT a.is_closed
      WHERE m.user_id = h.user_id AND m.role IS NOT NULL
  )"
    };
}

/// What ended a token is the next event of its owner's token: nothing else can follow its making.
const SELECT: &str = concat!(
    "
SELECT h.token_id, h.user_id, p.email, h.generation, h.hint,
       h.occurred_at AS generated_at, h.actor_id AS generated_by, h.actor_via AS generated_via,
       c.address, c.user_agent,
       e.token_id AS end_token_id, e.invalidated_token_id AS end_invalidated_token_id,
       e.reason AS end_reason, e.occurred_at AS ended_at, e.actor_id AS ended_by, e.actor_via AS ended_via,
       l.last_used_at,
       (SELECT min(f.first_at) FROM token_refusals f WHERE f.token_id = h.token_id) AS first_refused_at,
       o.is_locked AS owner_is_locked,
       ",
    belongs_to_an_open_account!(),
    " AS owner_is_member
FROM token_history h
LEFT JOIN token_history e
  ON e.user_id = h.user_id
 AND e.sequence = h.sequence + 1
LEFT JOIN event_context c
  ON c.aggregate_type = 'token'
 AND c.aggregate_id = h.user_id
 AND c.sequence = h.sequence
LEFT JOIN user_profiles p ON p.user_id = h.user_id
LEFT JOIN token_usage l ON l.token_id = h.token_id
JOIN users o ON o.user_id = h.user_id
WHERE h.kind <> 'revoked'"
);

const MEMBER_NOW: &str = "EXISTS (
      SELECT 1
      FROM memberships m
      WHERE m.account_id = ? AND m.user_id = h.user_id AND m.role IS NOT NULL
  )";

const LEAVER: &str = concat!("\n  AND (o.is_locked OR NOT ", belongs_to_an_open_account!(), ")");

/// The question with what the filter asks for.
pub(super) fn narrowed(filter: &TokenFilter) -> Statement {
    let mut question = Statement::new(SELECT);
    let ids = [
        ("h.user_id = ?", filter.user_id.map(|id| id.to_string())),
        (MEMBER_NOW, filter.account_id.map(|id| id.to_string())),
        ("e.actor_id = ?", filter.invalidated_by.map(|id| id.to_string())),
        ("e.reason = ?", filter.reason.map(|reason| reason.as_str().to_owned())),
        ("h.kind = ?", filter.made.map(|kind| kind.as_verb().to_owned())),
        ("h.hint = ?", filter.hint.as_ref().map(|hint| hint.as_str().to_owned())),
    ];
    for (condition, value) in ids {
        if let Some(value) = value {
            question = and(question, condition, value);
        }
    }
    let times = [
        ("h.occurred_at >= ?", filter.generated_since),
        ("h.occurred_at < ?", filter.generated_until),
        ("e.occurred_at >= ?", filter.invalidated_since),
        ("e.occurred_at < ?", filter.invalidated_until),
        ("h.occurred_at < ?", filter.idle_since),
        ("(l.last_used_at IS NULL OR l.last_used_at < ?)", filter.idle_since),
    ];
    for (condition, time) in times {
        if let Some(time) = time {
            question = and(question, condition, time);
        }
    }
    if let Some(digest) = filter.digest {
        question = and(question, "h.token_digest = ?", digest.as_bytes().to_vec());
    }
    if let Some(status) = filter.status {
        question.text = format!("{}\n  AND {}", question.text, status.condition()).into();
    }
    if filter.of_leavers {
        question.text = format!("{}{LEAVER}", question.text).into();
    }
    question
}

//! What each event changes. Pure: no SQL, no clock, no surprise.
//!
//! There is no `_` arm: a new event does not compile until someone has decided what it changes.

use chrono::{DateTime, Utc};
use domain::token::{Generation, RevocationReason, TokenDigest, TokenHint};
use domain::{
    AccountEvent, AccountId, AccountRole, InstanceRole, TokenEvent, TokenId, UserEvent, UserId,
};

use crate::Actor;
use crate::recorded::{Happening, RecordedEvent};

/// One row that becomes different. Each says the whole new state of what it touches and the sequence
/// of its event, so that the newest wins in whatever order changes are applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The user exists, with these roles.
    PutUser {
        /// Who.
        user_id: UserId,
        /// Holds the instance role `admin`.
        is_admin: bool,
        /// Holds the instance role `auditor`.
        is_auditor: bool,
        /// Since when.
        registered_at: DateTime<Utc>,
        /// Of the event.
        sequence: i64,
    },
    /// The user is shut out, or not.
    PutUserLock {
        /// Who.
        user_id: UserId,
        /// Shut out.
        is_locked: bool,
        /// Of the event.
        sequence: i64,
    },
    /// The account is open, or closed.
    PutAccount {
        /// Which.
        account_id: AccountId,
        /// Nobody can act in it.
        is_closed: bool,
        /// Of the event.
        sequence: i64,
    },
    /// The user's role in the account; `None` = not a member.
    PutMembership {
        /// Where.
        account_id: AccountId,
        /// Who.
        user_id: UserId,
        /// As what.
        role: Option<AccountRole>,
        /// Of the event.
        sequence: i64,
    },
    /// The user's latest token, and what finds it; `None` = it is dead.
    PutToken {
        /// Whose.
        user_id: UserId,
        /// Which.
        token_id: TokenId,
        /// Of that token.
        generation: Generation,
        /// What makes it live.
        live: Option<LiveFields>,
        /// Of the event.
        sequence: i64,
    },
    /// A line of the token history.
    AppendTokenHistory(HistoryLine),
}

/// What only a live token has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveFields {
    /// What finds the token.
    pub digest: TokenDigest,
    /// What its owner recognises it by.
    pub hint: TokenHint,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// One line of the token history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Whose token.
    pub user_id: UserId,
    /// Of the event.
    pub sequence: i64,
    /// The token made or revoked.
    pub token_id: TokenId,
    /// Of that token.
    pub generation: Generation,
    /// What happened to it.
    pub outcome: Outcome,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
}

/// What happened to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It became live where none was.
    Generated {
        /// Its last four characters.
        hint: TokenHint,
    },
    /// It became live and killed another.
    Regenerated {
        /// Its last four characters.
        hint: TokenHint,
        /// The token it killed.
        invalidated: TokenId,
    },
    /// It died without a successor.
    Revoked {
        /// Why.
        reason: RevocationReason,
    },
}

/// What `event` changes, in the order to apply.
pub fn changes(event: &RecordedEvent) -> Vec<Change> {
    let sequence = event.sequence;
    match &event.happening {
        Happening::Token(user_id, happened) => {
            token_changes(*user_id, happened, sequence, event.actor)
        }
        Happening::User(user_id, happened) => vec![user_change(*user_id, happened, sequence)],
        Happening::Account(account_id, happened) => {
            vec![account_change(*account_id, happened, sequence)]
        }
    }
}

fn token_changes(user_id: UserId, event: &TokenEvent, sequence: i64, actor: Actor) -> Vec<Change> {
    let (token_id, generation, live, outcome, occurred_at) = match event.clone() {
        TokenEvent::TokenGenerated { token_id, generation, digest, hint, at } => {
            let live = LiveFields { digest, hint: hint.clone(), created_at: at };
            (token_id, generation, Some(live), Outcome::Generated { hint }, at)
        }
        TokenEvent::TokenRegenerated {
            token_id,
            generation,
            digest,
            hint,
            invalidated_token_id: invalidated,
            at,
        } => {
            let live = LiveFields { digest, hint: hint.clone(), created_at: at };
            (token_id, generation, Some(live), Outcome::Regenerated { hint, invalidated }, at)
        }
        TokenEvent::TokenRevoked { token_id, generation, reason, at } => {
            (token_id, generation, None, Outcome::Revoked { reason }, at)
        }
    };
    vec![
        Change::PutToken { user_id, token_id, generation, live, sequence },
        Change::AppendTokenHistory(HistoryLine {
            user_id,
            sequence,
            token_id,
            generation,
            outcome,
            occurred_at,
            actor,
        }),
    ]
}

fn user_change(user_id: UserId, event: &UserEvent, sequence: i64) -> Change {
    match event {
        UserEvent::UserRegistered { roles, at } => Change::PutUser {
            user_id,
            is_admin: roles.contains(&InstanceRole::Admin),
            is_auditor: roles.contains(&InstanceRole::Auditor),
            registered_at: *at,
            sequence,
        },
        UserEvent::UserLocked { .. } => Change::PutUserLock { user_id, is_locked: true, sequence },
        UserEvent::UserUnlocked { .. } => {
            Change::PutUserLock { user_id, is_locked: false, sequence }
        }
    }
}

fn account_change(account_id: AccountId, event: &AccountEvent, sequence: i64) -> Change {
    match *event {
        AccountEvent::AccountOpened { .. } => {
            Change::PutAccount { account_id, is_closed: false, sequence }
        }
        AccountEvent::AccountClosed { .. } => {
            Change::PutAccount { account_id, is_closed: true, sequence }
        }
        AccountEvent::MemberAdded { user_id, role, .. }
        | AccountEvent::MemberRoleChanged { user_id, role, .. } => {
            Change::PutMembership { account_id, user_id, role: Some(role), sequence }
        }
        AccountEvent::MemberRemoved { user_id, .. } => {
            Change::PutMembership { account_id, user_id, role: None, sequence }
        }
    }
}

//! The rows that events change.

use chrono::{DateTime, Utc};
use domain::token::{Generation, RevocationReason, TokenDigest, TokenHint};
use domain::{
    AccountId, AccountRole, AssistantId, CallId, CampaignId, ProspectId, TokenId, UserId, WebhookId,
};

use crate::Actor;

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
    /// Everything that told who the user is was erased.
    PutUserErasure {
        /// Who.
        user_id: UserId,
        /// When.
        erased_at: DateTime<Utc>,
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
    /// The account has the assistant, or has it no more.
    PutAssistant {
        /// Which.
        assistant_id: AssistantId,
        /// Whose.
        account_id: AccountId,
        /// Makes no more calls.
        is_removed: bool,
        /// Of the event.
        sequence: i64,
    },
    /// The call exists.
    PutCall(CallLine),
    /// The campaign exists.
    PutCampaign {
        /// Which.
        campaign_id: CampaignId,
        /// Whose.
        account_id: AccountId,
        /// When.
        created_at: DateTime<Utc>,
        /// Of the event.
        sequence: i64,
    },
    /// The campaign takes no more prospects.
    ArchiveCampaign {
        /// Which.
        campaign_id: CampaignId,
        /// Since when.
        archived_at: DateTime<Utc>,
        /// Of the event.
        sequence: i64,
    },
    /// A campaign has one prospect more.
    AppendProspect(ProspectLine),
    /// A campaign's latest webhook URL, and what finds it; `None` = it is dead.
    PutWebhook {
        /// Whose.
        campaign_id: CampaignId,
        /// Which.
        webhook_id: WebhookId,
        /// Of that URL.
        generation: Generation,
        /// What makes it live.
        live: Option<LiveFields>,
        /// Of the event.
        sequence: i64,
    },
}

/// A call that was triggered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallLine {
    /// Which.
    pub call_id: CallId,
    /// In which account.
    pub account_id: AccountId,
    /// Who makes it.
    pub assistant_id: AssistantId,
    /// When.
    pub triggered_at: DateTime<Utc>,
    /// Who asked for it.
    pub actor: Actor,
    /// Of the event.
    pub sequence: i64,
}

/// A prospect that was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProspectLine {
    /// Which.
    pub prospect_id: ProspectId,
    /// To which campaign.
    pub campaign_id: CampaignId,
    /// When.
    pub added_at: DateTime<Utc>,
    /// Who did it.
    pub actor: Actor,
    /// Of the event.
    pub sequence: i64,
}

/// What only a live token or webhook URL has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveFields {
    /// What finds it.
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
        /// What recognises it, dead or alive.
        digest: TokenDigest,
        /// Its last four characters.
        hint: TokenHint,
    },
    /// It became live and killed another.
    Regenerated {
        /// What recognises it, dead or alive.
        digest: TokenDigest,
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

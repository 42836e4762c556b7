//! What each event changes. Pure: no SQL, no clock, no surprise.
//!
//! There is no `_` arm: a new event does not compile until someone has decided what it changes.

mod change;

use domain::campaign::RecordOutcome;
use domain::{
    AccountEvent, AccountId, CallEvent, CallId, CampaignEvent, CampaignId, InstanceRole,
    TokenEvent, UserEvent, UserId, WebhookEvent,
};

pub use change::{CallLine, Change, HistoryLine, LiveFields, Outcome, ProspectLine};

use crate::Actor;
use crate::recorded::{Happening, RecordedEvent};

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
        Happening::Call(call_id, happened) => {
            vec![call_change(*call_id, happened, sequence, event.actor)]
        }
        Happening::Campaign(campaign_id, happened) => {
            campaign_changes(*campaign_id, happened, sequence, event.actor)
        }
        Happening::Webhook(campaign_id, happened) => {
            vec![webhook_change(*campaign_id, happened, sequence)]
        }
    }
}

fn token_changes(user_id: UserId, event: &TokenEvent, sequence: i64, actor: Actor) -> Vec<Change> {
    let (token_id, generation, live, outcome, occurred_at) = match event.clone() {
        TokenEvent::TokenGenerated { token_id, generation, digest, hint, at } => {
            let live = LiveFields { digest, hint: hint.clone(), created_at: at };
            (token_id, generation, Some(live), Outcome::Generated { digest, hint }, at)
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
            (
                token_id,
                generation,
                Some(live),
                Outcome::Regenerated { digest, hint, invalidated },
                at,
            )
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
        UserEvent::PersonalDataErased { at } => {
            Change::PutUserErasure { user_id, erased_at: *at, sequence }
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
        AccountEvent::AssistantAdded { assistant_id, .. } => {
            Change::PutAssistant { assistant_id, account_id, is_removed: false, sequence }
        }
        AccountEvent::AssistantRemoved { assistant_id, .. } => {
            Change::PutAssistant { assistant_id, account_id, is_removed: true, sequence }
        }
    }
}

fn call_change(call_id: CallId, event: &CallEvent, sequence: i64, actor: Actor) -> Change {
    let CallEvent::CallTriggered { account_id, assistant_id, at } = *event;
    Change::PutCall(CallLine {
        call_id,
        account_id,
        assistant_id,
        triggered_at: at,
        actor,
        sequence,
    })
}

fn campaign_changes(
    campaign_id: CampaignId,
    event: &CampaignEvent,
    sequence: i64,
    actor: Actor,
) -> Vec<Change> {
    match event {
        CampaignEvent::CampaignCreated { account_id, at } => vec![Change::PutCampaign {
            campaign_id,
            account_id: *account_id,
            created_at: *at,
            sequence,
        }],
        CampaignEvent::CampaignArchived { at } => {
            vec![Change::ArchiveCampaign { campaign_id, archived_at: *at, sequence }]
        }
        CampaignEvent::ProspectsAdded { records, at } => records
            .iter()
            .filter_map(|record| match record {
                RecordOutcome::Added { prospect_id, .. } => {
                    Some(Change::AppendProspect(ProspectLine {
                        prospect_id: *prospect_id,
                        campaign_id,
                        added_at: *at,
                        actor,
                        sequence,
                    }))
                }
                RecordOutcome::Duplicate { .. } => None,
            })
            .collect(),
    }
}

fn webhook_change(campaign_id: CampaignId, event: &WebhookEvent, sequence: i64) -> Change {
    let (webhook_id, generation, live) = match event.clone() {
        WebhookEvent::WebhookIssued { webhook_id, generation, digest, hint, at, .. } => {
            (webhook_id, generation, Some(LiveFields { digest, hint, created_at: at }))
        }
        WebhookEvent::WebhookRevoked { webhook_id, generation, .. } => {
            (webhook_id, generation, None)
        }
    };
    Change::PutWebhook { campaign_id, webhook_id, generation, live, sequence }
}

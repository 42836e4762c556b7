//! What an auditor asks of an event, whatever kind of event it is.

use domain::account::AccountEvent;
use domain::campaign::CampaignEvent;
use domain::token::{Generation, RevocationReason};
use domain::{AccountId, CallEvent, TokenEvent, TokenId, UserEvent, UserId};
use projections::recorded::Happening;

/// Absent is what the event does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// To whom it happened.
    pub user_id: Option<UserId>,
    /// In which account.
    pub account_id: Option<AccountId>,
    /// The token that was made or revoked.
    pub token_id: Option<TokenId>,
    /// Of that token.
    pub generation: Option<Generation>,
    /// The token that died for it.
    pub invalidated_token_id: Option<TokenId>,
    /// Why the token was revoked.
    pub reason: Option<RevocationReason>,
    /// The role, or roles, that the user has from then on.
    pub role: Option<String>,
}

impl Facts {
    /// What this event says.
    pub fn of(happening: &Happening) -> Self {
        match happening {
            Happening::Token(user_id, event) => Self { user_id: Some(*user_id), ..of_token(event) },
            Happening::User(user_id, event) => Self { user_id: Some(*user_id), ..of_user(event) },
            Happening::Account(account_id, event) => {
                Self { account_id: Some(*account_id), ..of_account(event) }
            }
            Happening::Call(_, CallEvent::CallTriggered { account_id, .. })
            | Happening::Campaign(_, CampaignEvent::CampaignCreated { account_id, .. }) => {
                Self { account_id: Some(*account_id), ..Self::default() }
            }
            Happening::Campaign(
                _,
                CampaignEvent::ProspectsAdded { .. } | CampaignEvent::CampaignArchived { .. },
            )
            | Happening::Webhook(..) => Self::default(),
        }
    }
}

fn of_token(event: &TokenEvent) -> Facts {
    match event {
        TokenEvent::TokenGenerated { token_id, generation, .. } => {
            Facts { token_id: Some(*token_id), generation: Some(*generation), ..Facts::default() }
        }
        TokenEvent::TokenRegenerated { token_id, generation, invalidated_token_id, .. } => Facts {
            token_id: Some(*token_id),
            generation: Some(*generation),
            invalidated_token_id: Some(*invalidated_token_id),
            ..Facts::default()
        },
        TokenEvent::TokenRevoked { token_id, generation, reason, .. } => Facts {
            token_id: Some(*token_id),
            generation: Some(*generation),
            reason: Some(*reason),
            ..Facts::default()
        },
    }
}

fn of_user(event: &UserEvent) -> Facts {
    match event {
        UserEvent::UserRegistered { roles, .. } if !roles.is_empty() => {
            let roles: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
            Facts { role: Some(roles.join(" ")), ..Facts::default() }
        }
        UserEvent::UserRegistered { .. }
        | UserEvent::UserLocked { .. }
        | UserEvent::UserUnlocked { .. }
        | UserEvent::PersonalDataErased { .. } => Facts::default(),
    }
}

fn of_account(event: &AccountEvent) -> Facts {
    match event {
        AccountEvent::MemberAdded { user_id, role, .. }
        | AccountEvent::MemberRoleChanged { user_id, role, .. } => Facts {
            user_id: Some(*user_id),
            role: Some(role.as_str().to_owned()),
            ..Facts::default()
        },
        AccountEvent::MemberRemoved { user_id, .. } => {
            Facts { user_id: Some(*user_id), ..Facts::default() }
        }
        AccountEvent::AccountOpened { .. }
        | AccountEvent::AssistantAdded { .. }
        | AccountEvent::AssistantRemoved { .. }
        | AccountEvent::AccountClosed { .. } => Facts::default(),
    }
}

//! A stored event, read back into its type.

use std::collections::HashMap;

use cqrs_es::persist::SerializedEvent;
use cqrs_es::{Aggregate, DomainEvent};
use domain::{
    Account, AccountEvent, AccountId, Call, CallEvent, CallId, Campaign, CampaignEvent, CampaignId,
    Token, TokenEvent, User, UserEvent, UserId, Webhook, WebhookEvent,
};
use serde::de::DeserializeOwned;

use crate::{Actor, StoreError};

/// An event of any aggregate, with the aggregate it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// To a user's token.
    Token(UserId, TokenEvent),
    /// To a user.
    User(UserId, UserEvent),
    /// To an account.
    Account(AccountId, AccountEvent),
    /// To a call.
    Call(CallId, CallEvent),
    /// To a campaign.
    Campaign(CampaignId, CampaignEvent),
    /// To the webhook URL of a campaign.
    Webhook(CampaignId, WebhookEvent),
}

/// An event as it stands in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// 1, 2, 3 … within the aggregate.
    pub sequence: i64,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub happening: Happening,
}

impl Happening {
    /// The type and the version that the event is stored under.
    pub fn kind(&self) -> (String, String) {
        fn of(event: &impl DomainEvent) -> (String, String) {
            (event.event_type(), event.event_version())
        }
        match self {
            Self::Token(_, event) => of(event),
            Self::User(_, event) => of(event),
            Self::Account(_, event) => of(event),
            Self::Call(_, event) => of(event),
            Self::Campaign(_, event) => of(event),
            Self::Webhook(_, event) => of(event),
        }
    }
}

impl RecordedEvent {
    /// Reads a stored event.
    ///
    /// # Errors
    /// `Corrupt` for an unknown aggregate or event type and for unreadable payload or metadata:
    /// nothing is ever skipped.
    pub fn read(event: &SerializedEvent) -> Result<Self, StoreError> {
        let metadata: HashMap<String, String> = payload(&event.metadata)?;
        let happening = match event.aggregate_type.as_str() {
            Token::TYPE => Happening::Token(id(event)?, payload(&event.payload)?),
            User::TYPE => Happening::User(id(event)?, payload(&event.payload)?),
            Account::TYPE => Happening::Account(id(event)?, payload(&event.payload)?),
            Call::TYPE => Happening::Call(id(event)?, payload(&event.payload)?),
            Campaign::TYPE => Happening::Campaign(id(event)?, payload(&event.payload)?),
            Webhook::TYPE => Happening::Webhook(id(event)?, payload(&event.payload)?),
            unknown => {
                return Err(StoreError::corrupt(format!("unknown aggregate type {unknown:?}")));
            }
        };
        Ok(Self {
            sequence: i64::try_from(event.sequence).map_err(StoreError::corrupt)?,
            actor: Actor::from_metadata(&metadata)?,
            happening,
        })
    }
}

fn id<T: std::str::FromStr>(event: &SerializedEvent) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    event.aggregate_id.parse().map_err(|error: T::Err| StoreError::corrupt(error))
}

fn payload<T: DeserializeOwned>(value: &serde_json::Value) -> Result<T, StoreError> {
    T::deserialize(value).map_err(StoreError::corrupt)
}

//! What a command is about to change: said before it is changed, and until memory has the change.
//!
//! **Invariant:** whoever an intent concerns is looked up in the database, by everyone. So a change is seen by all from one
//! moment on, that of its commit, although each node's memory gets it at another.

use std::fmt;
use std::str::FromStr;

use cqrs_es::persist::SerializedEvent;
use domain::token::TokenDigest;
use domain::{AccountId, UserId};

use crate::projector::{self, Change};
use crate::recorded::RecordedEvent;
use crate::{StoreError, replica};

/// Whom or what a command is about to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Intent {
    /// A user: token, roles, lock or memberships.
    User(UserId),
    /// An account, and so everyone in it.
    Account(AccountId),
    /// A token that is about to be live: nobody knows yet whose.
    Token(TokenDigest),
}

/// A text that names no intent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no intent")]
pub struct InvalidIntent(String);

impl Intent {
    /// What these events change.
    ///
    /// # Errors
    /// `Corrupt` when an event cannot be read.
    pub(crate) fn of(events: &[SerializedEvent]) -> Result<Vec<Self>, StoreError> {
        let mut intents = Vec::new();
        for event in events.iter().filter(|event| replica::follows(&event.aggregate_type)) {
            for change in projector::changes(&RecordedEvent::read(event)?) {
                for intent in Self::behind(&change) {
                    if !intents.contains(&intent) {
                        intents.push(intent);
                    }
                }
            }
        }
        Ok(intents)
    }

    fn behind(change: &Change) -> Vec<Self> {
        match change {
            Change::PutUser { user_id, .. }
            | Change::PutUserLock { user_id, .. }
            | Change::PutMembership { user_id, .. } => vec![Self::User(*user_id)],
            Change::PutAccount { account_id, .. } => vec![Self::Account(*account_id)],
            Change::PutToken { user_id, live, .. } => {
                let token = live.as_ref().map(|live| Self::Token(live.digest));
                [Self::User(*user_id)].into_iter().chain(token).collect()
            }
            Change::PutUserErasure { .. }
            | Change::AppendTokenHistory(_)
            | Change::PutAssistant { .. }
            | Change::PutCall(_)
            | Change::PutCampaign { .. }
            | Change::ArchiveCampaign { .. }
            | Change::AppendProspect(_)
            | Change::PutWebhook { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Account(id) => write!(f, "account {id}"),
            Self::Token(digest) => write!(f, "token {digest}"),
        }
    }
}

impl FromStr for Intent {
    type Err = InvalidIntent;

    fn from_str(text: &str) -> Result<Self, InvalidIntent> {
        let invalid = || InvalidIntent(text.to_owned());
        let (kind, name) = text.split_once(' ').ok_or_else(invalid)?;
        match kind {
            "user" => name.parse().map(Self::User).map_err(|_| invalid()),
            "account" => name.parse().map(Self::Account).map_err(|_| invalid()),
            "token" => name.parse().map(Self::Token).map_err(|_| invalid()),
            _ => Err(invalid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intent_is_read_as_it_was_written() {
        let id = uuid::Uuid::from_u128(7);
        for intent in [
            Intent::User(UserId::new(id)),
            Intent::Account(AccountId::new(id)),
            Intent::Token(TokenDigest::new([0xab; 32])),
        ] {
            assert_eq!(intent.to_string().parse(), Ok(intent));
        }
        for text in ["", "user", "user x", "token sha256:ab", "campaign 7"] {
            assert!(text.parse::<Intent>().is_err(), "{text}");
        }
    }
}

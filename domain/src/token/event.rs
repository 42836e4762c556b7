//! What happened to a user's token. These are a file format: once released, a shape loads for ever.

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};

use super::{Generation, TokenDigest, TokenHint};
use crate::TokenId;

/// Why a token was killed without a successor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// Its owner deleted it on the settings page.
    Owner,
    /// It was used to kill itself, as one does with a leaked token.
    Bearer,
    /// An administrator revoked it.
    Administrator,
    /// Its owner was locked.
    UserLocked,
}

impl RevocationReason {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Bearer, Self::Administrator, Self::UserLocked];

    /// The name used in events, tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Bearer => "bearer",
            Self::Administrator => "administrator",
            Self::UserLocked => "user_locked",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenEvent {
    /// A token became live where none was.
    TokenGenerated {
        /// The new token.
        token_id: TokenId,
        /// Its generation.
        generation: Generation,
        /// Its digest.
        digest: TokenDigest,
        /// Its last four characters.
        hint: TokenHint,
        /// When.
        at: DateTime<Utc>,
    },
    /// A token became live and killed the one before it.
    TokenRegenerated {
        /// The new token.
        token_id: TokenId,
        /// Its generation.
        generation: Generation,
        /// Its digest.
        digest: TokenDigest,
        /// Its last four characters.
        hint: TokenHint,
        /// The token this one killed.
        invalidated_token_id: TokenId,
        /// When.
        at: DateTime<Utc>,
    },
    /// The live token died and none took its place.
    TokenRevoked {
        /// The dead token.
        token_id: TokenId,
        /// Its generation.
        generation: Generation,
        /// Why.
        reason: RevocationReason,
        /// When.
        at: DateTime<Utc>,
    },
}

impl TokenEvent {
    /// The generation the event is about.
    pub const fn generation(&self) -> Generation {
        match self {
            Self::TokenGenerated { generation, .. }
            | Self::TokenRegenerated { generation, .. }
            | Self::TokenRevoked { generation, .. } => *generation,
        }
    }
}

impl DomainEvent for TokenEvent {
    fn event_type(&self) -> String {
        match self {
            Self::TokenGenerated { .. } => "TokenGenerated",
            Self::TokenRegenerated { .. } => "TokenRegenerated",
            Self::TokenRevoked { .. } => "TokenRevoked",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

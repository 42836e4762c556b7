//! What can be asked of a user's token, and every reason to refuse.

use chrono::{DateTime, Utc};

use super::{Generation, RevocationReason, TokenDigest, TokenHint};
use crate::TokenId;

/// A token that was just made: everything about it except its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshToken {
    /// Names the token in public.
    pub id: TokenId,
    /// What is stored instead of the secret.
    pub digest: TokenDigest,
    /// What its owner recognises it by.
    pub hint: TokenHint,
}

/// What can be asked. Each command carries the time and the fresh token that the decision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenCommand {
    /// Make `fresh` the user's live token.
    Generate {
        /// Whether a live token may be replaced; otherwise it is a reason to refuse.
        replace: bool,
        /// The new token.
        fresh: FreshToken,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Replace the live token.
    Regenerate {
        /// The generation the asker believes to be live; `None` replaces whichever is.
        expected_generation: Option<Generation>,
        /// The new token.
        fresh: FreshToken,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Kill the live token and leave none.
    Revoke {
        /// The generation the asker believes to be live; `None` kills whichever is.
        expected_generation: Option<Generation>,
        /// Why.
        reason: RevocationReason,
        /// When it was asked.
        at: DateTime<Utc>,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// There is no live token to replace.
    #[error("there is no active API token")]
    NotGenerated,
    /// A live token exists and the asker did not want to replace one.
    #[error("an API token of generation {current} is active")]
    AlreadyGenerated {
        /// The live generation.
        current: Generation,
    },
    /// Someone else replaced the token first.
    #[error("the active API token is of generation {current}")]
    StaleGeneration {
        /// The live generation.
        current: Generation,
    },
}

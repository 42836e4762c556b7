//! The count of a user's tokens.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of a user's tokens: 1 for the first, one more for each after it, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(NonZeroU32);

impl Generation {
    /// A user's first token.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The generation numbered `number`; `None` for zero.
    pub const fn new(number: u32) -> Option<Self> {
        match NonZeroU32::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// The one after. Stays at the top of the range, which no user reaches: the event store holds
    /// fewer events per user than this counts.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that is no generation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a generation is a whole number from 1 on, without sign or leading zeros")]
pub struct InvalidGeneration;

impl FromStr for Generation {
    type Err = InvalidGeneration;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = text.starts_with(|c| matches!(c, '1'..='9'));
        text.parse().ok().filter(|_| plain).map(Self).ok_or(InvalidGeneration)
    }
}

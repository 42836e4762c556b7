//! What a database says when somebody asks whether it works.

use std::time::Instant;

use async_trait::async_trait;

use crate::StoreError;

/// A database that answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Of which kind it is: `sqlite`, `postgres`.
    pub database: &'static str,
    /// The servers that follow it, a few seconds old.
    pub standbys: Vec<Standby>,
}

/// A server that follows the primary, and may take its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standby {
    /// What it calls itself.
    pub name: String,
    /// Whether the primary waits for it.
    pub state: StandbyState,
}

/// Whether a primary waits for a standby before it acknowledges a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandbyState {
    /// It does.
    Sync,
    /// It waits for so many of these.
    Quorum,
    /// It would, if another were away.
    Potential,
    /// It does not.
    Async,
    /// The service's role may not know.
    Unknown,
}

impl StandbyState {
    /// As the database calls it.
    pub(crate) fn of(text: Option<&str>) -> Self {
        match text {
            Some("sync") => Self::Sync,
            Some("quorum") => Self::Quorum,
            Some("potential") => Self::Potential,
            Some("async") => Self::Async,
            Some(_) | None => Self::Unknown,
        }
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Quorum => "quorum",
            Self::Potential => "potential",
            Self::Async => "async",
            Self::Unknown => "unknown",
        }
    }

    /// Whether everything acknowledged is on it, so that it can take over and no dead token comes back.
    pub const fn keeps_promise(self) -> Option<bool> {
        match self {
            Self::Sync | Self::Quorum => Some(true),
            Self::Potential | Self::Async => Some(false),
            Self::Unknown => None,
        }
    }
}

/// Says whether the database answers.
#[async_trait]
pub trait Probe: Send + Sync {
    /// Asks it. Nothing else that goes on has a part in how long that takes.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer.
    async fn probe(&self, now: Instant) -> Result<Health, StoreError>;
}

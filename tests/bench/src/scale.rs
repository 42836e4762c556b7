//! How much is measured.

use std::time::Duration;

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// For numbers.
    Full,
    /// The same without the others: for whoever works on it.
    Ours,
    /// To see that it works: its numbers mean nothing.
    Short,
}

impl Scale {
    /// As `SYMBOLON_BENCH` says; in full if it says nothing.
    pub fn from_environment() -> Self {
        match std::env::var("SYMBOLON_BENCH").as_deref() {
            Ok("short") => Self::Short,
            Ok("ours") => Self::Ours,
            Ok("full") | Err(_) => Self::Full,
            Ok(other) => panic!("SYMBOLON_BENCH is {other:?}; it can be short, ours or full"),
        }
    }

    /// Live tokens in our own databases.
    pub const fn tokens(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 1_000_000,
            Self::Short => 2_000,
        }
    }

    /// Tokens that requests are made with, chosen at random.
    pub const fn asked(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 65_536,
            Self::Short => 500,
        }
    }

    /// Rounds that count. One more is run before and dropped.
    pub const fn rounds(self) -> usize {
        match self {
            Self::Full | Self::Ours => 5,
            Self::Short => 1,
        }
    }

    /// How long each contender is asked in each round.
    pub const fn duration(self) -> Duration {
        match self {
            Self::Full | Self::Ours => Duration::from_secs(2),
            Self::Short => Duration::from_secs(1),
        }
    }

    /// How often a token is rotated that was rotated many times.
    pub const fn rotations(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 50_000,
            Self::Short => 50,
        }
    }

    /// How often it and another then take turns.
    pub const fn turns(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 400,
            Self::Short => 5,
        }
    }

    /// Events in a long log.
    pub const fn events(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 1_000_000,
            Self::Short => 2_000,
        }
    }

    /// Events in a log that is made anew while the server answers.
    pub const fn rebuilt(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 100_000,
            Self::Short => 2_000,
        }
    }

    /// So many of a long log the crates replay.
    pub const fn replayed(self) -> u32 {
        match self {
            Self::Full | Self::Ours => 20_000,
            Self::Short => 1_000,
        }
    }

    /// How many live tokens the memory is measured with.
    pub const fn memory_tokens(self) -> &'static [u32] {
        match self {
            Self::Full | Self::Ours => &[10_000, 1_000_000, 10_000_000],
            Self::Short => &[2_000],
        }
    }
}

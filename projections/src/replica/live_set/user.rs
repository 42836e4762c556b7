//! A user with everything that a verification asks for.

use domain::token::{Generation, TokenDigest};
use domain::{AccountRole, TokenId, UserId};
use smallvec::SmallVec;

/// The first 96 bits of a digest. Digests are of secrets that the service made, so nobody chooses them: whoever guesses
/// a hundred thousand times a second hits one of ten million after 2.5 billion years.
pub(super) type Key = [u8; 12];

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "columns of a table")]
pub(super) struct User {
    pub(super) id: UserId,
    pub(super) token: Option<Token>,
    pub(super) token_sequence: u32,
    pub(super) registered_sequence: u32,
    pub(super) lock_sequence: u32,
    pub(super) is_admin: bool,
    pub(super) is_auditor: bool,
    pub(super) is_locked: bool,
    pub(super) is_not_understood: bool,
    pub(super) seats: SmallVec<[Seat; 1]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) id: TokenId,
    pub(super) key: Key,
    pub(super) generation: Generation,
}

/// A membership; without a role, a former one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat {
    /// The account's place.
    pub(super) account: u32,
    pub(super) sequence: u32,
    pub(super) role: Option<AccountRole>,
}

impl User {
    /// A user of whom nothing but the id is known.
    pub(super) fn unknown(id: UserId) -> Self {
        Self {
            id,
            token: None,
            token_sequence: 0,
            registered_sequence: 0,
            lock_sequence: 0,
            is_admin: false,
            is_auditor: false,
            is_locked: false,
            is_not_understood: false,
            seats: SmallVec::new(),
        }
    }

    /// What finds the live token.
    pub(super) fn key(&self) -> Option<Key> {
        self.token.map(|token| token.key)
    }
}

/// What finds the token with this digest.
pub(super) fn key(digest: &TokenDigest) -> Key {
    digest.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// The key's own bits are as good as any hash of them.
pub(super) fn hash_key(key: &Key) -> u64 {
    key.first_chunk().copied().map_or(0, u64::from_le_bytes)
}

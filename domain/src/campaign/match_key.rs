//! By what a campaign knows that it has a prospect already, without its events knowing the person.

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// A text that is no match key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a match key is written as 64 hexadecimal digits")]
pub struct InvalidMatchKey;

/// HMAC-SHA-256 of one way to know a prospect, under the campaign's own [`MatchSecret`]. Equal for the
/// same person in the same campaign; says nothing once the secret is erased.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MatchKey([u8; 32]);

/// What makes the match keys of one campaign its own: 32 random bytes, kept in an ordinary table, so that
/// nobody can find out from the events whom the campaign knows.
#[derive(Clone, PartialEq, Eq)]
pub struct MatchSecret([u8; 32]);

impl MatchSecret {
    /// Wraps bytes that were drawn elsewhere.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, for the table.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key of the texts that tell one person by. `kind` keeps an e-mail address from matching a name;
    /// every text is preceded by its length, so that two cannot run into each other.
    pub fn key(&self, kind: &str, texts: &[&str]) -> MatchKey {
        // A key shorter than a block is padded with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block.iter_mut().zip(self.0).for_each(|(slot, byte)| *slot = byte);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        for text in [&[kind], texts].concat() {
            mac.update(&u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(text.as_bytes());
        }
        MatchKey(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for MatchSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MatchSecret(..)")
    }
}

impl fmt::Debug for MatchKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl FromStr for MatchKey {
    type Err = InvalidMatchKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| InvalidMatchKey)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for MatchKey {
    type Error = InvalidMatchKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<MatchKey> for String {
    fn from(key: MatchKey) -> Self {
        hex::encode(key.0)
    }
}

//! The token as its owner sees it, exactly once.

use std::fmt;
use std::str::FromStr;

use rand::CryptoRng;
use rand::distr::{Alphanumeric, SampleString};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{TokenDigest, TokenHint};

/// Random characters in a token: 32 of 62 symbols, 190 bits.
const RANDOM_LENGTH: usize = 32;
/// Checksum characters: CRC-32 needs six base-62 digits.
const CHECKSUM_LENGTH: usize = 6;
const HINT_LENGTH: usize = 4;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text that cannot begin a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token prefix is 1 to 20 of a-z, 0-9 and _, beginning with a letter and not ending with _"
)]
pub struct InvalidPrefix;

/// What every token of an installation begins with, so that people and scanners recognise one.
/// Changing it orphans every token in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// What the secret in every campaign's webhook URL begins with.
    pub fn webhook() -> Self {
        Self("alta_hook".to_owned())
    }

    /// The text, without the underscore that follows it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Prefix {
    fn default() -> Self {
        Self("alta_pat".to_owned())
    }
}

impl FromStr for Prefix {
    type Err = InvalidPrefix;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = (1..=20).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('_')
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if well_formed { Ok(Self(text.to_owned())) } else { Err(InvalidPrefix) }
    }
}

/// `<prefix>_` + 32 random base-62 characters + 6 base-62 digits of the CRC-32 of all before.
///
/// The checksum finds typing errors and lets scanners report real tokens only; it proves nothing.
/// There is no `Display` and no `Serialize`; `Debug` shows nothing; memory is wiped on drop.
pub struct TokenSecret(SecretString);

impl TokenSecret {
    /// Makes a token from `rng`.
    pub fn generate(prefix: &Prefix, rng: &mut impl CryptoRng) -> Self {
        // One buffer of the final size: nothing is moved, so no copy is left behind unwiped.
        let length = prefix.0.len() + 1 + RANDOM_LENGTH + CHECKSUM_LENGTH;
        let mut text = String::with_capacity(length);
        text.push_str(&prefix.0);
        text.push('_');
        Alphanumeric.append_string(rng, &mut text, RANDOM_LENGTH);
        let checksum = checksum(&text);
        text.push_str(&checksum);
        Self(text.into())
    }

    /// Reads a token that someone sent: exact length, alphabet, prefix and checksum, or nothing.
    pub fn parse(prefix: &Prefix, text: &str) -> Option<Self> {
        let symbols = text.strip_prefix(prefix.as_str())?.strip_prefix('_')?;
        let well_formed = symbols.len() == RANDOM_LENGTH + CHECKSUM_LENGTH
            && symbols.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !well_formed {
            return None;
        }
        let (body, claimed) = text.split_at_checked(text.len() - CHECKSUM_LENGTH)?;
        (checksum(body) == claimed).then(|| Self(text.to_owned().into()))
    }

    /// What is stored and compared instead of the secret.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::new(Sha256::digest(self.expose()).into())
    }

    /// The last four characters.
    pub fn hint(&self) -> TokenHint {
        let text = self.expose();
        TokenHint::new(text.get(text.len() - HINT_LENGTH..).unwrap_or_default().to_owned())
    }

    /// The token itself, for the one answer that hands it over.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for TokenSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSecret(..)")
    }
}

/// Six base-62 digits, most significant first, zero padded.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_LENGTH];
    for digit in digits.iter_mut().rev() {
        let symbol = usize::try_from(rest % 62).unwrap_or_default();
        *digit = BASE62.get(symbol).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().map(|byte| char::from(*byte)).collect()
}

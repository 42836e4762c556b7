//! Signed notes (c2sp.org/signed-note): a text, an empty line, and lines that say who signed it.
//!
//! Keys are written as that specification and Go's `sumdb/note` write them.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use rand::CryptoRng;
use sha2::{Digest, Sha256};

/// What every signature line begins with.
const SIGNED_BY: &str = "\u{2014} ";
/// Names Ed25519 in keys.
const ED25519: u8 = 1;
const PRIVATE: &str = "PRIVATE+KEY+";

/// A text that cannot name a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log is named by a text without spaces, control characters and plus signs")]
pub struct InvalidOrigin;

/// The name of a log, the same for ever: a host, or a URL without its scheme.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For a log that nobody has given a name.
impl Default for Origin {
    fn default() -> Self {
        Self("symbolon".to_owned())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let stray = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if text.is_empty() || text.contains(stray) {
            return Err(InvalidOrigin);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A text that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// It is not written as a key is, or its parts contradict each other.
    #[error("it is not an Ed25519 key as signed notes write it")]
    Malformed,
    /// It is a signing key where one to verify with belongs.
    #[error(
        "it is a private key; the public one is needed, and this one should not have been shown"
    )]
    Private,
}

/// Tells keys of one name apart: the beginning of SHA-256(name, line break, 1, public key).
type KeyId = [u8; 4];

fn key_id(name: &Origin, public: &[u8; 32]) -> KeyId {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name.0.as_bytes())
        .chain_update([b'\n', ED25519])
        .chain_update(public)
        .finalize()
        .into();
    let [a, b, c, d, ..] = digest;
    [a, b, c, d]
}

/// `name+id+key`, without what tells private keys.
fn parse(text: &str) -> Result<(Origin, KeyId, [u8; 32]), InvalidKey> {
    let (name, rest) = text.split_once('+').ok_or(InvalidKey::Malformed)?;
    let (id_text, key_text) = rest.split_once('+').ok_or(InvalidKey::Malformed)?;
    let name = name.parse().map_err(|_| InvalidKey::Malformed)?;
    let mut id = KeyId::default();
    hex::decode_to_slice(id_text, &mut id).map_err(|_| InvalidKey::Malformed)?;
    let key = STANDARD.decode(key_text).map_err(|_| InvalidKey::Malformed)?;
    let bytes = key.strip_prefix(&[ED25519]).and_then(|bytes| bytes.try_into().ok());
    Ok((name, id, bytes.ok_or(InvalidKey::Malformed)?))
}

fn write(name: &Origin, id: KeyId, key: &[u8; 32]) -> String {
    let bytes: Vec<u8> = std::iter::once(ED25519).chain(*key).collect();
    format!("{name}+{}+{}", hex::encode(id), STANDARD.encode(bytes))
}

/// Checks signatures of one log. Public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: Origin,
    id: KeyId,
    key: VerifyingKey,
}

impl VerifierKey {
    /// Of which log.
    pub const fn name(&self) -> &Origin {
        &self.name
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&write(&self.name, self.id, self.key.as_bytes()))
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        if text.starts_with(PRIVATE) {
            return Err(InvalidKey::Private);
        }
        let (name, id, bytes) = parse(text)?;
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| InvalidKey::Malformed)?;
        if id == key_id(&name, &bytes) {
            Ok(Self { name, id, key })
        } else {
            Err(InvalidKey::Malformed)
        }
    }
}

/// Signs for one log. Secret: `Debug` shows nothing, and only [`expose`](Self::expose) writes it.
#[derive(Clone)]
pub struct LogKey {
    verifier: VerifierKey,
    key: SigningKey,
}

impl LogKey {
    /// A new key for the log of this name.
    pub fn generate(name: Origin, rng: &mut impl CryptoRng) -> Self {
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        Self::from_seed(name, &seed)
    }

    fn from_seed(name: Origin, seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let public = key.verifying_key();
        let id = key_id(&name, public.as_bytes());
        Self { verifier: VerifierKey { name, id, key: public }, key }
    }

    /// Reads what [`expose`](Self::expose) wrote.
    ///
    /// # Errors
    /// When the text is no signing key.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let (name, id, seed) = parse(text.strip_prefix(PRIVATE).ok_or(InvalidKey::Malformed)?)?;
        let key = Self::from_seed(name, &seed);
        if key.verifier.id == id { Ok(key) } else { Err(InvalidKey::Malformed) }
    }

    /// The key as it is kept in a file that nobody else can read.
    pub fn expose(&self) -> String {
        let VerifierKey { name, id, .. } = &self.verifier;
        format!("{PRIVATE}{}", write(name, *id, self.key.as_bytes()))
    }

    /// Checks what this key signed.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The note of a text that ends with a line break.
    pub fn sign(&self, text: &str) -> String {
        let VerifierKey { name, id, .. } = &self.verifier;
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let signed: Vec<u8> = id.iter().copied().chain(signature).collect();
        format!("{text}\n{SIGNED_BY}{name} {}\n", STANDARD.encode(signed))
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogKey(..)")
    }
}

/// Why a note says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// It is not written as a note is.
    #[error("it is not a signed note")]
    Malformed,
    /// None of the keys signed it.
    #[error("none of the given keys signed it")]
    UnknownSigner,
    /// It names one of the keys, which did not sign this.
    #[error("its signature is wrong: it was changed after it was signed")]
    WrongSignature,
}

/// The text of a note, whoever signed it, and the lines that say who.
fn divide(note: &str) -> Result<(&str, &str), NoteError> {
    let (text, _) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
    // The text keeps its last line break.
    let (text, rest) = note.split_at_checked(text.len() + 1).ok_or(NoteError::Malformed)?;
    let lines = rest.strip_prefix('\n').ok_or(NoteError::Malformed)?;
    let stray = |c: char| c.is_control() && c != '\n';
    if lines.is_empty() || !lines.ends_with('\n') || note.contains(stray) {
        return Err(NoteError::Malformed);
    }
    Ok((text, lines))
}

/// Name, key and signature of a signature line.
fn signature(line: &str) -> Result<(&str, KeyId, Vec<u8>), NoteError> {
    let (name, encoded) = line
        .strip_prefix(SIGNED_BY)
        .and_then(|line| line.split_once(' '))
        .ok_or(NoteError::Malformed)?;
    name.parse::<Origin>().map_err(|_| NoteError::Malformed)?;
    let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Malformed)?;
    match bytes.split_first_chunk() {
        Some((id, signature)) if !signature.is_empty() => Ok((name, *id, signature.to_vec())),
        Some(_) | None => Err(NoteError::Malformed),
    }
}

/// The text of a note of which nothing is known but that it is one.
///
/// # Errors
/// When it is not.
pub fn text_of(note: &str) -> Result<&str, NoteError> {
    let (text, lines) = divide(note)?;
    for line in lines.lines() {
        signature(line)?;
    }
    Ok(text)
}

/// The text of a note that at least one of the keys signed, and which one. Signatures of others are passed
/// over.
///
/// # Errors
/// When none signed it, or one of them is named and did not.
pub fn open<'a, 'k>(
    note: &'a str,
    keys: &'k [VerifierKey],
) -> Result<(&'a str, &'k VerifierKey), NoteError> {
    let (text, lines) = divide(note)?;
    let mut signer = None;
    for line in lines.lines() {
        let (name, id, signature) = signature(line)?;
        let Some(key) = keys.iter().find(|key| key.name.0 == name && key.id == id) else {
            continue;
        };
        let signature = Signature::from_slice(&signature).map_err(|_| NoteError::WrongSignature)?;
        key.key
            .verify_strict(text.as_bytes(), &signature)
            .map_err(|_| NoteError::WrongSignature)?;
        signer = signer.or(Some(key));
    }
    signer.map(|key| (text, key)).ok_or(NoteError::UnknownSigner)
}

/// The notes of a file that was appended to again and again. What is no note comes as a piece of its own.
pub fn notes(file: &str) -> Vec<&str> {
    let mut notes = Vec::new();
    let (mut begin, mut end, mut signed) = (0, 0, false);
    for line in file.split_inclusive('\n') {
        if signed && !line.starts_with(SIGNED_BY) {
            notes.extend(file.get(begin..end));
            (begin, signed) = (end, false);
        }
        end += line.len();
        signed |= line.starts_with(SIGNED_BY);
        // Empty lines between notes.
        if begin + line.len() == end && line == "\n" {
            begin = end;
        }
    }
    notes.extend(file.get(begin..end).filter(|rest| !rest.is_empty()));
    notes
}

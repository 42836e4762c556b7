//! Looks for secrets where they must not be, in every spelling that a leak may take.

use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::client::url_encoded;

/// Knows some secrets in all their spellings.
#[derive(Debug)]
pub struct Scanner {
    automaton: AhoCorasick,
    names: Vec<String>,
}

impl Scanner {
    /// Looks for these secrets; each comes with the name to report it by.
    pub fn new(secrets: &[(&str, &str)]) -> Self {
        let mut names = Vec::new();
        let mut spellings = Vec::new();
        for (name, secret) in secrets {
            for (form, spelling) in spellings_of(secret) {
                names.push(format!("{name} ({form})"));
                spellings.push(spelling);
            }
        }
        Self { automaton: AhoCorasick::new(spellings).expect("a small automaton"), names }
    }

    /// Names the secrets that occur in these bytes, and what stands around them.
    pub fn search(&self, bytes: &[u8]) -> Vec<String> {
        self.automaton
            .find_iter(bytes)
            .map(|hit| {
                let around = hit.start().saturating_sub(200)..(hit.end() + 100).min(bytes.len());
                let context = bytes[around].escape_ascii();
                format!("{} in: {context}", self.names[hit.pattern().as_usize()])
            })
            .collect()
    }

    /// As [`Scanner::search`], for a file or all files below a directory. A file that vanishes
    /// meanwhile is passed over.
    pub fn search_files(&self, path: &Path) -> Vec<String> {
        if let Ok(entries) = std::fs::read_dir(path) {
            return entries.flatten().flat_map(|entry| self.search_files(&entry.path())).collect();
        }
        let bytes = std::fs::read(path).unwrap_or_default();
        let hits = self.search(&bytes);
        hits.into_iter().map(|hit| format!("{}: {hit}", path.display())).collect()
    }
}

/// The part of a token that must not be seen anywhere: without the prefix that all share and
/// without the hint that its owner recognises it by.
pub fn secret_part(token: &str) -> &str {
    let start = token.rfind('_').expect("a prefix") + 1;
    &token[start..token.len() - 4]
}

fn spellings_of(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = serde_json::to_string(secret).expect("text is JSON");
    let utf16 = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let every_byte = secret.bytes().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect();
    let mut spellings = vec![
        ("raw", secret.as_bytes().to_vec()),
        ("JSON", json.trim_matches('"').into()),
        ("lower-case hex", hex::encode(secret).into()),
        ("upper-case hex", hex::encode_upper(secret).into()),
        ("URL-encoded", url_encoded(secret).into()),
        ("URL-encoded form", url_encoded(secret).replace("%20", "+").into()),
        ("URL-encoded throughout", every_byte),
        ("UTF-16", utf16),
        ("reversed", secret.bytes().rev().collect()),
    ];
    for offset in 0..3 {
        spellings.push(("base64", base64_inside(&STANDARD_NO_PAD, secret, offset)));
        spellings.push(("base64url", base64_inside(&URL_SAFE_NO_PAD, secret, offset)));
    }
    spellings
}

/// What base64 makes of the secret when it begins `offset` bytes after a multiple of three: only
/// the characters that depend on nothing before or after it.
fn base64_inside(engine: &impl Engine, secret: &str, offset: usize) -> Vec<u8> {
    let padded = [vec![0; offset], secret.as_bytes().to_vec()].concat();
    let encoded = engine.encode(&padded).into_bytes();
    let first = (offset * 8).div_ceil(6);
    let last = padded.len() * 8 / 6;
    encoded[first..last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Zq8?x/+ üw7Tj0";

    fn finds(text: &[u8]) -> bool {
        !Scanner::new(&[("it", SECRET)]).search(text).is_empty()
    }

    #[test]
    fn a_planted_secret_is_found_in_every_spelling() {
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{SECRET}tail");
            assert!(finds(text.as_bytes()), "raw");
            assert!(finds(hex::encode(&text).as_bytes()), "hex");
            assert!(finds(hex::encode_upper(&text).as_bytes()), "upper-case hex");
            assert!(finds(STANDARD_NO_PAD.encode(&text).as_bytes()), "base64 after {before:?}");
            assert!(finds(URL_SAFE_NO_PAD.encode(&text).as_bytes()), "base64url after {before:?}");
            assert!(finds(url_encoded(&text).as_bytes()), "URL-encoded");
            assert!(finds(serde_json::to_string(&text).unwrap().as_bytes()), "JSON");
        }
    }

    #[test]
    fn what_is_not_the_secret_is_not_found() {
        assert!(!finds(b"Zq8?x/+ "));
        assert!(!finds(&[0; 4096]));
    }
}

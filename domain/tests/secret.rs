//! The text of a token: how it is made, how exactly it is read, and that it does not leak.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use domain::token::{InvalidPrefix, Prefix, TokenDigest, TokenHint, TokenSecret};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde::Serialize;
use sha2::{Digest, Sha256};

const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A well-formed token of the default prefix.
const TOKEN: &str = "alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTUV4NHaLG";

/// A token whose parts were computed elsewhere, with Python's `zlib.crc32` and `hashlib.sha256`.
struct Known {
    prefix: &'static str,
    text: &'static str,
    sha256: &'static str,
    hint: &'static str,
}

const KNOWN: [Known; 5] = [
    Known {
        prefix: "alta_pat",
        text: TOKEN,
        sha256: "8680e9fa76481974ba3e5b0d942a6c5c0bb72815144d9a38b46921a9bec1a148",
        hint: "HaLG",
    },
    Known {
        prefix: "alta_pat",
        text: "alta_pat_WXYZabcdefghijklmnopqrstuvwxyz011zE0B7",
        sha256: "be47218a3cc6a7e893eda26bee6cc1c309f288cc91933b72c8379d09e9cf3a11",
        hint: "E0B7",
    },
    // A checksum of 16, so that five zeros are padding.
    Known {
        prefix: "alta_pat",
        text: "alta_pat_Padded0000000000000000000040460500000G",
        sha256: "a74b7be12b3947dd52aa6a4a31b3d3e9624cb30ed70875b4fd9ebbcc27c73f3e",
        hint: "000G",
    },
    // A checksum near the top of its range.
    Known {
        prefix: "alta_pat",
        text: "alta_pat_Padded000000000000000000000956954gfEx1",
        sha256: "9628afc9192408236e9f4dddfe2e4afa78b3a8f5dd87c988df4d657b07547ed4",
        hint: "fEx1",
    },
    Known {
        prefix: "x",
        text: "x_000000000000000000000000000000000VbHD5",
        sha256: "2330305ab463c7dd92dbbb8165a87e38d56bb1516da41f6788ba652108253114",
        hint: "bHD5",
    },
];

/// Compiles only while `TokenSecret` lacks the trait: with it, two implementations fit the call.
macro_rules! assert_secret_lacks {
    ($trait:path) => {
        const _: fn() = || {
            trait Unless<Marker> {
                fn check() {}
            }
            struct HasTheTrait;
            impl<T> Unless<()> for T {}
            impl<T: $trait> Unless<HasTheTrait> for T {}
            <TokenSecret as Unless<_>>::check();
        };
    };
}

assert_secret_lacks!(Display);
assert_secret_lacks!(Serialize);
assert_secret_lacks!(Clone);

fn generate(seed: u64) -> TokenSecret {
    TokenSecret::generate(&Prefix::default(), &mut StdRng::seed_from_u64(seed))
}

fn parse(text: &str) -> Option<TokenSecret> {
    TokenSecret::parse(&Prefix::default(), text)
}

/// `TOKEN` with one character replaced by `text`.
fn replaced(position: usize, text: &str) -> String {
    let mut changed = TOKEN.to_owned();
    changed.replace_range(position..=position, text);
    changed
}

fn assert_refused(text: &str) {
    assert!(parse(text).is_none(), "{text:?} was read as a token");
}

#[test]
fn a_token_is_prefix_underscore_32_random_and_6_checksum_symbols() {
    let secret = generate(1);
    let symbols = secret.expose().strip_prefix("alta_pat_").unwrap();
    assert_eq!(symbols.len(), 32 + 6);
    assert!(symbols.chars().all(|symbol| BASE62.contains(symbol)));
    assert_eq!(secret.expose().len(), 47);
}

#[test]
fn a_token_of_any_prefix_is_39_longer_than_its_prefix_and_is_read_with_it() {
    for text in ["x", "alta_pat", "a_b_c_d", "abcdefghij0123456789"] {
        let prefix: Prefix = text.parse().unwrap();
        let secret = TokenSecret::generate(&prefix, &mut StdRng::seed_from_u64(1));
        assert!(secret.expose().starts_with(&format!("{text}_")));
        assert_eq!(secret.expose().len(), text.len() + 39);
        assert!(TokenSecret::parse(&prefix, secret.expose()).is_some());
    }
}

#[test]
fn known_tokens_are_read_with_their_digest_and_hint() {
    for known in KNOWN {
        let prefix: Prefix = known.prefix.parse().unwrap();
        let secret = TokenSecret::parse(&prefix, known.text).expect(known.text);
        assert_eq!(secret.expose(), known.text);
        assert_eq!(secret.digest().to_string(), format!("sha256:{}", known.sha256));
        assert_eq!(secret.hint(), TokenHint::new(known.hint.to_owned()));
    }
}

#[test]
fn the_same_chance_makes_the_same_token() {
    assert_eq!(generate(1).expose(), generate(1).expose());
    assert_ne!(generate(1).expose(), generate(2).expose());
}

#[test]
fn one_generator_never_makes_the_same_token_again() {
    let mut rng = StdRng::seed_from_u64(1);
    let first = TokenSecret::generate(&Prefix::default(), &mut rng);
    let second = TokenSecret::generate(&Prefix::default(), &mut rng);
    assert_ne!(first.expose(), second.expose());
    assert_ne!(first.digest(), second.digest());
}

#[test]
fn twenty_thousand_tokens_are_all_different_and_all_read_back() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut texts = BTreeSet::new();
    let mut digests = BTreeSet::new();
    for _ in 0..20_000 {
        let made = TokenSecret::generate(&Prefix::default(), &mut rng);
        let read = parse(made.expose()).unwrap();
        assert_eq!(read.expose(), made.expose());
        assert_eq!(read.digest(), made.digest());
        assert!(texts.insert(made.expose().to_owned()), "a token came twice");
        assert!(digests.insert(*made.digest().as_bytes()), "a digest came twice");
    }
}

/// Five percent is five standard deviations here.
#[test]
fn all_62_symbols_are_equally_likely() {
    const TOKENS: u32 = 20_000;
    let mut rng = StdRng::seed_from_u64(2);
    let mut counts = BTreeMap::<char, u32>::new();
    for _ in 0..TOKENS {
        let secret = TokenSecret::generate(&Prefix::default(), &mut rng);
        for symbol in secret.expose().chars().skip("alta_pat_".len()).take(32) {
            *counts.entry(symbol).or_default() += 1;
        }
    }
    assert_eq!(counts.keys().collect::<String>(), BASE62);
    let fair = f64::from(TOKENS * 32) / 62.0;
    for (symbol, count) in counts {
        assert!((f64::from(count) / fair - 1.0).abs() < 0.05, "{symbol} came {count} times");
    }
}

#[test]
fn no_single_character_can_be_changed() {
    for (position, original) in TOKEN.char_indices() {
        for other in (0..=127).map(char::from).filter(|other| *other != original) {
            assert_refused(&replaced(position, &other.to_string()));
        }
    }
}

#[test]
fn no_single_character_can_be_left_out() {
    for position in 0..TOKEN.len() {
        assert_refused(&replaced(position, ""));
    }
}

#[test]
fn no_single_character_can_be_doubled_or_inserted() {
    for (position, original) in TOKEN.char_indices() {
        assert_refused(&replaced(position, &format!("{original}{original}")));
        for other in BASE62.chars() {
            assert_refused(&replaced(position, &format!("{other}{original}")));
        }
    }
}

#[test]
fn no_two_neighbours_can_change_places() {
    for position in 1..TOKEN.len() {
        let (left, right) = (&TOKEN[position - 1..position], &TOKEN[position..=position]);
        if left != right {
            let mut swapped = TOKEN.to_owned();
            swapped.replace_range(position - 1..=position, &format!("{right}{left}"));
            assert_refused(&swapped);
        }
    }
}

#[test]
fn a_truncated_token_is_refused_at_every_length() {
    for length in 0..TOKEN.len() {
        assert_refused(&TOKEN[..length]);
        assert_refused(&TOKEN[TOKEN.len() - length..]);
    }
}

#[test]
fn an_extended_token_is_refused() {
    for extra in ["0", "G", "_", " ", "\n", "\0", ".", "é", "4NHaLG", TOKEN] {
        assert_refused(&format!("{TOKEN}{extra}"));
        assert_refused(&format!("{extra}{TOKEN}"));
    }
}

#[test]
fn whitespace_is_not_trimmed() {
    for space in [" ", "\t", "\n", "\r\n", "\u{a0}", "\u{feff}"] {
        assert_refused(space);
        assert_refused(&format!("{space}{TOKEN}"));
        assert_refused(&format!("{TOKEN}{space}"));
    }
}

#[test]
fn other_case_is_refused() {
    assert_refused(&TOKEN.to_uppercase());
    assert_refused(&TOKEN.to_lowercase());
    assert_refused(&TOKEN.replace("alta_pat", "ALTA_PAT"));
    assert_refused(&TOKEN.replace("alta_pat", "Alta_pat"));
}

#[test]
fn non_ascii_is_refused_wherever_it_stands() {
    for position in 0..TOKEN.len() {
        for letter in ["é", "\u{ff10}", "\u{430}", "😀"] {
            assert_refused(&replaced(position, letter));
        }
    }
    for position in 1..TOKEN.len() {
        let mut same_length = TOKEN.to_owned();
        same_length.replace_range(position - 1..=position, "é");
        assert_eq!(same_length.len(), TOKEN.len());
        assert_refused(&same_length);
    }
}

#[test]
fn what_is_no_token_at_all_is_refused() {
    for text in ["", "_", "alta_pat", "alta_pat_", "Bearer", "null", "\0"] {
        assert_refused(text);
    }
    assert_refused(&format!("Bearer {TOKEN}"));
    assert_refused(&"0".repeat(47));
    assert_refused(&"é".repeat(47));
    assert_refused(&"x".repeat(1_000_000));
}

#[test]
fn symbols_outside_the_alphabet_are_refused_even_under_a_right_checksum() {
    for (text, checksum) in [
        ("alta_pat-0123456789ABCDEFGHIJKLMNOPQRSTUV", "4AltRN"),
        ("alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTU-", "0ko49S"),
        ("alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTU_", "2lff6w"),
        ("alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTU ", "1bO2ND"),
        ("alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTé", "4ByJUl"),
    ] {
        assert_refused(&format!("{text}{checksum}"));
    }
}

#[test]
fn a_right_checksum_does_not_excuse_a_wrong_length() {
    for (text, checksum) in [
        ("alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTU", "4NOF4E"),
        ("alta_pat_0123456789ABCDEFGHIJKLMNOPQRSTUVW", "43yZ5Y"),
        ("alta_pat_", "3ycJX2"),
    ] {
        assert_refused(&format!("{text}{checksum}"));
    }
}

#[test]
fn the_token_of_another_prefix_is_refused() {
    let prefixes = ["alta", "alta_pat", "alta_pat_x", "alta_pa", "lta_pat", "alta_pat0", "x"];
    for made_with in prefixes {
        let secret =
            TokenSecret::generate(&made_with.parse().unwrap(), &mut StdRng::seed_from_u64(1));
        for read_with in prefixes {
            let read = TokenSecret::parse(&read_with.parse().unwrap(), secret.expose());
            assert_eq!(read.is_some(), made_with == read_with, "{made_with} read with {read_with}");
        }
    }
}

#[test]
fn debug_shows_nothing() {
    let secret = generate(1);
    assert_eq!(format!("{secret:?}"), "TokenSecret(..)");
    assert_eq!(format!("{secret:#?}"), "TokenSecret(..)");
    assert_eq!(format!("{:?}", parse(TOKEN)), "Some(TokenSecret(..))");
}

#[test]
fn the_digest_is_sha_256_of_the_whole_text() {
    let secret = generate(1);
    let whole: [u8; 32] = Sha256::digest(secret.expose().as_bytes()).into();
    assert_eq!(secret.digest(), TokenDigest::new(whole));
    assert_eq!(secret.digest().as_bytes(), &whole);
}

#[test]
fn the_hint_is_the_last_four_characters() {
    let secret = generate(1);
    let hint = secret.hint();
    assert_eq!(hint.as_str().len(), 4);
    assert!(secret.expose().ends_with(hint.as_str()));
}

#[test]
fn a_webhook_secret_is_no_token_and_a_token_no_webhook_secret() {
    let webhook = Prefix::webhook();
    assert_eq!(webhook.as_str(), "alta_hook");
    assert_eq!("alta_hook".parse(), Ok(Prefix::webhook()));
    let secret = TokenSecret::generate(&webhook, &mut StdRng::seed_from_u64(1));
    assert!(TokenSecret::parse(&webhook, secret.expose()).is_some());
    assert_refused(secret.expose());
    assert!(TokenSecret::parse(&webhook, TOKEN).is_none());
}

#[test]
fn the_default_prefix_is_one_that_could_be_configured() {
    assert_eq!(Prefix::default().as_str(), "alta_pat");
    assert_eq!("alta_pat".parse(), Ok(Prefix::default()));
}

#[test]
fn a_prefix_is_lower_case_letters_digits_and_inner_underscores() {
    for text in ["a", "z", "a0", "a9", "a_b", "a__b", "alta_pat", "x1_2", "abcdefghij0123456789"] {
        assert_eq!(text.parse::<Prefix>().unwrap().as_str(), text);
    }
}

#[test]
fn a_prefix_of_any_other_form_is_refused() {
    for text in [
        "",
        "_",
        "_a",
        "a_",
        "a__",
        "0",
        "0a",
        "A",
        "aB",
        "alta-pat",
        "alta.pat",
        "alta pat",
        " alta",
        "alta ",
        "alta\n",
        "alta\0",
        "é",
        "aé",
        "a\u{ff10}",
        "a\u{661}",
        "abcdefghij01234567890",
    ] {
        assert_eq!(text.parse::<Prefix>(), Err(InvalidPrefix), "{text:?}");
    }
}

//! Signed notes are those of c2sp.org/signed-note, and a note says nothing unless a known key signed it.

use domain::log::note::{notes, open, text_of};
use domain::log::{InvalidKey, LogKey, NoteError, Origin, VerifierKey};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// The example of Go's `sumdb/note`.
const PRIVATE: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
const SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
const ANOTHERS: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn note() -> String {
    format!("{TEXT}\n{SIGNATURE}")
}

fn peter() -> VerifierKey {
    PUBLIC.parse().unwrap()
}

fn origin(text: &str) -> Origin {
    text.parse().unwrap()
}

fn key(name: &str, seed: u64) -> LogKey {
    LogKey::generate(origin(name), &mut StdRng::seed_from_u64(seed))
}

#[test]
fn the_known_key_signs_the_known_note() {
    let key = LogKey::parse(PRIVATE).unwrap();
    assert_eq!(key.verifier().to_string(), PUBLIC);
    assert_eq!(key.expose(), PRIVATE);
    assert_eq!(key.sign(TEXT), note());
}

#[test]
fn the_known_note_says_its_text() {
    assert_eq!(open(&note(), &[peter()]), Ok((TEXT, &peter())));
    assert_eq!(text_of(&note()), Ok(TEXT));
    assert_eq!(peter().name().as_str(), "PeterNeumann");
}

#[test]
fn signatures_of_others_are_passed_over() {
    let keys = [key("another", 1).verifier().clone(), peter()];
    for lines in [format!("{SIGNATURE}{ANOTHERS}"), format!("{ANOTHERS}{SIGNATURE}")] {
        assert_eq!(open(&format!("{TEXT}\n{lines}"), &keys), Ok((TEXT, &peter())));
    }
    assert_eq!(open(&format!("{TEXT}\n{ANOTHERS}"), &keys), Err(NoteError::UnknownSigner));
    assert_eq!(open(&note(), &[]), Err(NoteError::UnknownSigner));
}

#[test]
fn every_changed_bit_of_a_text_makes_its_signature_wrong() {
    for at in 0..TEXT.len() {
        for bit in 0..7 {
            let mut bytes = note().into_bytes();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            let outcome = open(&changed, std::slice::from_ref(&PUBLIC.parse().unwrap())).map(drop);
            assert!(outcome.is_err(), "{changed}");
        }
    }
}

#[test]
fn a_changed_signature_is_wrong() {
    for line in [
        SIGNATURE.replace("x08go/ZJ", "x08go/ZK"),
        SIGNATURE.replace("wJnAM=", "wJnAI="),
        SIGNATURE.replace("x08go/ZJkuBS", "x08go/ZJ"),
    ] {
        let outcome = open(&format!("{TEXT}\n{line}"), &[peter()]).map(drop);
        assert_eq!(outcome, Err(NoteError::WrongSignature), "{line}");
    }
    // A right one before it does not help.
    let wrong = SIGNATURE.replace("x08go/ZJ", "x08go/ZK");
    let outcome = open(&format!("{TEXT}\n{SIGNATURE}{wrong}"), &[peter()]).map(drop);
    assert_eq!(outcome, Err(NoteError::WrongSignature));
}

#[test]
fn another_key_of_the_same_name_did_not_sign_it() {
    let other = key("PeterNeumann", 7);
    assert_eq!(open(&note(), &[other.verifier().clone()]), Err(NoteError::UnknownSigner));
    let by_other = other.sign(TEXT);
    assert_eq!(open(&by_other, &[peter()]), Err(NoteError::UnknownSigner));
    assert_eq!(open(&by_other, &[other.verifier().clone()]).unwrap().0, TEXT);
}

#[test]
fn what_is_written_otherwise_is_no_note() {
    for text in [
        String::new(),
        TEXT.to_owned(),
        format!("{TEXT}\n"),
        format!("{TEXT}{SIGNATURE}"),
        note().trim_end().to_owned(),
        format!("{}more\n", note()),
        note().replace('\n', "\r\n"),
        format!("{TEXT}\n{}", SIGNATURE.replace("— ", "- ")),
        format!("{TEXT}\n— x08go/ZJkuBS9UG=\n"),
        format!("{TEXT}\n— PeterNeumann !\n"),
        format!("{TEXT}\n— PeterNeumann x08goA==\n").replace("x08goA==", "x08gow=="),
        format!("{TEXT}\n—  x08go/ZJkuBS\n"),
        note().replace("problem is", "problem\u{7} is"),
    ] {
        assert_eq!(text_of(&text), Err(NoteError::Malformed), "{text:?}");
        assert_eq!(open(&text, &[peter()]).map(drop), Err(NoteError::Malformed), "{text:?}");
    }
}

#[test]
fn a_text_with_empty_lines_is_signed_whole() {
    let key = key("log", 3);
    let text = "first\n\nsecond\n";
    assert_eq!(open(&key.sign(text), &[key.verifier().clone()]).unwrap().0, text);
}

#[test]
fn a_key_is_read_as_it_was_written_and_not_otherwise() {
    let key = key("tokens.example.com", 5);
    assert_eq!(LogKey::parse(&key.expose()).unwrap().verifier(), key.verifier());
    assert_eq!(key.verifier().to_string().parse(), Ok(key.verifier().clone()));
    for text in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpC2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWAA==",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW ",
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(InvalidKey::Malformed), "{text}");
        let private = LogKey::parse(&format!("PRIVATE+KEY+{text}")).map(|key| key.expose());
        assert_eq!(private, Err(InvalidKey::Malformed), "{text}");
    }
    assert_eq!(PRIVATE.parse::<VerifierKey>(), Err(InvalidKey::Private));
    assert_eq!(LogKey::parse(PUBLIC).map(|key| key.expose()), Err(InvalidKey::Malformed));
}

#[test]
fn a_signing_key_does_not_show_itself() {
    let key = LogKey::parse(PRIVATE).unwrap();
    assert_eq!(format!("{key:?}"), "LogKey(..)");
}

#[test]
fn keys_that_are_generated_differ() {
    assert_ne!(key("log", 1).verifier(), key("log", 2).verifier());
    assert_ne!(key("log", 1).expose(), key("log", 2).expose());
}

#[test]
fn a_log_cannot_have_any_name() {
    for name in ["", " ", "a b", "a+b", "a\nb", "a\u{a0}b", "a\0"] {
        assert!(name.parse::<Origin>().is_err(), "{name:?}");
    }
    for name in ["localhost", "tokens.example.com/log", "[::1]", "127.0.0.1:8080", "löwe"] {
        assert_eq!(origin(name).as_str(), name);
    }
}

#[test]
fn a_file_of_notes_is_taken_apart() {
    let (first, second) = (note(), key("log", 3).sign("one\n\ntwo\n"));
    let both = format!("{TEXT}\n{SIGNATURE}{ANOTHERS}");
    for file in [
        format!("{first}{second}{both}"),
        format!("{first}\n{second}\n\n{both}\n"),
        format!("\n\n{first}{second}\n{both}"),
    ] {
        assert_eq!(notes(&file), [&*first, &*second, &*both], "{file}");
    }
    assert_eq!(notes(""), [""; 0]);
    assert_eq!(notes("\n\n"), [""; 0]);
    assert_eq!(notes("no note"), ["no note"]);
    assert_eq!(notes(&format!("{first}no note\n")), [&*first, "no note\n"]);
}

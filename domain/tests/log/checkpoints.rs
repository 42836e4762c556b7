//! A checkpoint is size and root of one log, signed by its key.

use domain::log::note::NoteError;
use domain::log::proof::TreeHead;
use domain::log::{Checkpoint, CheckpointError, LogKey, TreeHash};
use rand::SeedableRng;
use rand::rngs::StdRng;

fn key(name: &str, seed: u64) -> LogKey {
    LogKey::generate(name.parse().unwrap(), &mut StdRng::seed_from_u64(seed))
}

/// Of the example of c2sp.org/tlog-checkpoint.
fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "example.com/behind-the-sofa".parse().unwrap(),
        head: TreeHead {
            size: 20_852_163,
            root: "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=".parse().unwrap(),
        },
    }
}

#[test]
fn the_text_is_that_of_the_specification() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    assert_eq!(checkpoint().text(), text);
}

#[test]
fn a_signed_checkpoint_is_read_with_the_key_that_signed_it() {
    let key = key("example.com/behind-the-sofa", 1);
    let note = checkpoint().sign(&key);
    let keys = [self::key("other", 2).verifier().clone(), key.verifier().clone()];
    assert_eq!(Checkpoint::open(&note, &keys), Ok(checkpoint()));
    assert_eq!(Checkpoint::read_unverified(&note), Ok(checkpoint()));
}

#[test]
fn a_checkpoint_by_another_key_is_refused() {
    let name = "example.com/behind-the-sofa";
    let note = checkpoint().sign(&key(name, 1));
    let outcome = Checkpoint::open(&note, &[key(name, 2).verifier().clone()]);
    assert_eq!(outcome, Err(CheckpointError::Note(NoteError::UnknownSigner)));
}

#[test]
fn a_checkpoint_of_another_log_is_refused_though_its_key_is_known() {
    let other = key("example.com/another", 1);
    let note = checkpoint().sign(&other);
    let outcome = Checkpoint::open(&note, &[other.verifier().clone()]);
    assert_eq!(outcome, Err(CheckpointError::ForeignKey));
}

#[test]
fn a_checkpoint_that_was_changed_is_refused() {
    let key = key("example.com/behind-the-sofa", 1);
    let note = checkpoint().sign(&key);
    for changed in [
        note.replace("20852163", "20852164"),
        note.replace("CsUY", "CsUZ"),
        note.replacen("example", "exemple", 1),
    ] {
        assert_ne!(changed, note);
        let outcome = Checkpoint::open(&changed, &[key.verifier().clone()]);
        assert_eq!(outcome, Err(CheckpointError::Note(NoteError::WrongSignature)));
    }
}

#[test]
fn what_is_signed_and_no_checkpoint_is_refused() {
    let key = key("log", 1);
    let root = TreeHash::empty();
    for text in [
        "log\n".to_owned(),
        "log\n1\n".to_owned(),
        format!("\n1\n{root}\n"),
        format!("a log\n1\n{root}\n"),
        format!("log\n01\n{root}\n"),
        format!("log\n+1\n{root}\n"),
        format!("log\n-1\n{root}\n"),
        format!("log\n0x1\n{root}\n"),
        format!("log\n18446744073709551616\n{root}\n"),
        format!("log\n1\n{}\n", root.to_string().trim_end_matches('=')),
        "log\n1\nQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBCg==\n".to_owned(),
        format!("log\n1\n{root}\nextension\n\n"),
        format!("log\n1\n{root}\n\nextension\n"),
    ] {
        let outcome = Checkpoint::open(&key.sign(&text), &[key.verifier().clone()]);
        assert_eq!(outcome, Err(CheckpointError::Malformed), "{text:?}");
    }
}

#[test]
fn extensions_are_passed_over() {
    let key = key("log", 1);
    let text = format!("log\n1\n{}\nextension\nanother one\n", TreeHash::empty());
    let read = Checkpoint::open(&key.sign(&text), &[key.verifier().clone()]).unwrap();
    assert_eq!(read.head, TreeHead { size: 1, root: TreeHash::empty() });
}

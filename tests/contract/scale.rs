//! The log at its size: numbering, proofs, an export and its audit. `SYMBOLON_LOG_SCALE` asks for more events
//! than a test needs, and then the times that are printed say something.

use std::io::Write;
use std::time::{Duration, Instant};

use domain::log::proof::{is_consistent, is_included};
use domain::log::{LogKey, Origin};
use projections::Log;
use rand::{RngExt, SeedableRng};
use tests::reaper::Scratch;
use tests::seed::seeded;
use tests::sql::Connection;
use tests::{Store, binary, past};

use api::audit::Notary;

use crate::logging::number_all;
use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(a_log_of_any_size_is_numbered_proved_exported_and_audited);

fn scale() -> u64 {
    std::env::var("SYMBOLON_LOG_SCALE").map_or(3_000, |text| text.parse().expect("a number"))
}

/// Does it so often, and says how long the middle one took and how long the longest.
async fn time(times: u32, mut each: impl AsyncFnMut()) -> String {
    let mut took = Vec::new();
    for _ in 0..times {
        let begin = Instant::now();
        each().await;
        took.push(begin.elapsed());
    }
    took.sort();
    format!("{:?} (at most {:?})", took[took.len() / 2], took[took.len() - 1])
}

fn per_second(events: u64, took: Duration) -> String {
    format!("{took:?}, {} a second", u128::from(events) * 1_000 / took.as_millis().max(1))
}

async fn a_log_of_any_size_is_numbered_proved_exported_and_audited<S: TestStore>(stage: Stage<S>) {
    let (size, store, kind) = (scale(), &stage.store, S::STORE);
    let mut connection = Connection::open(&stage.database).await;
    past::add(&mut connection, size).await;
    let begin = Instant::now();
    assert_eq!(number_all(store).await, size);
    println!("{kind:?}: {size} events numbered in {}", per_second(size, begin.elapsed()));

    let key = LogKey::generate(
        "tokens.example.com".parse().unwrap(),
        &mut rand::rngs::StdRng::seed_from_u64(1),
    );
    let notary = Notary::new(key.clone(), None);
    let made = notary.sign(store, stage.now()).await.unwrap();
    prove(store, kind, made.head).await;
    let folder = Scratch::new("scale");
    let export = folder.path().join("export.ndjson");
    let begin = Instant::now();
    write(store, key.verifier().name(), &export).await;
    let bytes = std::fs::metadata(&export).unwrap().len();
    println!("{kind:?}: exported in {}, {bytes} bytes", per_second(size, begin.elapsed()));

    let note = folder.path().join("note");
    std::fs::write(&note, &made.note).unwrap();
    let mut command = binary::command();
    command.args(["audit", "verify"]).arg(&export).arg("--checkpoint").arg(&note);
    command.args(["--key", &key.verifier().to_string()]);
    let begin = Instant::now();
    let ended = binary::finish(command, "");
    println!("{kind:?}: verified in {}", per_second(size, begin.elapsed()));
    assert!(ended.status.success(), "{ended:?}");
    assert!(ended.stdout.contains(&format!("{size} events")), "{ended:?}");
}

/// Of random events, and between random sizes.
async fn prove(store: &impl Log, kind: Store, head: domain::log::proof::TreeHead) {
    let mut chance = seeded("a_log_of_any_size_is_numbered_proved_exported_and_audited");
    let mut longest = 0;
    let took = time(200, async || {
        let index = chance.random_range(0..head.size);
        let proof = store.prove_inclusion(index, head.size).await.unwrap().unwrap();
        let event = store.list_log_events(index, 1).await.unwrap().pop().unwrap();
        assert!(is_included(event.leaf, index, head.size, &proof.hashes, head.root));
        longest = longest.max(proof.hashes.len());
    })
    .await;
    println!("{kind:?}: inclusion and its event in {took}, at most {longest} hashes");
    let took = time(200, async || {
        let old = chance.random_range(1..=head.size);
        let then = store.prove_consistency(old, old).await.unwrap().unwrap().head;
        let proof = store.prove_consistency(old, head.size).await.unwrap().unwrap();
        assert!(is_consistent(then, head, &proof.hashes), "from {old}");
    })
    .await;
    println!("{kind:?}: consistency with a random root in {took}");
}

async fn write(store: &impl Log, origin: &Origin, path: &std::path::Path) {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    let mut after = 0;
    loop {
        let events = store.list_log_events(after, 1_000).await.unwrap();
        let Some(last) = events.last() else { break };
        after = last.position;
        for event in &events {
            writeln!(file, "{}", event.line(origin).unwrap()).unwrap();
        }
    }
    file.flush().unwrap();
}

//! The server is true to its own document: schemathesis makes thousands of requests from `/openapi.json`,
//! right ones and wrong ones, and holds every answer against it.
//!
//! `TEST_SEED` in the environment is another seed than the usual one, `SYMBOLON_EXAMPLES` how many times as much is tried.

mod report;
mod runs;
mod scene;

use std::collections::BTreeSet;

use tests::{Store, on_both_stores};

use runs::RUNS;
use scene::Scene;

on_both_stores!(the_server_answers_as_its_document_says);

/// So few would mean that something is not tried any more.
const CASES: u64 = 2_000;

/// What is never accepted, because the requests would need a password or a code that nobody can guess.
const GUESSES: [&str; 2] = ["POST /v1/session", "POST /v1/setup"];

async fn the_server_answers_as_its_document_says(store: Store) {
    println!("to repeat, set TEST_SEED={}", seed());
    let mut scene = Scene::set(store).await;
    let document = scene.app.anonymous().get("/openapi.json").send().await.json();
    let (mut cases, mut accepted) = (0, BTreeSet::new());
    for run in RUNS {
        let report = scene.carry_out(run);
        println!("{}: {} cases", run.name, report.judged());
        cases += report.judged();
        accepted.extend(report.accepted());
    }
    assert!(cases >= CASES, "{cases} cases");
    let mut only_refused = operations(&document);
    only_refused.retain(|name| !accepted.contains(name) && !GUESSES.contains(&&**name));
    assert!(only_refused.is_empty(), "never answered as asked: {only_refused:?}");

    let log = scene.app.stop().await.stderr;
    let faults: Vec<_> = log.lines().filter(|line| line.contains("\"ERROR\"")).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Method and path of every operation.
fn operations(document: &serde_json::Value) -> BTreeSet<String> {
    let paths = document["paths"].as_object().expect("paths");
    let named = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys();
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    named.collect()
}

/// The seed of all chance in the runs.
fn seed() -> u64 {
    let chosen = std::env::var("TEST_SEED").ok();
    chosen.map_or(4, |number| number.parse().expect("TEST_SEED is a number"))
}

/// How many times as much as usual is tried.
fn times() -> u32 {
    let chosen = std::env::var("SYMBOLON_EXAMPLES").ok();
    chosen.map_or(1, |number| number.parse().expect("SYMBOLON_EXAMPLES is a number"))
}

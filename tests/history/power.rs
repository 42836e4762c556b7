//! The checker's power: builds that are broken on purpose, each in one way, are caught.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::fleet::Build;
use crate::run::{Form, alone, run_until_caught, seed};

/// The faults that are built into the tests' servers, to be asked for by name.
const BROKEN: [&str; 8] = [
    "skip_wait",
    "acknowledge_before_commit",
    "lease_from_reply",
    "notify_only",
    "cache_one_second",
    "drop_membership_change",
    "resurrect_on_reload",
    "other_users_row",
];

/// How long each may go unnoticed.
const LIMIT: Duration = Duration::from_mins(1);

/// The same look at builds that nothing is wrong with, so that being caught says something.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_are_not_broken_are_not_caught() {
    let _alone = alone().await;
    let seed = seed("nodes_that_are_not_broken_are_not_caught");
    let healthy = Build::verifying_by("replica");
    let judgement = run_until_caught(healthy.clone(), healthy, seed, LIMIT / 3).await;
    judgement.assert_nothing_broken(seed);
}

/// Two of them, drawn by the seed; all in the long form; `SYMBOLON_BROKEN` names one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_broken_nodes_are_caught() {
    let _alone = alone().await;
    let seed = seed("two_broken_nodes_are_caught");
    let mut chosen: Vec<&str> = BROKEN.to_vec();
    if let Ok(one) = std::env::var("SYMBOLON_BROKEN") {
        chosen.retain(|name| *name == one);
        assert!(!chosen.is_empty(), "SYMBOLON_BROKEN={one}: one of {BROKEN:?}");
    } else if Form::chosen() != Form::Long {
        let mut chance = StdRng::seed_from_u64(seed);
        while chosen.len() > 2 {
            chosen.swap_remove(chance.random_range(0..chosen.len()));
        }
    }
    let mut missed = Vec::new();
    for name in chosen {
        // Everyone is let in by nodes that are well.
        let healthy = Build::verifying_by("replica");
        let broken = healthy.clone().broken_by(name);
        let judgement = run_until_caught(healthy, broken, seed, LIMIT).await;
        judgement.tell(seed);
        let is_caught = !judgement.violations.is_empty();
        println!("{name}: caught {is_caught}, after {:.1?}", judgement.took);
        if !is_caught {
            missed.push(name);
        }
    }
    assert!(missed.is_empty(), "not caught within {LIMIT:?}: {missed:?}, seed {seed}");
}

//! `kill -9` of nodes and of the whole database, twenty times each, under load.

use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::driver::Goal;
use crate::fleet::Build;
use crate::nemesis::kills;
use crate::run::{alone, run_through, seed};

const KILLS: usize = 20;
const USERS: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_nodes_are_killed() {
    nothing_is_lost("nothing_acknowledged_is_lost_when_nodes_are_killed", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_database_is_killed() {
    nothing_is_lost("nothing_acknowledged_is_lost_when_the_database_is_killed", true).await;
}

async fn nothing_is_lost(test: &str, of_database: bool) {
    let _alone = alone().await;
    let seed = seed(test);
    let acts = kills(&mut StdRng::seed_from_u64(seed), KILLS, of_database);
    let goal = Goal { verifies: 2_000, changes: 100, faults: KILLS };
    let judgement = run_through(Build::verifying_by("replica"), seed, goal, USERS, acts).await;
    judgement.assert_nothing_broken(seed);
    assert_eq!(judgement.history.windows.len(), KILLS);
}

//! The promise, on healthy builds: dead on acknowledgement, on every node, whatever breaks.

use crate::fleet::Build;
use crate::run::{Form, alone, run, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_on_replica() {
    holds("the_promise_holds_on_replica", Build::verifying_by("replica")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_on_direct() {
    holds("the_promise_holds_on_direct", Build::verifying_by("direct")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_beside_a_node_of_the_release_before() {
    let build = Build::verifying_by("replica").beside_an_old_release(2);
    holds("the_promise_holds_beside_a_node_of_the_release_before", build).await;
}

async fn holds(test: &str, build: Build) {
    let _alone = alone().await;
    let seed = seed(test);
    let goal = Form::chosen().goal();
    let judgement = run(build, seed, goal).await;
    judgement.assert_nothing_broken(seed);
    judgement.assert_much_was_tried(goal);
}

//! The promise, on healthy builds: dead on acknowledgement, on every node, whatever breaks.

use crate::driver::Goal;
use crate::fleet::Build;
use crate::run::{Form, alone, run, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_on_replica() {
    let build = Build::verifying_by("replica");
    holds("the_promise_holds_on_replica", build, Form::chosen().goal()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_on_direct() {
    let build = Build::verifying_by("direct");
    holds("the_promise_holds_on_direct", build, Form::chosen().goal()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_beside_a_node_of_the_release_before() {
    let build = Build::verifying_by("replica").beside_an_old_release(2);
    let Goal { verifies, changes, faults } = Form::chosen().goal();
    // Its writers wait until every lease has run out, so changes take seconds.
    let fewer = Goal { verifies: verifies / 4, changes: changes / 4, faults: faults / 2 };
    holds("the_promise_holds_beside_a_node_of_the_release_before", build, fewer).await;
}

async fn holds(test: &str, build: Build, goal: Goal) {
    let _alone = alone().await;
    let seed = seed(test);
    let judgement = run(build, seed, goal).await;
    judgement.assert_nothing_broken(seed);
    judgement.assert_much_was_tried(goal);
}

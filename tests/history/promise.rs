//! The promise, on healthy builds: dead on acknowledgement, on every node, whatever breaks.

use crate::driver::Goal;
use crate::fleet::{Build, NODES};
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
    let Goal { verifies, faults, .. } = Form::chosen().goal();
    // Its writers keep nodes from renewing leases until all have run out, one batch of them after another, so that it carries
    // out about one change a second. A fault and the quiet before it take two and more.
    let goal = Goal { verifies: verifies / 4, changes: 2 * faults * NODES, faults };
    holds("the_promise_holds_beside_a_node_of_the_release_before", build, goal).await;
}

async fn holds(test: &str, build: Build, goal: Goal) {
    let _alone = alone().await;
    let seed = seed(test);
    let judgement = run(build, seed, goal).await;
    judgement.assert_nothing_broken(seed);
    judgement.assert_much_was_tried(goal);
}

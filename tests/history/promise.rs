//! The promise, on healthy builds: dead on acknowledgement, on every node, whatever breaks.

use crate::fleet::Build;
use crate::run::{Form, alone, run, seed};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_promise_holds_on_direct() {
    holds("the_promise_holds_on_direct", "direct").await;
}

async fn holds(test: &str, verifier: &str) {
    let _alone = alone().await;
    let seed = seed(test);
    let goal = Form::chosen().goal();
    run(Build::verifying_by(verifier), seed, goal).await.assert_nothing_broken(seed, goal);
}

//! A node stands still with requests waiting in its connections. When it goes on, it must not answer them from
//! a memory that has gone stale meanwhile.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::time::{Instant, sleep_until, timeout};

use crate::fleet::{Build, Fleet};
use crate::partitions::until_answered;
use crate::record::{Change, Outcome};
use crate::run::{alone, seed};
use crate::wire::Wire;
use crate::world::{GOOD, World};

const QUEUED: usize = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_node_accepts_nothing_that_died_meanwhile() {
    let _alone = alone().await;
    let seed = seed("a_paused_node_accepts_nothing_that_died_meanwhile");
    let (fleet, code) = Fleet::start(Build::verifying_by("replica")).await;
    let world = World::settle(&fleet, &code, 4, &mut StdRng::seed_from_u64(seed)).await;
    for (user, length) in [2, 4, 10].into_iter().map(Duration::from_secs).enumerate() {
        until_answered(&fleet, &world, user).await;
        let old = world.belief(user).live.expect("everyone has a token");
        let bytes = world.showing(old);
        let mut wires = Vec::new();
        for _ in 0..QUEUED {
            let mut wire = Wire::open(fleet.address(0)).await.expect("the node runs");
            assert_eq!(wire.ask(&bytes).await.expect("the node answers").status, GOOD);
            wires.push(wire);
        }
        fleet.signal(0, "STOP").await;
        let until = Instant::now() + length;
        let outcome = world.change(user, 1, Change::Regenerate).await;
        assert!(matches!(outcome, Outcome::Done(Some(_))), "{outcome:?}");
        assert!(Instant::now() < until, "the acknowledgement outlasted a pause of {length:?}");
        for wire in &mut wires {
            wire.send(&bytes).await.expect("the connection takes it");
        }
        sleep_until(until).await;
        fleet.signal(0, "CONT").await;
        let mut statuses = std::collections::BTreeMap::<u16, usize>::new();
        for wire in &mut wires {
            let reply = timeout(Duration::from_secs(30), wire.receive()).await;
            let reply = reply.expect("the node goes on").expect("the connection stays");
            *statuses.entry(reply.status).or_default() += 1;
        }
        println!("paused for {length:?}: {statuses:?}");
        // Past 120 failures in a minute from one address, a refusal is told as 429.
        let are_refusals = statuses.keys().all(|status| matches!(status, 401 | 429 | 503));
        assert!(are_refusals, "{statuses:?}, seed {seed}");
    }
}

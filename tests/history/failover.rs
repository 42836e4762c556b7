//! The primary is lost and its synchronous standby takes its place, three times: nothing acknowledged is lost,
//! and no memory outlives the timeline that it was filled from.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::{Executor, Row};
use tests::postgres::Cluster;
use tests::processes::kill_cluster;
use tests::until;
use tokio::time::sleep;

use crate::driver::{Goal, Load};
use crate::fleet::{Build, Fleet, NODES};
use crate::record::{Span, Window};
use crate::run::{alone, judge, seed};
use crate::world::World;

const FAILOVERS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_failover_loses_nothing_acknowledged() {
    let _alone = alone().await;
    let seed = seed("a_synchronous_failover_loses_nothing_acknowledged");
    let (fleet, code) = Fleet::start(Build::verifying_by("replica")).await;
    let fleet = Arc::new(fleet);
    let world = World::settle(&fleet, &code, 40, &mut StdRng::seed_from_u64(seed)).await;
    let goal = Goal { verifies: 1_000, changes: usize::MAX, faults: FAILOVERS };
    let began = Instant::now();
    let load = Load::start(&world, seed, goal, Duration::from_millis(200));
    for number in 1..=FAILOVERS {
        let standby = follow(&fleet).await;
        let before = world.progress().1;
        sleep(Duration::from_secs(3)).await;
        let start = world.now();
        fail_over(&fleet, standby).await;
        let span = Span { start, end: world.now() };
        let fault = format!("failover {number}");
        println!("{fault}, {} changes after the standby came", world.progress().1 - before);
        assert!(world.progress().1 > before, "nothing was acknowledged before failover {number}");
        world.note_fault(Window { span, nodes: (0..NODES).collect(), fault });
        world.reconnect().await;
        sleep(Duration::from_secs(3)).await;
    }
    load.stop().await;
    judge(&fleet, &world, began).await.assert_nothing_broken(seed);
}

/// Gives the primary a standby that every commit waits for.
async fn follow(fleet: &Fleet) -> Arc<Cluster> {
    let primary = fleet.cluster();
    let copied = Arc::clone(&primary);
    let standby = tokio::task::spawn_blocking(move || copied.standby()).await;
    let mut connection = primary.connect("postgres").await;
    for command in ["ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"] {
        connection.execute(command).await.expect("a superuser may");
    }
    let question = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
    let is_synchronous =
        async || connection.fetch_one(question).await.expect("it is there").get::<i64, _>(0) > 0;
    until("no standby is synchronous", Duration::from_secs(30), is_synchronous).await;
    Arc::new(standby.expect("a standby starts"))
}

/// Kills the primary and has the standby take its place.
async fn fail_over(fleet: &Fleet, standby: Arc<Cluster>) {
    kill_cluster(&fleet.cluster()).await;
    let promoted = Arc::clone(&standby);
    let done = tokio::task::spawn_blocking(move || promoted.promote()).await;
    done.expect("the standby takes over");
    let mut connection = standby.connect("postgres").await;
    // It has copied that commits wait for a standby, and has none.
    for command in ["ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"] {
        connection.execute(command).await.expect("a superuser may");
    }
    fleet.move_to(standby);
}

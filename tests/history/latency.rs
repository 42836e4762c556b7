//! What an acknowledgement costs: with all nodes well, beside a transaction that does as little as one can; and
//! with one node that has fallen silent.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use tests::postgres::{Cluster, tool};
use tests::reaper::Scratch;

use crate::fleet::{Build, Fleet, NODES};
use crate::record::{Change, Outcome};
use crate::run::{alone, seed};
use crate::world::World;

/// How many are measured when all is well.
const HEALTHY: usize = 300;
/// How many while a node is silent.
const SILENT: usize = 8;
/// What the documents promise for each of those.
const LONGEST: Duration = Duration::from_millis(1_300);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_acknowledgement_waits_for_a_silent_node_no_longer_than_documented() {
    let _alone = alone().await;
    let seed = seed("an_acknowledgement_waits_for_a_silent_node_no_longer_than_documented");
    let (fleet, code) = Fleet::start(Build::verifying_by("replica")).await;
    let world = World::settle(&fleet, &code, 20, &mut StdRng::seed_from_u64(seed)).await;
    regenerate(&world, 30).await;
    let healthy = regenerate(&world, HEALTHY).await;
    let single = bench(&fleet.cluster());
    println!("regenerate, {NODES} healthy nodes: {}", told(&healthy));
    println!("a single-row transaction of pgbench: {}", told(&single));

    fleet.signal(0, "STOP").await;
    let silent = regenerate_past(&world, SILENT).await;
    fleet.signal(0, "CONT").await;
    println!("regenerate, one silent node: {}", told(&silent));
    let longest = *silent.last().expect("some were measured");
    // What the machine adds, it adds to the healthy ones too.
    let added = healthy[healthy.len() * 99 / 100];
    assert!(longest <= LONGEST + added, "{longest:?}, seed {seed}");
}

/// Regenerates so many times, at one node after another. How long each took, in order of length.
async fn regenerate(world: &World, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..count {
        times.push(one(world, number % world.users(), number % NODES).await);
    }
    times.sort_unstable();
    times
}

/// The same past node 0.
async fn regenerate_past(world: &World, count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in 0..count {
        times.push(one(world, number % world.users(), 1 + number % (NODES - 1)).await);
    }
    times.sort_unstable();
    times
}

async fn one(world: &World, user: usize, node: usize) -> Duration {
    let began = Instant::now();
    let outcome = world.change(user, node, Change::Regenerate).await;
    assert!(matches!(outcome, Outcome::Done(Some(_))), "{outcome:?}");
    began.elapsed()
}

/// How long single-row transactions of `pgbench` take on this cluster, in order of length.
fn bench(cluster: &Cluster) -> Vec<Duration> {
    let scratch = Scratch::new("bench");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(scratch.path(), open).expect("it is ours");
    let target = |command: &mut std::process::Command| {
        command.args(["--host=127.0.0.1", "--username=postgres"]);
        command.arg(format!("--port={}", cluster.port()));
        let ran = command.arg("postgres").output().expect("pgbench is installed");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    };
    target(tool("pgbench").args(["--initialize", "--quiet"]));
    let script = scratch.path().join("single.sql");
    let text = "\\set id random(1, 100000)\n\
                UPDATE pgbench_accounts SET abalance = abalance + 1 WHERE aid = :id;\n";
    std::fs::write(&script, text).expect("it is ours");
    let prefix = scratch.path().join("times").display().to_string();
    let count = format!("--transactions={HEALTHY}");
    target(
        tool("pgbench")
            .args(["--no-vacuum", "--log", &count])
            .args([format!("--log-prefix={prefix}"), format!("--file={}", script.display())]),
    );
    let written = std::fs::read_dir(scratch.path()).expect("it is ours").flatten();
    let log = written
        .map(|entry| entry.path())
        .find(|path| path.display().to_string().starts_with(&prefix));
    let log = std::fs::read_to_string(log.expect("pgbench wrote it")).expect("it is text");
    // client, transaction, microseconds, …
    let third = |line: &str| line.split(' ').nth(2).and_then(|time| time.parse().ok());
    let mut times: Vec<_> = log.lines().filter_map(third).map(Duration::from_micros).collect();
    times.sort_unstable();
    times
}

fn told(times: &[Duration]) -> String {
    let of = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    format!("{} of them, p50 {:.1?}, p99 {:.1?}, max {:.1?}", times.len(), of(50), of(99), of(100))
}

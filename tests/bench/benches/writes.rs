//! What a rotation costs: beside the crates as they come and beside a database that does nothing else, and for a user who
//! rotates for the first time beside one who did so many times.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bench::cluster::Cluster;
use bench::databases;
use bench::lineup::Folder;
use bench::process::SERVER_CPU;
use bench::report::{begin, thousands};
use bench::scale::Scale;
use bench::statistics::Spread;
use bench::writing::{Times, Users, drive, generate, regenerate};
use cqrs_es::CqrsFramework;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore};
use domain::Token;
use postgres_es::PostgresEventRepository;
use projections::lease::Terms;
use projections::postgres::Postgres;
use sqlite_es::SqliteEventRepository;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Who rotate at the same time.
const CLIENTS: u32 = 16;
/// Whose tokens each of them rotates, one after another: so that histories are short, which the crates read as a whole.
const USERS: u32 = 50;
/// Nodes that answer from memory.
const NODES: u128 = 3;

fn main() {
    let scale = Scale::from_environment();
    let profile = if cfg!(debug_assertions) { "dev" } else { "release" };
    begin(profile, scale);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let folder = Folder::new();
        let cluster = Cluster::start(&folder.file("cluster"), SERVER_CPU);
        on_sqlite(&folder, scale).await;
        match &cluster {
            Ok(cluster) => on_postgres(cluster, &folder, scale).await,
            Err(reason) => println!("PostgreSQL: not run: {reason}"),
        }
    });
}

async fn on_sqlite(folder: &Folder, scale: Scale) {
    let ours = databases::sqlite(&folder.file("ours.db")).await;
    let users = Users::enrol(ours.clone(), CLIENTS * USERS).await;
    let stock = databases::stock_sqlite(&folder.file("stock.db")).await;
    let stock = Stock::begin(SqliteEventRepository::new(stock)).await;
    let mut table = Table::new("SQLite, synchronous=FULL");
    for _ in 0..=scale.rounds() {
        table.round([
            ("sqlite-es as it comes", stock.drive(scale).await),
            ("Symbolon", ours_drive(&users, scale).await),
        ]);
    }
    table.print();
    grow("SQLite", &Users::enrol(ours, 2).await, scale).await;
}

async fn on_postgres(cluster: &Cluster, folder: &Folder, scale: Scale) {
    let url = cluster.create_database("ours");
    let ours = databases::postgres(&url).await;
    let users = Users::enrol(ours.clone(), CLIENTS * USERS).await;
    let stock = databases::stock_postgres(&cluster.create_database("stock")).await;
    let stock = Stock::begin(PostgresEventRepository::new(stock)).await;
    let script = folder.file("single.sql");
    prepare_pgbench(cluster, &script);
    let mut table = Table::new("PostgreSQL");
    for _ in 0..=scale.rounds() {
        let alone = ours_drive(&users, scale).await;
        let nodes = Nodes::start(&url).await;
        let watched = ours_drive(&users, scale).await;
        nodes.stop().await;
        table.round([
            ("pgbench, BEGIN; INSERT; COMMIT", pgbench(cluster, &script, scale)),
            ("postgres-es as it comes", stock.drive(scale).await),
            ("Symbolon, no node answers from memory", alone),
            ("Symbolon, three nodes do", watched),
        ]);
    }
    table.print();
    grow("PostgreSQL", &Users::enrol(ours, 2).await, scale).await;
}

async fn ours_drive(users: &Users, scale: Scale) -> Times {
    let users = users.clone();
    let command = move |user| {
        let users = users.clone();
        async move { users.regenerate(user).await }
    };
    drive(CLIENTS, USERS, scale.duration(), command).await
}

/// One user rotates so often; then this one and another who has not take turns.
async fn grow(database: &str, users: &Users, scale: Scale) {
    let (few, many, rotations, turns) = (0, 1, scale.rotations(), scale.turns());
    for _ in 0..rotations {
        assert!(users.regenerate(many).await, "nobody else rotates it");
    }
    let mut times = [Vec::new(), Vec::new()];
    for turn in 0..turns {
        for (of, user) in [few, many].into_iter().enumerate() {
            // The next ones are those of a user who has rotated, too.
            let begun = std::time::Instant::now();
            assert!(users.regenerate(user).await, "nobody else rotates it");
            if turn > 0 {
                times[of].push(begun.elapsed().as_secs_f64() * 1e3);
            }
        }
    }
    let [few, many] = times.map(|times| Spread::of(times).median);
    println!(
        "\n{database}, one client: a rotation takes {few:.2} ms for a user with up to {turns} of them, and {many:.2} ms with {}: {:.2}×\n",
        thousands(rotations.into()),
        many / few
    );
}

/// Nodes that keep the live set, and a lease each.
struct Nodes {
    stop: CancellationToken,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    stores: Vec<Postgres>,
}

impl Nodes {
    async fn start(url: &str) -> Self {
        let stop = CancellationToken::new();
        let (mut tasks, mut stores) = (Vec::new(), Vec::new());
        for node in 1..=NODES {
            let store = Postgres::open(url).await.expect("the cluster runs");
            let (keeper, stop) = (store.clone(), stop.clone());
            tasks.push(tokio::spawn(async move {
                keeper.keep_replica(Uuid::from_u128(node), Terms::default(), stop).await;
            }));
            stores.push(store);
        }
        for store in &stores {
            while !store.memory().is_believed() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        Self { stop, tasks, stores }
    }

    async fn stop(self) {
        self.stop.cancel();
        for task in self.tasks {
            task.await.expect("no node panics");
        }
        for store in self.stores {
            store.close().await;
        }
    }
}

/// A crate as it comes: the events and nothing else.
struct Stock<R: PersistedEventRepository>(Arc<CqrsFramework<Token, PersistedEventStore<R, Token>>>);

impl<R: PersistedEventRepository + 'static> Stock<R> {
    async fn begin(repository: R) -> Self {
        let store = PersistedEventStore::new_event_store(repository);
        let framework = CqrsFramework::new(store, vec![], ());
        for user in 0..CLIENTS * USERS {
            let first = framework.execute(&aggregate_id(user), generate()).await;
            assert!(first.is_ok(), "the tables are empty");
        }
        Self(Arc::new(framework))
    }

    async fn drive(&self, scale: Scale) -> Times {
        let framework = Arc::clone(&self.0);
        let command = move |user| {
            let framework = Arc::clone(&framework);
            async move { framework.execute(&aggregate_id(user), regenerate()).await.is_ok() }
        };
        drive(CLIENTS, USERS, scale.duration(), command).await
    }
}

fn aggregate_id(user: u32) -> String {
    format!("user-{user}")
}

fn prepare_pgbench(cluster: &Cluster, script: &Path) {
    cluster.sql("postgres", "CREATE TABLE single (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, payload json NOT NULL)");
    let payload = format!(r#"{{"text": "{}"}}"#, "x".repeat(300));
    let text = format!("BEGIN;\nINSERT INTO single (payload) VALUES ('{payload}');\nCOMMIT;\n");
    std::fs::write(script, text).expect("the folder is ours");
}

fn pgbench(cluster: &Cluster, script: &Path, scale: Scale) -> Times {
    let prefix = script.with_extension("times");
    let mut command = cluster.tool("pgbench");
    command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--log"]);
    command.args([
        format!("--client={CLIENTS}"),
        format!("--time={}", scale.duration().as_secs()),
        format!("--log-prefix={}", prefix.display()),
        format!("--file={}", script.display()),
    ]);
    let output = command.arg("postgres").output().expect("pgbench is installed");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut each = Vec::new();
    let folder = script.parent().expect("it is in one");
    for entry in std::fs::read_dir(folder).expect("the folder is ours").flatten() {
        let path = entry.path();
        if path.display().to_string().starts_with(&prefix.display().to_string()) {
            let log = std::fs::read_to_string(&path).expect("it is text");
            // client, transaction, microseconds, …
            let third = |line: &str| line.split(' ').nth(2).and_then(|time| time.parse().ok());
            each.extend(log.lines().filter_map(third).map(|microseconds: f64| microseconds / 1e3));
            std::fs::remove_file(path).expect("the folder is ours");
        }
    }
    each.sort_by(f64::total_cmp);
    Times { each, all: scale.duration(), failed: 0 }
}

/// Rounds of several contenders, the first of which is the anchor.
struct Table {
    title: &'static str,
    rounds: Vec<Round>,
}

type Round = Vec<(&'static str, Times)>;

impl Table {
    const fn new(title: &'static str) -> Self {
        Self { title, rounds: Vec::new() }
    }

    fn round<const N: usize>(&mut self, round: [(&'static str, Times); N]) {
        self.rounds.push(round.into());
    }

    /// Without the first round.
    fn print(&self) {
        let rounds = &self.rounds[1..];
        println!(
            "\n| {}, {CLIENTS} clients | rotations/s | × {} | p50 ms | p99 ms | not done |\n|---|--:|--:|--:|--:|--:|",
            self.title, rounds[0][0].0
        );
        for (index, (name, _)) in rounds[0].iter().enumerate() {
            let spread = |value: &dyn Fn(&Round) -> f64| Spread::of(rounds.iter().map(value));
            let ratio = spread(&|round| round[index].1.per_second() / round[0].1.per_second());
            println!(
                "| {name} | {:.0} | {:.2} ({:.2}–{:.2}) | {:.2} | {:.2} | {} |",
                spread(&|round| round[index].1.per_second()).median,
                ratio.median,
                ratio.min,
                ratio.max,
                spread(&|round| round[index].1.percentile(50)).median,
                spread(&|round| round[index].1.percentile(99)).median,
                rounds.iter().map(|round| round[index].1.failed).sum::<u64>(),
            );
        }
    }
}

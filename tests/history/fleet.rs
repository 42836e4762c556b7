//! Three nodes on one database, each behind a proxy of its own, at addresses that stay.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tests::postgres::Cluster;
use tests::reaper::Scratch;
use tests::server::Ended;
use tests::{Database, Server, binary};
use tokio::sync::Mutex;

use crate::chaos::Chaos;
use crate::record::Node;

/// How many there are.
pub(crate) const NODES: usize = 3;
/// In which header the gateway, which is the test, says who is signed in.
pub(crate) const SIGNED_IN: &str = "x-history-user";

/// What nodes are started with besides where they are and what they serve.
#[derive(Clone, Debug, Default)]
pub(crate) struct Build {
    /// More arguments of every node.
    pub(crate) arguments: Vec<String>,
    /// Faults that are built in, of one node or of all: the value of `FAILPOINTS`.
    pub(crate) failpoints: Vec<(Node, String)>,
}

impl Build {
    /// Nodes that check credentials in this way.
    pub(crate) fn verifying_by(verifier: &str) -> Self {
        let arguments = vec!["--verifier".to_owned(), verifier.to_owned()];
        Self { arguments, failpoints: Vec::new() }
    }

    /// The same with this fault built into every node.
    pub(crate) fn broken_by(mut self, failpoint: &str) -> Self {
        self.failpoints = (0..NODES).map(|node| (node, format!("{failpoint}=return"))).collect();
        self
    }

    /// The same with one node that is of the release before.
    pub(crate) fn beside_an_old_release(mut self, node: Node) -> Self {
        self.failpoints = vec![(node, "old_release=return".to_owned())];
        self
    }
}

/// One node, running or not.
#[derive(Debug)]
pub(crate) struct Place {
    number: Node,
    address: SocketAddr,
    url: String,
    pub(crate) proxy: Chaos,
    server: Mutex<Option<Server>>,
}

/// All of them and their database. Dropping it ends them.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) places: Vec<Place>,
    build: std::sync::Mutex<Build>,
    cluster: std::sync::Mutex<Arc<Cluster>>,
    database: String,
    directory: Scratch,
}

impl Fleet {
    /// Starts them, the first alone: it makes the tables and the key. Also the code for the first user.
    pub(crate) async fn start(build: Build) -> (Self, String) {
        Self::on(Arc::new(Cluster::new(&[])), build).await
    }

    /// The same on this cluster.
    pub(crate) async fn on(cluster: Arc<Cluster>, build: Build) -> (Self, String) {
        let database = cluster.create_database().await;
        let mut places = Vec::new();
        for number in 0..NODES {
            let proxy = Chaos::before(cluster.port()).await;
            let url = format!("postgres://symbolon@127.0.0.1:{}/{database}", proxy.port());
            let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
            places.push(Place { number, address, url, proxy, server: Mutex::default() });
        }
        let directory = Scratch::new("nodes");
        let cluster = std::sync::Mutex::new(cluster);
        let build = std::sync::Mutex::new(build);
        let fleet = Self { places, build, cluster, database, directory };
        fleet.launch(0).await;
        let code = {
            let mut first = fleet.places[0].server.lock().await;
            first.as_mut().expect("it runs").setup_code().await
        };
        for number in 1..NODES {
            fleet.launch(number).await;
        }
        (fleet, code)
    }

    /// Where a node listens.
    pub(crate) fn address(&self, node: Node) -> SocketAddr {
        self.places[node].address
    }

    /// The database, past all proxies.
    pub(crate) fn database(&self) -> Database {
        Database::at(self.url())
    }

    /// What leads there.
    pub(crate) fn url(&self) -> String {
        self.cluster().url(&self.database)
    }

    /// The cluster that the nodes work on.
    pub(crate) fn cluster(&self) -> Arc<Cluster> {
        Arc::clone(&self.cluster.lock().expect("nobody panics"))
    }

    /// Leads every new connection of every node to another cluster, which has the same databases.
    pub(crate) fn move_to(&self, cluster: Arc<Cluster>) {
        for place in &self.places {
            place.proxy.retarget(cluster.port());
        }
        *self.cluster.lock().expect("nobody panics") = cluster;
    }

    /// The name of the database.
    pub(crate) fn database_name(&self) -> &str {
        &self.database
    }

    /// Kills a node as `kill -9` does.
    pub(crate) async fn kill(&self, node: Node) {
        if let Some(mut server) = self.places[node].server.lock().await.take() {
            server.kill();
        }
    }

    /// Stops a node as an operator does.
    pub(crate) async fn stop(&self, node: Node) -> Option<Ended> {
        let mut server = self.places[node].server.lock().await.take()?;
        Some(server.stop().await)
    }

    /// Sends a running node a signal.
    pub(crate) async fn signal(&self, node: Node, name: &str) {
        if let Some(server) = self.places[node].server.lock().await.as_ref() {
            server.signal(name);
        }
    }

    /// Stops every node and starts it as another build.
    pub(crate) async fn rebuild(&self, build: Build) {
        *self.build.lock().expect("nobody panics") = build;
        for node in 0..NODES {
            self.stop(node).await;
            self.launch(node).await;
        }
    }

    /// Starts a node that does not run, and waits until it accepts connections.
    pub(crate) async fn launch(&self, node: Node) {
        let place = &self.places[node];
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.try_launch(place).await {
                Ok(server) => {
                    *place.server.lock().await = Some(server);
                    return;
                }
                Err(ended) if Instant::now() > deadline => {
                    panic!("node {node} does not start: {}", ended.stderr)
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn try_launch(&self, place: &Place) -> Result<Server, Ended> {
        let directory = self.directory.path();
        let build = self.build.lock().expect("nobody panics").clone();
        let mut command = binary::command();
        command.arg("serve").arg("--data-dir").arg(directory);
        command.args(["--database-url", &place.url, "--listen", &place.address.to_string()]);
        command.args(["--account-requests-per-minute", "100000000"]);
        command.args(["--trusted-proxy-header", SIGNED_IN]);
        command.args(["--trusted-proxy-cidrs", "127.0.0.1/32"]);
        // Every token is shown from an address of its own, so that none exhausts a limit for others.
        command.args(["--gateway-cidrs", "127.0.0.1/32"]);
        command.args(["--log", "warn"]).args(&build.arguments);
        let points = build.failpoints.iter().find(|(node, _)| *node == place.number);
        if let Some((_, points)) = points {
            command.env("FAILPOINTS", points);
        }
        Server::launch(command, directory).await
    }
}

/// Whoever fails wants to know what the nodes said last.
impl Drop for Fleet {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for place in &self.places {
            let Ok(server) = place.server.try_lock() else { continue };
            let said = server.as_ref().map(Server::stderr).unwrap_or_default();
            let lines: Vec<_> = said.lines().collect();
            let last = lines.get(lines.len().saturating_sub(12)..).unwrap_or_default();
            println!("node {} said last:\n{}", place.number, last.join("\n"));
        }
    }
}

/// A port below those that the kernel hands to outgoing connections, so that none takes it while the node
/// is down.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..7_000)
        .map(|_| {
            let step = std::process::id().wrapping_mul(41) + NEXT.fetch_add(1, Ordering::Relaxed);
            u16::try_from(12_000 + step % 7_000).expect("below 20,000")
        })
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port")
}

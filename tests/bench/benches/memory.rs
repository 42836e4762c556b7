//! What a live token costs in memory, how long a start takes to read all of them, and what a request costs among so many.
//!
//! Every user has one token and one membership, ten users an account. Memory is that of the process, less that of one
//! with an empty database. PostgreSQL has the client's processor, which has nothing else to do while memory is filled.
//! Requests are as in the bench `verify`: each with one of 65,536 tokens, chosen at random out of all.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::client;
use bench::cluster::Cluster;
use bench::contender::{Contender, Kind};
use bench::lineup::Folder;
use bench::process::{CLIENT_CPU, Server, free_port, resident};
use bench::program::Program;
use bench::report::{begin, thousands};
use bench::scale::Scale;
use bench::statistics::Spread;
use bench::{seed, tokens};

fn main() {
    let scale = Scale::from_environment();
    let program = Program::build();
    begin(program.profile, scale);
    println!(
        "\n| database | live tokens | loaded in, ms | ready after, ms | resident, bytes a token | resident, MB | CPU a request, × hello |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|");
    // `cargo bench … -- 10000000`: so many only.
    let wanted: Vec<u32> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let all = if wanted.is_empty() { scale.memory_tokens() } else { &wanted };
    for tokens in all.iter().copied() {
        let folder = Folder::new();
        on_sqlite(&program, &folder, scale, tokens);
        match Cluster::start(&folder.file("cluster"), CLIENT_CPU) {
            Ok(cluster) => on_postgres(&program, &folder, &cluster, scale, tokens),
            Err(reason) => println!("| PostgreSQL | not run: {reason} |"),
        }
    }
}

fn on_sqlite(program: &Program, folder: &Folder, scale: Scale, tokens: u32) {
    let loaded = |name: &str, tokens: u32| {
        let own = folder.folder(name);
        let url = seed::filled_sqlite(program, &own, tokens);
        let loaded = Loaded::start(program, &url, &own, scale, tokens);
        std::fs::remove_dir_all(own).expect("the folder is ours");
        loaded
    };
    let empty = loaded("sqlite-empty", 0);
    loaded("sqlite", tokens).print("SQLite", tokens, &empty);
}

fn on_postgres(program: &Program, folder: &Folder, cluster: &Cluster, scale: Scale, tokens: u32) {
    let loaded = |name: &str, tokens: u32| {
        let url = cluster.create_database(name);
        let own = folder.folder(name);
        program.migrate(&url, &own);
        if tokens > 0 {
            seed::postgres(&url, tokens);
        }
        Loaded::start(program, &url, &own, scale, tokens)
    };
    let empty = loaded("empty", 0);
    loaded("filled", tokens).print("PostgreSQL", tokens, &empty);
}

struct Loaded {
    milliseconds: u64,
    /// From the start of the process until it serves, and from memory.
    ready: Duration,
    resident: u64,
    /// `None` of an empty one.
    cost: Option<Spread>,
}

impl Loaded {
    fn start(program: &Program, url: &str, folder: &Path, scale: Scale, tokens: u32) -> Self {
        let port = free_port();
        let command = program.serve(url, folder, port, "replica");
        let begun = Instant::now();
        let server = Server::remembering("serve", &command, folder);
        let ready = begun.elapsed();
        let milliseconds = milliseconds(&server.log()).expect("it was there just now");
        let resident = resident(server.pid());
        let cost = (tokens > 0).then(|| cost(&server, port, folder, scale, tokens));
        Self { milliseconds, ready, resident, cost }
    }

    #[expect(clippy::cast_precision_loss, reason = "bytes of one process")]
    fn print(&self, database: &str, tokens: u32, empty: &Self) {
        let own = self.resident.saturating_sub(empty.resident);
        println!(
            "| {database} | {} | {} | {} | {:.1} | {:.0} | {} |",
            thousands(tokens.into()),
            thousands(self.milliseconds),
            self.ready.as_millis(),
            own as f64 / f64::from(tokens),
            self.resident as f64 / 1e6,
            self.cost.map_or_else(String::new, |cost| format!(
                "{:.2} ({:.2}–{:.2})",
                cost.median, cost.min, cost.max
            )),
        );
    }
}

/// What `GET /v1/token` costs the server's processor, as a multiple of a hello in the same round.
fn cost(server: &Server, port: u16, folder: &Path, scale: Scale, tokens: u32) -> Spread {
    let file = folder.join("asked");
    let asked = tokens::spread(tokens::issued(tokens), tokens, scale.asked().min(tokens));
    tokens::write(&file, asked.map(|token| token.expose().to_owned()));
    let (anchor, hello) = Server::hello(Path::new(env!("CARGO_BIN_EXE_hello")), folder);
    let anchored = Contender::new("hello", Kind::Anchor, hello, "/", &file).process(anchor.pid());
    let ours = Contender::new("symbolon", Kind::Ours, port, "/v1/token", &file);
    let ours = ours.checks(tokens).again().process(server.pid());
    let round = || {
        let [anchor, ours] = [&anchored, &ours]
            .map(|contender| client::ask(contender, scale.duration()).server_microseconds);
        ours / anchor
    };
    round();
    Spread::of((0..scale.rounds()).map(|_| round()))
}

/// Of the line "loaded … tokens of … users in … ms".
fn milliseconds(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains("loaded ") && line.contains(" users in "))?;
    line.split(" users in ").nth(1)?.split_whitespace().next()?.parse().ok()
}

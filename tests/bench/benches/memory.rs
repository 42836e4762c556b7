//! What a live token costs in memory, and how long a start takes to read all of them.
//!
//! Every user has one token and one membership, ten users an account. Memory is that of the process, less that of one
//! with an empty database.

use std::path::Path;
use std::time::{Duration, Instant};

use bench::cluster::Cluster;
use bench::lineup::Folder;
use bench::machine::Machine;
use bench::process::{Server, free_port, resident};
use bench::program::Program;
use bench::report::thousands;
use bench::scale::Scale;
use bench::seed;

fn main() {
    let scale = Scale::from_environment();
    let program = Program::build();
    println!("{}.", Machine::this(program.profile).line());
    if scale == Scale::Short {
        println!("**Short form: these numbers mean nothing.**");
    }
    println!(
        "\n| database | live tokens | loaded in, ms | ready after, ms | resident, bytes a token | resident, MB |"
    );
    println!("|---|--:|--:|--:|--:|--:|");
    for tokens in scale.memory_tokens() {
        let folder = Folder::new();
        on_sqlite(&program, &folder, *tokens);
        match Cluster::start(&folder.file("cluster")) {
            Ok(cluster) => on_postgres(&program, &folder, &cluster, *tokens),
            Err(reason) => println!("| PostgreSQL | not run: {reason} |"),
        }
    }
}

fn on_sqlite(program: &Program, folder: &Folder, tokens: u32) {
    let loaded = |name: &str, tokens: u32| {
        let own = folder.folder(name);
        let file = own.join("symbolon.db");
        let url = format!("sqlite://{}", file.display());
        program.migrate(&url, &own);
        if tokens > 0 {
            seed::sqlite(&file, tokens);
        }
        let loaded = Loaded::start(program, &url, &own);
        std::fs::remove_dir_all(own).expect("the folder is ours");
        loaded
    };
    let empty = loaded("sqlite-empty", 0);
    loaded("sqlite", tokens).print("SQLite", tokens, &empty);
}

fn on_postgres(program: &Program, folder: &Folder, cluster: &Cluster, tokens: u32) {
    let loaded = |name: &str, tokens: u32| {
        let url = cluster.create_database(name);
        let own = folder.folder(name);
        program.migrate(&url, &own);
        if tokens > 0 {
            seed::postgres(&url, tokens);
        }
        Loaded::start(program, &url, &own)
    };
    let empty = loaded("empty", 0);
    loaded("filled", tokens).print("PostgreSQL", tokens, &empty);
}

struct Loaded {
    milliseconds: u64,
    /// From the start of the process until it serves, and from memory.
    ready: Duration,
    resident: u64,
}

impl Loaded {
    fn start(program: &Program, url: &str, folder: &Path) -> Self {
        let command = program.serve(url, folder, free_port(), "replica");
        let begun = Instant::now();
        let mut server = Server::spawn("serve", &command, folder);
        server.wait_for_log(|log| milliseconds(log).is_some() && log.contains("Listening on"));
        let ready = begun.elapsed();
        let milliseconds = milliseconds(&server.log()).expect("it was there just now");
        Self { milliseconds, ready, resident: resident(server.pid()) }
    }

    #[expect(clippy::cast_precision_loss, reason = "bytes of one process")]
    fn print(&self, database: &str, tokens: u32, empty: &Self) {
        let own = self.resident.saturating_sub(empty.resident);
        println!(
            "| {database} | {} | {} | {} | {:.1} | {:.0} |",
            thousands(tokens.into()),
            thousands(self.milliseconds),
            self.ready.as_millis(),
            own as f64 / f64::from(tokens),
            self.resident as f64 / 1e6,
        );
    }
}

/// Of the line "loaded … tokens of … users in … ms".
fn milliseconds(log: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.contains("loaded ") && line.contains(" users in "))?;
    line.split(" users in ").nth(1)?.split_whitespace().next()?.parse().ok()
}

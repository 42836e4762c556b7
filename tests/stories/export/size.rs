//! A large export takes no more memory than a small one. `SYMBOLON_EXPORT_SCALE` asks for more events than a
//! test needs, and then the numbers that are printed say something.

use std::process::{Command, Stdio};
use std::time::Instant;

use tests::sql::Connection;
use tests::{Database, Settings, Store, TestApp, on_both_stores, past};
use tokio::task::{JoinHandle, spawn_blocking};

use super::fresh;

on_both_stores!(a_large_export_takes_no_more_memory_than_a_small_one);

/// So much may come of chance. The smallest export that is tried has twice as many bytes.
const GROWTH_KIB: u64 = 4 * 1024;

/// The events of a small one.
const SMALL: usize = 2_000;
/// Small ones at once, so that each connection that reads gets to read: SQLite keeps 2 MiB of pages for each.
const AT_ONCE: usize = 4;

fn scale() -> u64 {
    std::env::var("SYMBOLON_EXPORT_SCALE").map_or(20_000, |text| text.parse().expect("a number"))
}

/// So many events that wait for their places.
async fn fill(database: &Database, events: u64) {
    let mut connection = Connection::open(database).await;
    past::add(&mut connection, events).await;
    connection.close().await;
}

/// What the process holds, in KiB: now, and at most so far.
fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let number = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    };
    (number("VmRSS:"), number("VmHWM:"))
}

/// Exports as a client does that takes its time, and says how many lines and bytes came.
async fn export(app: &TestApp, token: &str, target: &str) -> (usize, usize) {
    begin_export(app, token, target).await.expect("nothing panics")
}

/// The same, under way.
fn begin_export(app: &TestApp, token: &str, target: &str) -> JoinHandle<(usize, usize)> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--limit-rate", "20M"]);
    curl.args(["--header", &format!("Authorization: Bearer {token}")]);
    curl.arg(format!("http://{}{target}", app.server().address())).stdin(Stdio::null());
    spawn_blocking(move || {
        let output = curl.output().expect("curl is installed");
        assert!(output.status.success(), "{:?}", output.stderr);
        (output.stdout.split(|byte| *byte == b'\n').count() - 1, output.stdout.len())
    })
}

async fn a_large_export_takes_no_more_memory_than_a_small_one(store: Store) {
    let events = scale();
    let mut app = TestApp::with(Database::new(store).await, Settings::new()).await;
    let audrey = app.auditor().await;
    let token = audrey.generate_token().await;
    app.stop().await;
    fill(app.database(), events).await;
    app.start().await;
    let size = fresh(&audrey).await.head.size;
    assert!(size > events);
    for format in ["ndjson", "csv", "ocsf"] {
        let target = format!("/v1/audit/export?format={format}");
        // Small ones of the whole log, so that each connection has in its cache what it will have there.
        let starts: Vec<u64> = (1..size).step_by(SMALL).collect();
        for starts in starts.chunks(AT_ONCE) {
            let part = |from: &u64| {
                let to = size.min(from + SMALL as u64 - 1);
                begin_export(&app, &token, &format!("{target}&from={from}&to={to}"))
            };
            for part in starts.iter().map(part).collect::<Vec<_>>() {
                part.await.expect("nothing panics");
            }
        }
        let (pid, begin) = (app.server().pid(), Instant::now());
        let (_, before) = memory(pid);
        let (lines, bytes) = export(&app, &token, &target).await;
        let (_, after) = memory(pid);
        println!(
            "{store:?} {format}: {size} events, {bytes} bytes in {:?}; memory {before} KiB, then {after} KiB",
            begin.elapsed()
        );
        assert_eq!(lines as u64, size + u64::from(format == "csv"));
        let growth = after - before;
        assert!(growth < GROWTH_KIB, "{format}: {growth} KiB more for {bytes} bytes");
    }
}

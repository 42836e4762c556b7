//! How long an answer takes at half of what the server can answer: alone, while tokens are regenerated, and while the read models are
//! made anew.
//!
//! The server has one processor, and so has the client, which regenerates as well; a rebuild runs wherever there is room.

use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use bench::h2load::{self, Asked, http1};
use bench::lineup::Folder;
use bench::process::{Server, free_port, require};
use bench::program::Program;
use bench::report::{begin, thousands};
use bench::scale::Scale;
use bench::statistics::Spread;
use bench::wire::Wire;
use bench::writing::Users;
use bench::{databases, past};

/// Tokens regenerated in a second.
const REGENERATED: u32 = 200;
/// By so many clients, each for users of its own.
const CLIENTS: u32 = 8;
/// Users of each of them.
const USERS: u32 = 50;
/// Names who is signed in.
const SIGNED_IN: &str = "x-bench-user";

fn main() {
    let scale = Scale::from_environment();
    require(h2load::find());
    let program = Program::build();
    begin(program.profile, scale);
    let house = House::settle(&program, scale);
    let mut rounds = Vec::new();
    for round in 0..=scale.rounds() {
        eprintln!("round {round} of {}", scale.rounds());
        rounds.push(house.round(scale));
    }
    println!(
        "\n| verifying at half of what can be answered, SQLite | answers/s | p50 ms | p99 ms | p99 / p50 | beside it |\n|---|--:|--:|--:|--:|---|"
    );
    for (row, label) in
        ["alone", "while tokens are regenerated", "while a rebuild runs"].iter().enumerate()
    {
        let spread = |value: &dyn Fn(&Row) -> f64| {
            Spread::of(rounds[1..].iter().map(|round: &[Row; 3]| value(&round[row])))
        };
        let tail = spread(&|row| row.asked.percentile(99) / row.asked.percentile(50));
        println!(
            "| {label} | {:.0} | {:.3} | {:.3} | {:.1} ({:.1}–{:.1}) | {:.0} {} |",
            spread(&|row| row.asked.per_second).median,
            spread(&|row| row.asked.percentile(50)).median,
            spread(&|row| row.asked.percentile(99)).median,
            tail.median,
            tail.min,
            tail.max,
            spread(&|row| row.beside).median,
            ["", "regenerated/s", "rebuilds begun"][row],
        );
    }
    println!("\nThe rebuilds are of {} events.", thousands(scale.rebuilt().into()));
}

/// What was measured, and how much else was done meanwhile.
struct Row {
    asked: Asked,
    beside: f64,
}

struct House<'a> {
    program: &'a Program,
    folder: Folder,
    server: Server,
    port: u16,
    emails: Vec<String>,
    token: String,
}

impl<'a> House<'a> {
    /// Users who can sign in, and a log that takes some time to make read models of.
    fn settle(program: &'a Program, scale: Scale) -> Self {
        let folder = Folder::new();
        let own = folder.folder("load");
        let file = own.join("symbolon.db");
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let emails = runtime.block_on(async {
            let store = databases::sqlite(&file).await;
            past::on_sqlite(&store, scale.rebuilt()).await;
            store.migrate().await.expect("the log is whole");
            let users = Users::enrol(store.clone(), CLIENTS * USERS).await;
            store.close().await;
            users.emails()
        });
        drop(runtime);
        let port = free_port();
        let url = format!("sqlite://{}", file.display());
        let mut command = program.serve(&url, &own, port, "replica");
        command.args(["--trusted-proxy-header", SIGNED_IN, "--trusted-proxy-cidrs=127.0.0.1/32"]);
        let server = Server::remembering("load", &command, folder.path());
        let mut house = Self { program, folder, server, port, emails, token: String::new() };
        // The read models of those events, so that the next rebuilds find nothing to mend.
        assert!(house.rebuild().wait().expect("it runs").success(), "it is made anew");
        let (status, body) = house.regenerate(&mut Wire::open(port).expect("it serves"), 0);
        assert_eq!(status, 200, "{body}");
        let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        told["token"].as_str().expect("a token").clone_into(&mut house.token);
        house
    }

    fn round(&self, scale: Scale) -> [Row; 3] {
        let path = "/v1/token";
        let full =
            h2load::ask(&http1(self.port), path, &self.token, self.server.pid(), scale.duration());
        let half = || {
            let way = (&http1(self.port), full.per_second / 2.0);
            let file = self.folder.file("times");
            let length = scale.duration() * 2;
            h2load::ask_at_a_pace((path, &self.token), way, self.server.pid(), length, &file)
        };
        let alone = Row { asked: half(), beside: 0.0 };
        let (asked, beside) = self.while_regenerating(half);
        let regenerating = Row { asked, beside };
        let (asked, beside) = self.while_rebuilding(half);
        [alone, regenerating, Row { asked, beside }]
    }

    /// As many a second as was asked for; how many there were.
    fn while_regenerating(&self, work: impl Fn() -> Asked) -> (Asked, f64) {
        let (stop, count) = (AtomicBool::new(false), AtomicU64::new(0));
        let begun = Instant::now();
        let regenerate = |client: u32| {
            let mut wire = Wire::open(self.port).expect("it serves");
            // The first user's token is the one that is asked about.
            let mut users = (client * USERS + 1..(client + 1) * USERS).cycle();
            let pause = Duration::from_secs(1) * CLIENTS / REGENERATED;
            let mut due = Instant::now() + pause * client / CLIENTS;
            while !stop.load(Ordering::Relaxed) {
                sleep(due.saturating_duration_since(Instant::now()));
                due += pause;
                let user = users.next().expect("it goes round");
                let (status, body) = self.regenerate(&mut wire, user as usize);
                assert_eq!(status, 200, "{body}");
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let asked = std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                scope.spawn(move || regenerate(client));
            }
            let asked = work();
            stop.store(true, Ordering::Relaxed);
            asked
        });
        let count = u32::try_from(count.into_inner()).expect("few");
        (asked, f64::from(count) / begun.elapsed().as_secs_f64())
    }

    /// One rebuild after another; how many were begun.
    fn while_rebuilding(&self, work: impl Fn() -> Asked) -> (Asked, f64) {
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let rebuilding = scope.spawn(|| {
                let mut begun = 0;
                while !stop.load(Ordering::Relaxed) {
                    begun += 1;
                    let ended = self.rebuild().wait().expect("it runs");
                    assert!(ended.success(), "{ended}");
                }
                begun
            });
            let asked = work();
            stop.store(true, Ordering::Relaxed);
            (asked, f64::from(rebuilding.join().expect("it does not panic")))
        })
    }

    /// It takes what others leave of the processors, as docs/OPERATIONS.md advises.
    fn rebuild(&self) -> Child {
        let mut command = self.program.command_behind_others();
        command.arg("rebuild").arg("--data-dir").arg(self.folder.file("load"));
        Command::stderr(command.stdout(Stdio::null()), Stdio::null()).spawn().expect("it runs")
    }

    fn regenerate(&self, wire: &mut Wire, user: usize) -> (u16, String) {
        let email = &self.emails[user];
        let request = format!(
            "POST /v1/user/api-token/regenerate HTTP/1.1\r\nHost: 127.0.0.1\r\n{SIGNED_IN}: {email}\r\nContent-Length: 0\r\n\r\n"
        );
        wire.ask(&request).expect("it answers")
    }
}

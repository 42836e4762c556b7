//! What it costs to be asked: over HTTP/1.1 and HTTP/2, a TCP connection and a Unix socket. The question is always the same, so that
//! the way it comes is what differs.

use std::path::Path;

use bench::h2load::{self, Asked, Transport, http1};
use bench::lineup::Folder;
use bench::process::{Server, free_port, require};
use bench::program::Program;
use bench::report::begin;
use bench::scale::Scale;
use bench::statistics::Spread;
use bench::{seed, tokens};

fn main() {
    let scale = Scale::from_environment();
    require(h2load::find());
    let program = Program::build();
    begin(program.profile, scale);
    let folder = Folder::new();
    let (anchor, hello) = Server::hello(Path::new(env!("CARGO_BIN_EXE_hello")), folder.path());
    let (port, socket) = (free_port(), folder.file("symbolon.sock"));
    let server = serve(&program, &folder, port, &socket, scale);
    let token = tokens::issued(1).next().expect("one").expose().to_owned();

    let tcp = http1(port);
    let unix = Transport { socket: Some(socket), ..tcp.clone() };
    let multiplexed = |transport: &Transport| Transport {
        is_http2: true,
        connections: 4,
        at_once: 32,
        ..transport.clone()
    };
    let rows = [
        ("axum, hello world, HTTP/1.1", http1(hello), "/", anchor.pid()),
        ("HTTP/1.1", tcp.clone(), "/v1/token", server.pid()),
        (
            "HTTP/1.1, sixteen requests sent at once",
            Transport { at_once: 16, ..tcp.clone() },
            "/v1/token",
            server.pid(),
        ),
        ("HTTP/2, 32 streams at once", multiplexed(&tcp), "/v1/token", server.pid()),
        (
            "the same, only whether the token is good (`HEAD`)",
            Transport { method: "HEAD", ..multiplexed(&tcp) },
            "/v1/token",
            server.pid(),
        ),
        (
            "axum, hello world, HTTP/2, 32 streams at once",
            multiplexed(&http1(hello)),
            "/",
            anchor.pid(),
        ),
        ("Unix socket, HTTP/1.1", unix.clone(), "/v1/token", server.pid()),
        ("Unix socket, HTTP/2, 32 streams at once", multiplexed(&unix), "/v1/token", server.pid()),
    ];
    let mut rounds = Vec::new();
    for _ in 0..=scale.rounds() {
        let ask = |(_, transport, path, server): &(_, Transport, &str, u32)| {
            h2load::ask(transport, path, &token, *server, scale.duration())
        };
        rounds.push(rows.iter().map(ask).collect::<Vec<Asked>>());
    }
    println!(
        "\n| how `GET /v1/token` is asked | server CPU, µs/request | × HTTP/1.1 | requests/s | client CPU |\n|---|--:|--:|--:|--:|"
    );
    let spread = |value: &dyn Fn(&Vec<Asked>) -> f64| Spread::of(rounds[1..].iter().map(value));
    let ratio = |row: usize, to: usize| {
        spread(&|round| round[row].server_microseconds / round[to].server_microseconds)
    };
    for (row, (label, ..)) in rows.iter().enumerate() {
        let ratio = ratio(row, 1);
        println!(
            "| {label} | {:.1} | {:.2} ({:.2}–{:.2}) | {:.0} | {:.0} % |",
            spread(&|round| round[row].server_microseconds).median,
            ratio.median,
            ratio.min,
            ratio.max,
            spread(&|round| round[row].per_second).median,
            spread(&|round| round[row].client_share).median * 100.0,
        );
    }
    let [head, hello] = ["(`HEAD`)", "hello world, HTTP/2"]
        .map(|part| rows.iter().position(|(label, ..)| label.contains(part)).expect("it is there"));
    let ratio = ratio(head, hello);
    println!(
        "\n`HEAD`, × hello over HTTP/2: {:.2} ({:.2}–{:.2})",
        ratio.median, ratio.min, ratio.max
    );
}

fn serve(program: &Program, folder: &Folder, port: u16, socket: &Path, scale: Scale) -> Server {
    let own = folder.folder("replica");
    let url = seed::filled_sqlite(program, &own, scale.tokens());
    let mut command = program.serve(&url, &own, port, "replica");
    command.arg("--listen-unix").arg(socket);
    Server::remembering("replica", &command, folder.path())
}

//! Starts everyone who takes part, and says who cannot.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Serialize;

use crate::cluster::Cluster;
use crate::contender::{Contender, Kind};
use crate::peer::Peer;
use crate::process::{SERVER_CPU, Server, free_port};
use crate::program::Program;
use crate::scale::Scale;
use crate::{client, seed, tokens};

/// An account that nobody is a member of.
const FOREIGN_ACCOUNT: &str = "x-account-id: 00000000-0000-4000-8000-000000000000";

/// Someone who does not take part.
#[derive(Clone, Debug, Serialize)]
pub struct Absent {
    /// As people read it.
    pub label: String,
    /// Why not.
    pub reason: String,
}

/// Everyone who takes part, running. All are stopped on drop.
#[derive(Debug)]
pub struct Lineup {
    /// In the order of the report; the anchor is the first.
    pub contenders: Vec<Contender>,
    /// Who could not be started.
    pub absent: Vec<Absent>,
    servers: Vec<Server>,
    cluster: Option<Cluster>,
    folder: Folder,
    scale: Scale,
}

/// A folder of our own, readable to all, because PostgreSQL runs as another user. Deleted on drop.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// An empty one.
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("symbolon-bench-{}", std::process::id()));
        std::fs::create_dir(&path).expect("nobody else has this process id");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A new folder in it.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::create_dir(&path).expect("the name is new");
        path
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left is in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Lineup {
    /// Fills all databases and starts everyone.
    pub fn start(program: &Program, hello: &Path, scale: Scale) -> Self {
        let mut lineup = Self {
            contenders: Vec::new(),
            absent: Vec::new(),
            servers: Vec::new(),
            cluster: None,
            folder: Folder::new(),
            scale,
        };
        lineup.write_tokens();
        lineup.start_anchor(hello);
        let replica = lineup.start_on_sqlite(program);
        if let Err(reason) = lineup.start_on_postgres(program) {
            lineup.leave_out("symbolon on PostgreSQL", reason);
        }
        if let Err(reason) = lineup.start_nginx(replica) {
            lineup.leave_out("nginx", reason);
        }
        for peer in Peer::ALL.into_iter().filter(|_| scale != Scale::Ours) {
            if let Err(reason) = lineup.start_peer(peer) {
                lineup.leave_out(peer.label(), reason);
            }
        }
        lineup.probe();
        lineup
    }

    fn leave_out(&mut self, label: &str, reason: String) {
        self.absent.push(Absent { label: label.to_owned(), reason });
    }

    /// Leaves out who does not do what it ought to.
    fn probe(&mut self) {
        let absent = &mut self.absent;
        self.contenders.retain(|contender| {
            let result = client::probe(contender);
            if let Err(reason) = &result {
                assert!(contender.kind == Kind::Peer, "{}: {reason}", contender.label);
                absent.push(Absent { label: contender.label.clone(), reason: reason.clone() });
            }
            result.is_ok()
        });
    }

    fn write_tokens(&self) {
        let (all, asked) = (self.scale.tokens(), self.scale.asked());
        let live = || tokens::spread(tokens::issued(all), all, asked);
        let text = |token: domain::token::TokenSecret| token.expose().to_owned();
        tokens::write(&self.folder.file("live"), live().map(text));
        let others = tokens::spread(tokens::issued(all).skip(1), all, 4 * asked);
        tokens::write(&self.folder.file("others"), others.map(text));
        tokens::write(&self.folder.file("unknown"), tokens::unknown(asked + 1).skip(1).map(text));
        tokens::write(&self.folder.file("mistyped"), live().map(|token| tokens::mistyped(&token)));
        tokens::write(
            &self.folder.file("malformed"),
            live().map(|token| tokens::malformed(&token)),
        );
    }

    fn run(&mut self, name: &str, command: &Command, port: u16) -> u32 {
        self.keep(Server::serving(name, command, port, &self.folder.0))
    }

    /// Starts the product on a database, with a folder of its own, after which it is called; its port and process.
    fn serve(&mut self, program: &Program, verifier: &str, url: &str, own: &Path) -> (u16, u32) {
        let (name, port) = (own.file_name().unwrap_or_default().to_string_lossy(), free_port());
        let command = program.serve(url, own, port, verifier);
        let server = match verifier {
            "replica" => Server::remembering(&name, &command, &self.folder.0),
            _ => Server::serving(&name, &command, port, &self.folder.0),
        };
        (port, self.keep(server))
    }

    fn keep(&mut self, server: Server) -> u32 {
        let pid = server.pid();
        self.servers.push(server);
        pid
    }

    fn add(&mut self, contender: Contender) {
        self.contenders.push(contender);
    }

    fn start_anchor(&mut self, hello: &Path) {
        let (server, port) = Server::hello(hello, &self.folder.0);
        let pid = self.keep(server);
        let live = self.folder.file("live");
        self.add(Contender::new("axum, hello world", Kind::Anchor, port, "/", &live).process(pid));
    }

    /// Port and process of the one that answers from memory.
    fn start_on_sqlite(&mut self, program: &Program) -> (u16, u32) {
        let (replica, direct) = (self.folder.folder("replica"), self.folder.folder("direct"));
        eprintln!("filling SQLite");
        let url = seed::filled_sqlite(program, &replica, self.scale.tokens());
        let file = direct.join("symbolon.db");
        std::fs::copy(replica.join("symbolon.db"), &file).expect("there is room");

        let here = self.serve(program, "replica", &url, &replica);
        self.add_parts(here.0, here.1);

        let url = format!("sqlite://{}", file.display());
        let (port, pid) = self.serve(program, "direct", &url, &direct);
        let label = "symbolon, SQLite, direct: GET /v1/token, first time";
        self.add(self.about_token(label, port, &[pid], "live"));
        here
    }

    /// What the one that answers from memory does, part by part.
    fn add_parts(&mut self, port: u16, pid: u32) {
        let holds = self.scale.tokens();
        let live = self.folder.file("live");
        let of = |label: &str, kind, path, tokens: &Path| {
            Contender::new(label, kind, port, path, tokens).process(pid)
        };
        self.add(of(
            "symbolon: GET /livez (router and layers, no check)",
            Kind::Layer,
            "/livez",
            &live,
        ));
        let foreign = "symbolon, replica: checked, then 403 for a foreign account";
        let foreign = of(foreign, Kind::Layer, "/v1/assistants", &live).header(FOREIGN_ACCOUNT);
        self.add(foreign.refuses(holds, &[403]));
        // One address sends all of it, so that nearly all is told 429, after the same check.
        for (label, file) in [
            ("symbolon, replica: refusing an unknown token", "unknown"),
            ("symbolon, replica: refusing a wrong checksum", "mistyped"),
            ("symbolon, replica: refusing a malformed token", "malformed"),
        ] {
            let tokens = self.folder.file(file);
            self.add(of(label, Kind::Layer, "/v1/token", &tokens).refuses(holds, &[401, 429]));
        }
        self.add_replica("symbolon, SQLite, replica", port, &[pid]);
    }

    /// One that answers from memory, who knows what its bearers are called when it is asked again.
    fn add_replica(&mut self, label: &str, port: u16, pids: &[u32]) {
        let first = format!("{label}: GET /v1/token, first time");
        self.add(self.about_token(&first, port, pids, "others"));
        let again = format!("{label}: GET /v1/token");
        self.add(self.about_token(&again, port, pids, "live").again());
    }

    fn about_token(&self, label: &str, port: u16, pids: &[u32], tokens: &str) -> Contender {
        let tokens = self.folder.file(tokens);
        let mut contender = Contender::new(label, Kind::Ours, port, "/v1/token", &tokens);
        contender.processes.extend(pids);
        contender.checks(self.scale.tokens())
    }

    fn start_on_postgres(&mut self, program: &Program) -> Result<(), String> {
        let cluster = Cluster::start(&self.folder.file("cluster"), SERVER_CPU)?;
        let url = cluster.create_database("bench");
        let postgres = cluster.pid();
        eprintln!("filling PostgreSQL");
        for verifier in ["replica", "direct"] {
            let folder = self.folder.folder(&format!("postgres-{verifier}"));
            if verifier == "replica" {
                program.migrate(&url, &folder);
                seed::postgres(&url, self.scale.tokens());
            }
            let (port, pid) = self.serve(program, verifier, &url, &folder);
            let label = format!("symbolon, PostgreSQL, {verifier}");
            if verifier == "replica" {
                self.add_replica(&label, port, &[pid, postgres]);
            } else {
                let label = format!("{label}: GET /v1/token, first time");
                self.add(self.about_token(&label, port, &[pid, postgres], "live"));
            }
        }
        self.cluster = Some(cluster);
        Ok(())
    }

    fn start_nginx(&mut self, (upstream, upstream_pid): (u16, u32)) -> Result<(), String> {
        let missing = |_| "nginx is not installed (apt-get install nginx)".to_owned();
        Command::new("nginx").arg("-v").output().map_err(missing)?;
        let (folder, port) = (self.folder.folder("nginx"), free_port());
        let configuration = include_str!("../peers/nginx/nginx.conf")
            .replace("FOLDER", &folder.display().to_string())
            .replace("UPSTREAM", &upstream.to_string())
            .replace("PORT", &port.to_string());
        std::fs::write(folder.join("nginx.conf"), configuration).expect("the folder is ours");
        std::fs::write(folder.join("guarded.json"), r#"{"hello":"world"}"#).expect("it is");
        let mut command = Command::new("nginx");
        command.arg("-e").arg(folder.join("error.log")).arg("-c").arg(folder.join("nginx.conf"));
        let pid = self.run("nginx", &command, port);
        let live = self.folder.file("live");
        let alone = Contender::new("nginx, a fixed answer", Kind::Peer, port, "/alone", &live);
        self.add(alone.process(pid));
        let label = "nginx, auth_request to symbolon (SQLite, replica)";
        let guarded = Contender::new(label, Kind::Peer, port, "/guarded", &live);
        self.add(guarded.process(pid).process(upstream_pid).checks(self.scale.tokens()));
        Ok(())
    }

    fn start_peer(&mut self, peer: Peer) -> Result<(), String> {
        eprintln!("installing and filling {}", peer.label());
        peer.install(self.scale)?;
        let folder = self.folder.folder(&format!("{peer:?}"));
        let holds = self.scale.asked();
        peer.seed(&folder, holds)?;
        let port = free_port();
        let pid = self.run(&format!("{peer:?}-server"), &peer.serve(&folder, port), port);
        let tokens = folder.join("tokens.txt");
        let contender = Contender::new(peer.label(), Kind::Peer, port, "/me", &tokens);
        self.add(contender.process(pid).checks(holds));
        Ok(())
    }
}

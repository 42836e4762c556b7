//! Private PostgreSQL clusters: one shared by all tests of a binary, more for those that break one.
//!
//! `fsync` stays on, as in production, unless a test starts a cluster of its own without it. Servers
//! connect as the ordinary role `symbolon`, which owns its database and nothing else.

use std::ffi::OsString;
use std::fs::File;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::chown;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{Connection, Executor, PgConnection};

use crate::reaper::{self, Scratch};

const CONFIGURATION: &str = "
listen_addresses = '127.0.0.1'
max_connections = 200
log_line_prefix = '%m [%p] %q%u@%d '
";

/// How a cluster ends, in the words of `pg_ctl`.
#[derive(Clone, Copy, Debug)]
pub enum Shutdown {
    /// Disconnects everyone and writes a checkpoint.
    Fast,
    /// Stops without a checkpoint, as a crash does: the next start recovers.
    Immediate,
}

/// A private PostgreSQL cluster. Dropping it stops and deletes it.
#[derive(Debug)]
pub struct Cluster {
    port: u16,
    /// Held, never used.
    _reservation: UnixListener,
    directory: Scratch,
}

impl Cluster {
    /// The cluster that the tests of this binary share, each with its own database.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::new(&[]))
    }

    /// Makes and starts a cluster of its own, with these settings on its command line.
    pub fn new(settings: &[(&str, &str)]) -> Self {
        let cluster = Self::without_data();
        run(tool("initdb").args([
            "--auth=trust",
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
            &text(&cluster.data_directory()),
        ]));
        cluster.configure();
        cluster.start(settings);
        run(cluster.psql().args(["--command", "CREATE ROLE symbolon LOGIN"]));
        cluster
    }

    /// Makes and starts a hot standby that follows this cluster.
    #[must_use]
    pub fn standby(&self) -> Self {
        let standby = Self::without_data();
        run(tool("pg_basebackup").args([
            "--host=127.0.0.1",
            &format!("--port={}", self.port),
            "--username=postgres",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--wal-method=stream",
            "--pgdata",
            &text(&standby.data_directory()),
        ]));
        standby.configure();
        standby.start(&[]);
        standby
    }

    fn without_data() -> Self {
        let directory = Scratch::new("postgres");
        if let Some((uid, gid)) = unprivileged() {
            chown(directory.path(), Some(uid), Some(gid)).expect("root may give it away");
        }
        reaper::stop_cluster_at_the_end(directory.path());
        let (port, reservation) = reserve_port();
        Self { port, _reservation: reservation, directory }
    }

    /// Later lines win, so a standby may carry its primary's as well.
    fn configure(&self) {
        let path = self.data_directory().join("postgresql.conf");
        let before = std::fs::read_to_string(&path).expect("initdb wrote it");
        let directory = text(self.directory.path());
        let own = format!("port = {}\nunix_socket_directories = '{directory}'\n", self.port);
        std::fs::write(&path, before + CONFIGURATION + &own).expect("the file is writable");
    }

    /// Starts the stopped cluster and waits until it takes connections. The settings hold for this start.
    pub fn start(&self, settings: &[(&str, &str)]) {
        let options: Vec<String> =
            settings.iter().map(|(name, value)| format!("-c {name}={value}")).collect();
        let log = text(&self.log_file());
        run(self.pg_ctl().args(["--log", &log, "--options", &options.join(" "), "start"]));
    }

    /// Stops the cluster and waits until it is down.
    pub fn stop(&self, how: Shutdown) {
        let mode = match how {
            Shutdown::Fast => "--mode=fast",
            Shutdown::Immediate => "--mode=immediate",
        };
        run(self.pg_ctl().args([mode, "stop"]));
    }

    /// Stops and starts it.
    pub fn restart(&self, how: Shutdown) {
        self.stop(how);
        self.start(&[]);
    }

    /// Makes this standby a primary.
    pub fn promote(&self) {
        run(self.pg_ctl().arg("promote"));
    }

    /// The process id of the postmaster of a running cluster.
    pub fn pid(&self) -> u32 {
        let path = self.data_directory().join("postmaster.pid");
        let written = std::fs::read_to_string(path).expect("the cluster runs");
        written.lines().next().and_then(|line| line.parse().ok()).expect("a process id")
    }

    /// Makes an empty database and returns its name.
    pub async fn create_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("story_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut connection = self.connect("postgres").await;
        let command = format!("CREATE DATABASE {name} OWNER symbolon");
        connection.execute(command.as_str()).await.expect("the name is new");
        name
    }

    /// The whole database as text, as a backup has it.
    pub fn dump(&self, database: &str) -> Vec<u8> {
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}", self.port);
        let dumped = tool("pg_dump").args(["--inserts", &url]).output().expect("pg_dump runs");
        assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
        dumped.stdout
    }

    /// Connects as superuser.
    pub async fn connect(&self, database: &str) -> PgConnection {
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}", self.port);
        PgConnection::connect(&url).await.expect("the cluster takes connections")
    }

    /// What a server connects with.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://symbolon@127.0.0.1:{}/{database}", self.port)
    }

    /// Its TCP port on 127.0.0.1, the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything PostgreSQL keeps of the databases, the WAL included.
    pub fn data_directory(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// What PostgreSQL logs.
    pub fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    fn pg_ctl(&self) -> Command {
        let mut command = tool("pg_ctl");
        command.args(["--silent", "--wait", "--timeout=120", "--pgdata"]);
        command.arg(self.data_directory());
        command
    }

    fn psql(&self) -> Command {
        let mut command = tool("psql");
        command.args(["--no-psqlrc", "--quiet", "--host=127.0.0.1", "--username=postgres"]);
        command.arg(format!("--port={}", self.port));
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // It may be stopped already.
        let _ = self.pg_ctl().args(["--mode=immediate", "stop"]).output();
    }
}

/// A tool of the newest installed PostgreSQL, to be run as a user that is not root.
pub fn tool(name: &str) -> Command {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    let folder = FOLDER.get_or_init(newest_installation);
    let program = folder.as_ref().map_or_else(|| OsString::from(name), |it| it.join(name).into());
    let mut command = Command::new(program);
    command.current_dir("/");
    if let Some((uid, gid)) = unprivileged() {
        command.uid(uid).gid(gid);
    }
    command
}

fn newest_installation() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            folder.join("initdb").exists().then_some((version, folder))
        })
        .max()
        .map(|(_, folder)| folder)
}

/// Whom to run PostgreSQL as, which refuses root. `None`: as whoever runs the tests.
fn unprivileged() -> Option<(u32, u32)> {
    static USER: OnceLock<Option<(u32, u32)>> = OnceLock::new();
    *USER.get_or_init(|| {
        (id(&["-u"])? == 0).then(|| {
            let of = |flag: &str| id(&[flag, "postgres"]).or_else(|| id(&[flag, "nobody"]));
            of("-u").zip(of("-g")).expect("a user postgres or nobody")
        })
    })
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// A port below those that the kernel hands to outgoing connections, and a socket named after it: so nobody takes the port
/// while the cluster is down, no connection and no test of another process. The name is gone when this process is.
fn reserve_port() -> (u16, UnixListener) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    (0..10_000)
        .map(|_| {
            let step = std::process::id().wrapping_mul(37) + NEXT.fetch_add(1, Ordering::Relaxed);
            u16::try_from(20_000 + step % 12_000).expect("below 32,000")
        })
        .find_map(|port| {
            let name = SocketAddr::from_abstract_name(format!("symbolon-tests-port-{port}"));
            let reservation = UnixListener::bind_addr(&name.ok()?).ok()?;
            TcpListener::bind(("127.0.0.1", port)).is_ok().then_some((port, reservation))
        })
        .expect("a free port")
}

fn text(path: &Path) -> String {
    path.to_str().expect("temporary paths are UTF-8").to_owned()
}

fn run(command: &mut Command) {
    let scratch = Scratch::new("output");
    let path = scratch.path().join("text");
    // A file, not a pipe: the postmaster inherits it and would keep a pipe open for ever.
    let file = File::create(&path).expect("the directory is new");
    let again = file.try_clone().expect("a descriptor is free");
    match command.stdin(Stdio::null()).stdout(file).stderr(again).status() {
        Ok(status) if status.success() => {}
        Ok(_) => panic!("{command:?} failed:\n{}", std::fs::read_to_string(path).unwrap()),
        Err(error) => {
            panic!("{command:?}: {error}. These tests need PostgreSQL: apt-get install postgresql")
        }
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Row;

    use super::*;

    async fn ask(cluster: &Cluster, question: &str) -> String {
        let mut connection = cluster.connect("postgres").await;
        connection.fetch_one(question).await.unwrap().get(0)
    }

    #[tokio::test]
    async fn a_cluster_syncs_to_disk_comes_back_after_a_crash_and_can_be_followed() {
        let cluster = Cluster::new(&[]);
        assert_eq!(ask(&cluster, "SHOW fsync").await, "on");
        let database = cluster.create_database().await;
        cluster.connect(&database).await.execute("CREATE TABLE kept ()").await.unwrap();

        cluster.restart(Shutdown::Immediate);
        cluster.connect(&database).await.execute("SELECT FROM kept").await.unwrap();

        let standby = cluster.standby();
        assert_eq!(ask(&standby, "SELECT pg_is_in_recovery()::text").await, "true");
    }

    #[tokio::test]
    async fn settings_hold_for_one_start() {
        let cluster = Cluster::new(&[("fsync", "off")]);
        assert_eq!(ask(&cluster, "SHOW fsync").await, "off");
        cluster.restart(Shutdown::Fast);
        assert_eq!(ask(&cluster, "SHOW fsync").await, "on");
    }
}

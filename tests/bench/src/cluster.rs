//! A PostgreSQL of our own, with its default settings.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{Server, free_port};

/// A running cluster. Stopped on drop.
#[derive(Debug)]
pub struct Cluster {
    server: Server,
    port: u16,
    folder: PathBuf,
    binaries: PathBuf,
}

impl Cluster {
    /// Makes and starts one in an empty folder, on this processor.
    ///
    /// # Errors
    /// When there is no PostgreSQL on this machine.
    pub fn start(folder: &Path, processor: &str) -> Result<Self, String> {
        let missing = "PostgreSQL is not installed (apt-get install postgresql)";
        let binaries = newest_installation().ok_or(missing)?;
        std::fs::create_dir_all(folder).expect("the parent is ours");
        if let Some((uid, gid)) = unprivileged() {
            chown(folder, Some(uid), Some(gid)).expect("root may give it away");
        }
        let data = folder.join("data");
        let mut initdb = unprivileged_command(&binaries.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C"]);
        let output = initdb.arg("--pgdata").arg(&data).output().expect("initdb runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = free_port();
        let mut postgres = unprivileged_command(&binaries.join("postgres"));
        postgres.arg("-D").arg(&data).arg(format!("-p{port}")).arg("-k").arg(folder);
        let logs = folder.parent().expect("a parent");
        let mut server = Server::spawn("postgres", &postgres, logs, processor);
        server.wait_for_log(|log| log.contains("ready to accept connections"));
        let cluster = Self { server, port, folder: folder.to_owned(), binaries };
        cluster.sql("postgres", "CREATE ROLE symbolon LOGIN");
        Ok(cluster)
    }

    /// Makes an empty database, and says what a server connects with.
    pub fn create_database(&self, name: &str) -> String {
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER symbolon"));
        format!("postgres://symbolon@127.0.0.1:{}/{name}", self.port)
    }

    /// Runs a statement as superuser.
    pub fn sql(&self, database: &str, statement: &str) {
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--quiet", "--username=postgres", "--dbname", database]);
        psql.arg("--host").arg(&self.folder).arg(format!("--port={}", self.port));
        let output = psql.args(["--command", statement]).output().expect("psql runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// One of PostgreSQL's own programs, which connects as superuser.
    pub fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        command.args(["--username=postgres", &format!("--port={}", self.port)]);
        command.arg("--host").arg(&self.folder);
        command
    }

    /// The process id of the postmaster.
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }
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

/// PostgreSQL refuses to run as root.
fn unprivileged_command(program: &Path) -> Command {
    let Some((uid, gid)) = unprivileged() else { return Command::new(program) };
    let mut command = Command::new("setpriv");
    command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}")).arg("--clear-groups");
    // Signals of a parent's death are forgotten when the user changes: it is set again.
    command.args(["--pdeathsig", "INT"]).arg(program).current_dir("/");
    command
}

/// Whom to run PostgreSQL as; `None`: as whoever runs this.
fn unprivileged() -> Option<(u32, u32)> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    (id(&["-u"])? == 0).then(|| {
        let of = |flag: &str| id(&[flag, "postgres"]).expect("a user and a group postgres");
        (of("-u"), of("-g"))
    })
}

//! One running `symbolon` process: started on a free port, listened to, signalled, killed on drop.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::binary;
use crate::database::Database;
use crate::reaper;

/// How long anything about a process may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a server is started with besides its database.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Settings {
    /// The defaults of the product.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a flag with its value.
    #[must_use]
    pub fn flag(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    /// Lifts the limits of accounts out of reach.
    #[must_use]
    pub fn unlimited(self) -> Self {
        let many = "1000000";
        self.flag("--account-requests-per-minute", many)
            .flag("--prospect-requests-per-minute", many)
    }

    /// Adds an environment variable.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A `symbolon serve` process that accepts connections.
#[derive(Debug)]
pub struct Server {
    process: Process,
    address: SocketAddr,
}

impl Server {
    /// Starts one and waits until it accepts connections. Panics with its log if it ends before.
    pub async fn start(database: &Database, settings: &Settings) -> Self {
        match Self::try_start(database, settings).await {
            Ok(server) => server,
            Err(ended) => panic!("the server ended with {}:\n{}", ended.status, ended.stderr),
        }
    }

    /// As [`Server::start`], for servers that are expected to refuse.
    pub async fn try_start(database: &Database, settings: &Settings) -> Result<Self, Ended> {
        let mut command = binary::command();
        command.arg("serve").args(database.arguments());
        if !settings.arguments.iter().any(|argument| argument == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        command.args(&settings.arguments).envs(database.environment());
        command.envs(settings.environment.iter().cloned());
        Self::launch(command, database.data_directory()).await
    }

    /// Runs a command line that is to serve and that names this directory.
    pub async fn launch(command: Command, directory: &Path) -> Result<Self, Ended> {
        let mut process = Process::spawn(command);
        reaper::kill_server_at_the_end(process.pid(), directory);
        let listening = |line: &str| line.strip_prefix("Listening on http://")?.trim().parse().ok();
        match process.line(listening).await {
            Some(address) => Ok(Self { process, address }),
            None => Err(process.ended().await),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Everything it printed so far.
    pub fn stdout(&self) -> String {
        self.process.stdout.text()
    }

    /// Everything it logged so far.
    pub fn stderr(&self) -> String {
        self.process.stderr.text()
    }

    /// The link that it printed for the first user.
    pub async fn setup_link(&mut self) -> String {
        let link = |line: &str| {
            line.split_whitespace().find(|word| word.contains("/setup?code=")).map(str::to_owned)
        };
        self.process.line(link).await.expect("a setup link on an empty database")
    }

    /// The code in that link.
    pub async fn setup_code(&mut self) -> String {
        let link = self.setup_link().await;
        link.split_once("code=").expect("the link has a code").1.to_owned()
    }

    /// Kills it as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Sends a signal by its name: `TERM`, `STOP`, `CONT` …
    pub fn signal(&self, name: &str) {
        self.process.signal(name);
    }

    /// Asks it to stop, as an operator does, and waits until it has.
    pub async fn stop(&mut self) -> Ended {
        self.signal("TERM");
        self.ended().await
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> Ended {
        self.process.ended().await
    }
}

/// How a process ended, and all it said.
#[derive(Debug)]
pub struct Ended {
    /// Its exit status.
    pub status: ExitStatus,
    /// What it printed.
    pub stdout: String,
    /// What it logged.
    pub stderr: String,
}

/// A process whose output is being read. Killed on drop.
#[derive(Debug)]
pub struct Process {
    child: Child,
    stdout: Output,
    stderr: Output,
}

impl Process {
    /// Starts it.
    pub fn spawn(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let stdout = Output::read(child.stdout.take().expect("a pipe"));
        let stderr = Output::read(child.stderr.take().expect("a pipe"));
        Self { child, stdout, stderr }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the first line on its standard output that `wanted` makes something of; `None` if
    /// it ends without one.
    pub async fn line<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.stdout.line(wanted).await
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let status = Command::new("sh")
            .args(["-c", r#"kill -"$0" "$1""#, name, &self.pid().to_string()])
            .status()
            .expect("sh runs");
        assert!(status.success(), "kill -{name}");
    }

    /// Kills it and waits until it is gone.
    pub fn kill(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self) -> Ended {
        let status = exit(&mut self.child).await;
        Ended { status, stdout: self.stdout.whole().await, stderr: self.stderr.whole().await }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn exit(child: &mut Child) -> ExitStatus {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return status;
        }
        assert!(Instant::now() < deadline, "the process did not end within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a process wrote so far. Closed when the process closed its end.
#[derive(Debug)]
struct Output {
    written: Arc<Mutex<Vec<u8>>>,
    grown: watch::Receiver<()>,
}

impl Output {
    fn read(pipe: impl Read + Send + 'static) -> Self {
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let (sender, grown) = watch::channel(());
        let copy = Arc::clone(&written);
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
                copy.lock().expect("nobody panics").append(&mut line);
                sender.send_replace(());
            }
        });
        Self { written, grown }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().expect("nobody panics")).into_owned()
    }

    /// All of it, once the process has closed its end.
    async fn whole(&mut self) -> String {
        while self.grown.changed().await.is_ok() {}
        self.text()
    }

    /// The first whole line that `wanted` makes something of; `None` if the output ends without one.
    async fn line<T>(&mut self, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let search = async {
            loop {
                self.grown.mark_unchanged();
                let found = self.text().lines().find_map(&wanted);
                if found.is_some() {
                    return found;
                }
                if self.grown.changed().await.is_err() {
                    return self.text().lines().find_map(&wanted);
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the process prints it or ends")
    }
}

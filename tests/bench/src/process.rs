//! Processes on one processor, the time they take and the memory they hold.

use std::collections::HashMap;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The processor on which servers run.
pub const SERVER_CPU: &str = "0";
/// That of the client.
pub const CLIENT_CPU: &str = "1";

/// How long a server may take until it answers: ten million tokens are to be read.
const PATIENCE: Duration = Duration::from_mins(10);

/// A server that runs on one processor, with all that it starts. Stopped on drop.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Server {
    /// Starts one. It ends when this process does, however that ends. What it prints goes to `<folder>/<name>.log`.
    pub fn spawn(name: &str, command: &Command, folder: &Path, processor: &str) -> Self {
        let log = folder.join(format!("{name}.log"));
        let output = File::create(&log).expect("the folder is ours");
        let again = output.try_clone().expect("a descriptor is free");
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", processor, "setpriv", "--pdeathsig", "TERM"]);
        let child = wrap(pinned, command).stdout(output).stderr(again).spawn();
        let child = child.expect("taskset and setpriv are there: apt-get install util-linux");
        Self { name: name.to_owned(), child, log }
    }

    /// Starts one, and waits until someone listens on this port.
    pub fn serving(name: &str, command: &Command, port: u16, folder: &Path) -> Self {
        let mut server = Self::spawn(name, command, folder, SERVER_CPU);
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        server.wait_until(|_| TcpStream::connect(address).is_ok());
        server
    }

    /// Starts one that answers from memory, and waits until all of it is there.
    pub fn remembering(name: &str, command: &Command, folder: &Path) -> Self {
        let mut server = Self::spawn(name, command, folder, SERVER_CPU);
        server.wait_for_log(|log| log.contains(" users in ") && log.contains("Listening on"));
        server
    }

    /// Starts the anchor, `hello`, which is at this path; on which port.
    pub fn hello(path: &Path, folder: &Path) -> (Self, u16) {
        let port = free_port();
        let mut command = Command::new(path);
        command.arg(format!("127.0.0.1:{port}"));
        (Self::serving("hello", &command, port, folder), port)
    }

    /// Waits until its log satisfies `ready`.
    pub fn wait_for_log(&mut self, ready: impl Fn(&str) -> bool) {
        self.wait_until(ready);
    }

    fn wait_until(&mut self, ready: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !ready(&self.log()) {
            let ended = self.child.try_wait().expect("the child is ours");
            assert!(ended.is_none(), "{} ended:\n{}", self.name, self.log());
            assert!(Instant::now() < deadline, "{} is not ready:\n{}", self.name, self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Everything it printed so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = self.child.id().to_string();
        // It may be gone already.
        let _ = Command::new("sh").args(["-c", r#"kill -TERM "$0""#, &pid]).status();
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `outer` with what `inner` runs, and where, at its end.
fn wrap(mut outer: Command, inner: &Command) -> Command {
    outer.arg(inner.get_program()).args(inner.get_args()).stdin(Stdio::null());
    if let Some(folder) = inner.get_current_dir() {
        outer.current_dir(folder);
    }
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// Processor time that processes and all their descendants had used at one moment, in nanoseconds by thread.
#[derive(Clone, Debug)]
struct Used(HashMap<u32, u64>);

impl Used {
    /// By these processes and their descendants up to now.
    fn by(roots: &[u32]) -> Self {
        Self(family(roots).into_iter().flat_map(threads).collect())
    }

    /// What was used since, in nanoseconds. Of a thread that ended meanwhile nothing is known.
    fn since(&self, before: &Self) -> u64 {
        let used = |(thread, used): (&u32, &u64)| {
            used.saturating_sub(before.0.get(thread).copied().unwrap_or_default())
        };
        self.0.iter().map(used).sum()
    }
}

fn threads(pid: u32) -> Vec<(u32, u64)> {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let time = |thread: std::fs::DirEntry| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        let number = thread.file_name().to_str()?.parse().ok()?;
        Some((number, text.split_whitespace().next()?.parse().ok()?))
    };
    threads.filter_map(|thread| time(thread.ok()?)).collect()
}

fn family(roots: &[u32]) -> Vec<u32> {
    let mut children = HashMap::<u32, Vec<u32>>::new();
    for entry in std::fs::read_dir("/proc").expect("Linux").filter_map(Result::ok) {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some((pid, parent)) = pid.and_then(|pid| Some((pid, parent(pid)?))) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut all = roots.to_vec();
    let mut next = 0;
    while let Some(pid) = all.get(next) {
        all.extend(children.get(pid).into_iter().flatten());
        next += 1;
    }
    all
}

fn parent(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // pid (name, which may hold anything) state parent …
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// Memory of a process that is in use, in bytes.
pub fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("Linux");
    let kib: u64 = line.split_whitespace().next().and_then(|it| it.parse().ok()).expect("kB");
    kib * 1024
}

/// A client that has ended, and what it took.
#[derive(Debug)]
pub struct Watched {
    /// What it said.
    pub output: Output,
    /// Time that the servers used meanwhile, in nanoseconds.
    pub server_nanoseconds: f64,
    /// Share of its processor that the client used.
    pub client_share: f64,
}

/// Runs a client on [`CLIENT_CPU`], and watches what it costs these processes and their descendants.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds of some seconds")]
pub fn watch(client: &Command, servers: &[u32]) -> Watched {
    let mut pinned = Command::new("taskset");
    pinned.args(["-c", CLIENT_CPU]);
    let mut pinned = wrap(pinned, client);
    let (begun, waited) = (Instant::now(), waited_for());
    let before = Used::by(servers);
    let output = pinned.output().expect("taskset is there: apt-get install util-linux");
    let used = Used::by(servers).since(&before);
    let (elapsed, waited) = (begun.elapsed(), waited_for() - waited);
    let client_share = waited / elapsed.as_secs_f64();
    Watched { output, server_nanoseconds: used as f64, client_share }
}

/// Ends this process when a tool is missing, and says which.
pub fn require(found: Result<(), String>) {
    if let Err(reason) = found {
        eprintln!("{reason}");
        std::process::exit(1);
    }
}

/// Processor time of all processes that this one has waited for, in seconds, to a hundredth.
fn waited_for() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit_once(')').expect("Linux").1.split_whitespace();
    // Fields 16 and 17; the rest begins at 3. A tick is a hundredth of a second on every Linux.
    let ticks = fields.skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("a number"));
    ticks.sum::<f64>() / 100.0
}

/// A port that is free now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

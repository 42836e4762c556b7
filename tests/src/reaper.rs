//! Ends what the tests started when the test process ends, however it ends.
//!
//! A small shell reads from a pipe whose other end only this process holds. It learns what to clean
//! up as it comes into being, and does it when the pipe closes, which `kill -9` does too.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

/// A server is killed only while the process of that number still works on that directory; a
/// cluster gets a fast shutdown.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
while read -r kind what where; do set -- "$@" "$kind" "$what" "$where"; done
while [ $# -gt 0 ]; do
    case $1 in
    server)
        tr '\0' '\n' 2>/dev/null <"/proc/$2/cmdline" | grep -qxF "$3" && kill -KILL "$2" ;;
    cluster)
        file="$2/data/postmaster.pid"
        if pid=$(head -n 1 "$file" 2>/dev/null); then
            kill -CONT "$pid"
            kill -INT "$pid"
            left=600
            while [ -e "$file" ] && [ $left -gt 0 ]; do sleep 0.1; left=$((left - 1)); done
        fi ;;
    esac
    shift 3
done
rm -rf "$ROOT"
"#;

struct Reaper {
    /// Holds every directory of this test process.
    root: PathBuf,
    shell: Mutex<Child>,
}

impl Reaper {
    fn get() -> &'static Self {
        static REAPER: OnceLock<Reaper> = OnceLock::new();
        REAPER.get_or_init(Self::start)
    }

    fn start() -> Self {
        let root = make_root();
        let shell = Command::new("sh")
            .args(["-c", SCRIPT])
            .env("ROOT", &root)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("sh runs");
        Self { root, shell: Mutex::new(shell) }
    }

    fn tell(&self, line: &str) {
        let mut shell = self.shell.lock().expect("nobody panics while writing");
        let pipe = shell.stdin.as_mut().expect("stdin is a pipe");
        writeln!(pipe, "{line}").expect("the reaper listens");
    }
}

/// Readable to all, because PostgreSQL runs as another user.
fn make_root() -> PathBuf {
    let parent = std::env::temp_dir();
    let root = (0..1_000)
        .map(|attempt| parent.join(format!("symbolon-tests-{}-{attempt}", std::process::id())))
        .find(|path| std::fs::create_dir(path).is_ok())
        .expect("one of a thousand names is free");
    let readable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&root, readable).expect("the directory is ours");
    root
}

/// Has the server with this process id killed at the end, if its command line names `directory`.
pub fn kill_server_at_the_end(pid: u32, directory: &Path) {
    Reaper::get().tell(&format!("server {pid} {}", directory.display()));
}

/// Has the PostgreSQL cluster in `directory` stopped at the end.
pub fn stop_cluster_at_the_end(directory: &Path) {
    Reaper::get().tell(&format!("cluster {} -", directory.display()));
}

/// A directory that is deleted when dropped, or at the latest at the end of the test process.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Makes an empty directory whose name begins with `name`.
    pub fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = Reaper::get().root.join(format!("{name}-{number}"));
        std::fs::create_dir(&path).expect("the name is new");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A failure leaves the directory to the reaper.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

//! Processes of other programs: who belongs together, and signals.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::postgres::Cluster;

/// Parent and state of a process; `None` when it is gone.
fn status(pid: u32) -> Option<(u32, char)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // pid (name, which may hold anything) state parent …
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    let state = rest.next()?.chars().next()?;
    Some((rest.next()?.parse().ok()?, state))
}

/// The postmaster of a cluster and all its children.
fn family(cluster: &Cluster) -> Vec<u32> {
    let postmaster = cluster.pid();
    let processes = std::fs::read_dir("/proc").expect("Linux");
    let children = processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| status(*pid).is_some_and(|(parent, _)| parent == postmaster));
    std::iter::once(postmaster).chain(children).collect()
}

/// A cluster that does nothing at all until this is dropped.
#[derive(Debug)]
pub struct Frozen(Vec<u32>);

impl Frozen {
    /// Stops every process of it where it is.
    pub fn new(cluster: &Cluster) -> Self {
        let family = family(cluster);
        signal("STOP", &family);
        Self(family)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        signal("CONT", &self.0);
    }
}

/// Sends a signal to processes that may be gone already.
fn signal(name: &str, pids: &[u32]) {
    let pids = pids.iter().map(ToString::to_string);
    // A process that is gone makes `kill` fail after it has signalled the others.
    let _ = Command::new("sh")
        .args(["-c", r#"kill -"$0" "$@" 2>/dev/null"#, name])
        .args(pids)
        .status()
        .expect("sh runs");
}

/// Kills a cluster as a power cut would, postmaster first, and waits until nothing of it runs.
pub async fn kill_cluster(cluster: &Cluster) {
    let deadline = Instant::now() + Duration::from_secs(30);
    // Stopped, it has no more children, who would survive it for a moment and be in its successor's way.
    let postmaster = cluster.pid();
    signal("STOP", &[postmaster]);
    while status(postmaster).is_some_and(|(_, state)| !matches!(state, 'T' | 'Z')) {
        assert!(Instant::now() < deadline, "{postmaster} survives SIGSTOP");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let family = family(cluster);
    signal("KILL", &family);
    // One that nobody has taken note of yet still counts as running to the next postmaster.
    while family.iter().any(|pid| status(*pid).is_some()) {
        assert!(Instant::now() < deadline, "{family:?} survive SIGKILL");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

//! What was measured on, and what.

use std::process::Command;

use serde::Serialize;

/// A machine, a day and a state of the sources.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// UTC, to the minute.
    pub date: String,
    /// The processor as it calls itself, and how many of it the system sees.
    pub processor: String,
    /// Of the kernel.
    pub kernel: String,
    /// Installed, GiB.
    pub memory_gib: u64,
    /// What the sources were at.
    pub commit: String,
    /// Of the compiler.
    pub rustc: String,
    /// Cargo's name of how the server was built.
    pub profile: String,
}

impl Machine {
    /// This one.
    pub fn this(profile: &str) -> Self {
        let dirty = !output("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty();
        let commit = output("git", &["rev-parse", "--short", "HEAD"]);
        Self {
            date: output("date", &["--utc", "+%Y-%m-%d %H:%M"]),
            processor: processor(),
            kernel: output("uname", &["-sr"]),
            memory_gib: memory_gib(),
            commit: if dirty { commit + " with changes" } else { commit },
            rustc: output("rustc", &["--version"]),
            profile: profile.to_owned(),
        }
    }

    /// In one line.
    pub fn line(&self) -> String {
        format!(
            "{} UTC; {}, {} GiB, {}; {}; commit {}, profile {}",
            self.date,
            self.processor,
            self.memory_gib,
            self.kernel,
            self.rustc,
            self.commit,
            self.profile
        )
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    let folder = env!("CARGO_MANIFEST_DIR");
    let output = Command::new(program).args(arguments).current_dir(folder).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}

fn processor() -> String {
    let all = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let names: Vec<&str> = all
        .lines()
        .filter_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim()))
        .collect();
    format!("{} x {}", names.len(), names.first().copied().unwrap_or("unknown"))
}

fn memory_gib() -> u64 {
    let all = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = all.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default().div_ceil(1 << 20)
}

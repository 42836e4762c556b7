//! The program under test: built once per test process, from the sources as they are.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::server::Ended;

/// The `symbolon` executable, in the profile that the tests themselves were built in.
pub fn symbolon() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(build)
}

fn build() -> PathBuf {
    let own = std::env::current_exe().expect("the system knows");
    // <target>/<profile>/deps/<test>
    let profile = own.ancestors().nth(2).expect("cargo built it");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--quiet", "--workspace", "--bin=symbolon"]);
    command.arg("--target-dir").arg(profile.parent().expect("a profile is in a target"));
    // What cargo told this process about this package is no concern of another build: build scripts
    // that look at it would run again, and everything behind them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    if profile.ends_with("release") {
        command.arg("--release");
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = command.current_dir(folder).stdin(Stdio::null()).output().expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    profile.join("symbolon")
}

/// A command that runs it with nothing configured by the environment.
pub fn command() -> Command {
    let mut command = Command::new(symbolon());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("SYMBOLON_") || text.starts_with("RUST_") {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// Runs a command to its end with this text on its standard input.
pub fn finish(mut command: Command, stdin: &str) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary runs");
    let mut pipe = child.stdin.take().expect("a pipe");
    // A command that refuses at once does not read it.
    let _ = pipe.write_all(stdin.as_bytes());
    drop(pipe);
    let output = child.wait_with_output().expect("the child is ours");
    Ended {
        status: output.status,
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

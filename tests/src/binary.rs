//! The program under test: built once per test process, from the sources as they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

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
    command.args(["build", "--quiet", "--package=api", "--bin=symbolon"]);
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

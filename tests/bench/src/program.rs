//! The program that is measured, built from the sources as they are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The `symbolon` executable and how it was built.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// Cargo's name of its profile.
    pub profile: &'static str,
}

impl Program {
    /// Builds it as this process was built: optimised, as people build it, by `cargo bench`.
    pub fn build() -> Self {
        let own = std::env::current_exe().expect("the system knows");
        // <target>/<profile>/deps/<bench>
        let folder = own.ancestors().nth(2).expect("cargo built it");
        let optimised = !folder.ends_with("debug");
        let mut command = cargo();
        let target = folder.parent().expect("a profile is in a target");
        let command = command.arg("build").arg("--target-dir").arg(target);
        if optimised {
            command.args(["--release", "--package=api", "--bin=symbolon"]);
        } else {
            // As the tests build it, so that it is there already.
            command.args(["--workspace", "--bin=symbolon"]);
        }
        let status = command.status().expect("cargo runs");
        assert!(status.success(), "symbolon cannot be built");
        let profile = if optimised { "release" } else { "dev" };
        Self { path: folder.join("symbolon"), profile }
    }

    /// A command that runs it with nothing configured by the environment.
    pub fn command(&self) -> Command {
        unconfigured(Command::new(&self.path))
    }

    /// The same, which takes what others leave of the processors.
    pub fn command_behind_others(&self) -> Command {
        let mut command = Command::new("nice");
        command.args(["-n", "19"]).arg(&self.path);
        unconfigured(command)
    }

    /// Makes the tables of an empty database.
    pub fn migrate(&self, url: &str, folder: &Path) {
        let mut command = self.command();
        command.args(["migrate", "--database-url", url, "--data-dir"]).arg(folder);
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// A command that serves from this database on this port.
    pub fn serve(&self, url: &str, folder: &Path, port: u16, verifier: &str) -> Command {
        let mut command = self.command();
        command.args(["serve", "--database-url", url, "--verifier", verifier]);
        command.arg(format!("--listen=127.0.0.1:{port}")).arg("--data-dir").arg(folder);
        command
    }
}

fn unconfigured(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("SYMBOLON_") || text.starts_with("RUST_") {
            command.env_remove(&name);
        }
    }
    command.stdin(Stdio::null());
    command
}

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    // What cargo told this process about this package would make build scripts run again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

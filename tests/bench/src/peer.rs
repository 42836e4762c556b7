//! What people use instead: installed, filled and started.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::scale::Scale;

/// Something that people use instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// better-auth's api-key plugin on Node and SQLite.
    BetterAuth,
    /// Fastify, with a check by hand on SQLite.
    Fastify,
    /// django-rest-knox under gunicorn on SQLite.
    Knox,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fastify, Self::BetterAuth, Self::Knox];

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::BetterAuth => "better-auth, api-key plugin (Node, SQLite)",
            Self::Fastify => "Fastify, SHA-256 and a row by hand (Node, SQLite)",
            Self::Knox => "django-rest-knox (gunicorn, SQLite)",
        }
    }

    /// Installs it. In the short form nothing is installed, but what is there is used.
    ///
    /// # Errors
    /// Why it cannot be used, in a line.
    pub fn install(self, scale: Scale) -> Result<(), String> {
        let mut command = Command::new("bash");
        command.arg(self.folder().join("install.sh"));
        match self {
            Self::BetterAuth | Self::Fastify => {}
            Self::Knox => {
                command.arg(environment());
            }
        }
        match scale {
            Scale::Full | Scale::Ours => {}
            Scale::Short => {
                command.arg("present");
            }
        }
        finish(&mut command)
    }

    /// Makes a database with so many live tokens in `folder`, and `tokens.txt` beside it.
    ///
    /// # Errors
    /// Why it cannot be used, in a line.
    pub fn seed(self, folder: &Path, tokens: u32) -> Result<(), String> {
        let mut command = match self {
            Self::BetterAuth | Self::Fastify => self.node("seed"),
            Self::Knox => {
                let mut command = Command::new(environment().join("bin/python"));
                command.arg(self.folder().join("peer.py")).arg("seed");
                command
            }
        };
        finish(command.arg(folder).arg(tokens.to_string()))
    }

    /// A command that serves from `folder` on this port.
    pub fn serve(self, folder: &Path, port: u16) -> Command {
        match self {
            Self::BetterAuth | Self::Fastify => {
                let mut command = self.node("serve");
                command.arg(folder).arg(port.to_string()).env("NODE_ENV", "production");
                command
            }
            Self::Knox => {
                let mut command = Command::new(environment().join("bin/gunicorn"));
                // Threads, because its plain worker closes each connection after one answer.
                command.args(["--workers=1", "--threads=4", "--keep-alive=600"]);
                command.args(["--log-level=warning", &format!("--bind=127.0.0.1:{port}")]);
                command.arg("--chdir").arg(self.folder()).arg("peer:application");
                command.env("PEER_FOLDER", folder).env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
        }
    }

    fn node(self, what: &str) -> Command {
        let program = match self {
            Self::BetterAuth => "better-auth.mjs",
            Self::Fastify => "fastify.mjs",
            Self::Knox => unreachable!("it runs on Python"),
        };
        let mut command = Command::new("node");
        command.arg(self.folder().join(program)).arg(what);
        command
    }

    fn folder(self) -> PathBuf {
        let name = match self {
            Self::BetterAuth | Self::Fastify => "node",
            Self::Knox => "knox",
        };
        Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
    }
}

/// Where knox is installed.
fn environment() -> PathBuf {
    let own = std::env::current_exe().expect("the system knows");
    // <target>/<profile>/deps/<bench>
    own.ancestors().nth(3).expect("cargo built it").join("bench/knox")
}

fn finish(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().display().to_string();
    let output = command.env("PYTHONDONTWRITEBYTECODE", "1").output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    eprintln!("{text}");
    let last = text.lines().rfind(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| format!("{program} failed"), |line| line.trim().to_owned()))
}

//! Python with the packages of `tests/requirements.txt`, in an environment of its own under `target/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The interpreter.
pub fn python() -> Command {
    program("python")
}

/// A program that one of the packages brings.
pub fn program(name: &str) -> Command {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(FOLDER.get_or_init(install).join("bin").join(name));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
    command
}

/// Makes the environment, or finds it as `tests/python.sh` left it.
fn install() -> PathBuf {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python.sh");
    let output = Command::new("bash").arg(&script).stdin(Stdio::null()).output();
    let output = output.expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", script.display());
    let folder = String::from_utf8(output.stdout).expect("a path");
    PathBuf::from(folder.trim_end())
}

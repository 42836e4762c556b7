//! Scripts on Node, with the packages of `tests/package-lock.json`.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// A command that runs this script, named from `tests/`.
pub(crate) fn script(path: &Path) -> Command {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(install);
    let mut command = Command::new("node");
    command.current_dir(env!("CARGO_MANIFEST_DIR")).arg(path);
    command
}

/// Runs it to its end; `Err` holds what it said when that was not a good one. The script's standard
/// input closes when this process ends, so that a script can end with it.
pub(crate) async fn run(mut command: Command) -> Result<(), String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let ended = tokio::task::spawn_blocking(move || {
        let mut child = command.spawn().unwrap_or_else(|error| missing(&command, &error));
        let stdin = child.stdin.take();
        let output = child.wait_with_output().expect("the child is ours");
        drop(stdin);
        output
    });
    let output = ended.await.expect("Node is installed");
    if output.status.success() { Ok(()) } else { Err(text(&output)) }
}

/// npm writes that file last.
fn install() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    if folder.join("node_modules/.package-lock.json").exists() {
        return;
    }
    let mut command = Command::new("npm");
    command.current_dir(folder).args(["ci", "--ignore-scripts"]).stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| missing(&command, &error));
    assert!(output.status.success(), "{command:?}: {}", text(&output));
}

fn missing(command: &Command, error: &std::io::Error) -> ! {
    let absent = error.kind() == ErrorKind::NotFound;
    assert!(!absent, "{command:?}: {error}. These tests need Node: apt-get install nodejs npm");
    panic!("{command:?}: {error}");
}

fn text(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{}\n{out}{err}", output.status)
}

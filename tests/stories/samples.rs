//! The samples for operators are what the programs that read them take.

use std::path::{Path, PathBuf};
use std::process::Command;

use tests::binary;
use tests::python::python;
use tests::reaper::Scratch;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/samples");

/// What the sample says, with something of this machine in the place of something of theirs.
fn sample(name: &str, theirs: &str, here: &str) -> String {
    let text = std::fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
    assert!(text.contains(theirs), "{name} has no {theirs}");
    text.replace(theirs, here)
}

fn write(folder: &Scratch, name: &str, text: &str) -> PathBuf {
    let file = folder.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

/// Runs a command that must succeed and may say nothing that is `unwanted`.
fn run(command: &mut Command, unwanted: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && !said.contains(unwanted), "{command:?}: {said}");
    said
}

#[test]
fn haproxy_takes_its_sample() {
    let folder = Scratch::new("haproxy");
    let (key, certificate) = (folder.path().join("key.pem"), folder.path().join("certificate.pem"));
    let make =
        ["req", "-x509", "-nodes", "-days", "1", "-subj", "/CN=symbolon", "-newkey", "rsa:2048"];
    let mut openssl = Command::new("openssl");
    run(openssl.args(make).arg("-keyout").arg(&key).arg("-out").arg(&certificate), "rror");
    let both = [std::fs::read(certificate).unwrap(), std::fs::read(key).unwrap()].concat();
    let pem = folder.path().join("symbolon.pem");
    std::fs::write(&pem, both).unwrap();
    let text = sample("haproxy.cfg", "/etc/haproxy/symbolon.pem", pem.to_str().unwrap());
    let file = write(&folder, "haproxy.cfg", &text);
    run(Command::new("haproxy").args(["-c", "-f"]).arg(file), "WARNING");
}

#[test]
fn systemd_takes_its_sample() {
    let folder = Scratch::new("systemd");
    let program = binary::symbolon().to_str().unwrap();
    let text = sample("symbolon.service", "/usr/local/bin/symbolon", program);
    let file = write(&folder, "symbolon.service", &text);
    run(
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file),
        "symbolon.service:",
    );
    // How exposed it is, of 10.
    let judge = ["security", "--offline=yes", "--threshold=15"];
    run(Command::new("systemd-analyze").args(judge).arg(&file), "rror");
}

/// A flag or variable that a sample sets is one that the program has.
#[test]
fn the_program_knows_every_setting_of_the_samples() {
    let mut help = binary::command();
    help.args(["serve", "--help"]);
    let help = run(&mut help, "rror");
    let mut found = 0;
    for name in ["symbolon.service", "Containerfile", "haproxy.cfg"] {
        let text = sample(name, "", "");
        for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c))) {
            let is_flag = word.starts_with("--") && name == "symbolon.service" && word.len() > 2;
            if is_flag || word.starts_with("SYMBOLON_") {
                assert!(help.contains(word), "{name} sets {word}");
                found += 1;
            }
        }
    }
    assert!(found >= 10, "{found}");
}

/// No Patroni is at hand: it is YAML, and says what the promise depends on.
#[test]
fn the_sample_for_patroni_keeps_the_promise() {
    let program = r"
import sys, yaml
sample = yaml.safe_load(open(sys.argv[1]))
dcs = sample['bootstrap']['dcs']
assert dcs['synchronous_mode'] is True and dcs['synchronous_mode_strict'] is True
assert dcs['postgresql']['parameters']['synchronous_commit'] == 'on'
assert dcs['ttl'] >= dcs['loop_wait'] + 2 * dcs['retry_timeout'], 'Patroni refuses this'
for part in ['scope', 'name', 'etcd3', 'restapi', 'postgresql']:
    assert sample[part], part
for part in ['listen', 'connect_address', 'data_dir', 'authentication', 'pg_hba']:
    assert sample['postgresql'][part], part
";
    let file = Path::new(FOLDER).join("patroni.yml");
    run(python().args(["-c", program]).arg(file), "Error");
}

/// No images are at hand: every instruction is one, what is copied is there, and nothing runs as root.
#[test]
fn the_sample_for_containers_copies_what_is_there_and_runs_as_nobody() {
    const KNOWN: [&str; 11] = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "VOLUME",
        "ENV",
        "EXPOSE",
        "STOPSIGNAL",
        "ENTRYPOINT",
        "CMD",
    ];
    let text = sample("Containerfile", "\\\n", "");
    let lines: Vec<_> = text.lines().filter(|it| !it.starts_with('#') && !it.is_empty()).collect();
    let root = Path::new(FOLDER).join("../..");
    for line in &lines {
        let (instruction, rest) = line.split_once(' ').unwrap();
        assert!(KNOWN.contains(&instruction), "{line}");
        if instruction == "COPY" && !rest.starts_with("--from") {
            let mut words: Vec<_> = rest.split(' ').collect();
            words.pop();
            for word in words {
                assert!(root.join(word).exists(), "{line}");
            }
        }
    }
    let of = |name: &str| lines.iter().rposition(|it| it.starts_with(name)).unwrap();
    assert!(of("USER 65532:65532") > of("FROM") && of("ENTRYPOINT") > of("USER"), "{text}");
    let cargo = std::fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let version = cargo.split_once("rust-version = \"").unwrap().1.split('"').next().unwrap();
    assert!(text.contains(&format!("rust:{version}-")), "built with Rust {version}");
}

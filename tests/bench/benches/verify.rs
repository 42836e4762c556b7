//! What a verified request costs, beside others. `SYMBOLON_BENCH=short` only sees that it works.

use std::path::{Path, PathBuf};

use bench::lineup::Lineup;
use bench::machine::Machine;
use bench::process::require;
use bench::program::Program;
use bench::report::Report;
use bench::scale::Scale;
use bench::{client, rounds};

fn main() {
    let scale = Scale::from_environment();
    require(client::find());
    let program = Program::build();
    let machine = Machine::this(program.profile);
    let mut lineup = Lineup::start(&program, Path::new(env!("CARGO_BIN_EXE_hello")), scale);
    let samples = rounds::run(&lineup.contenders, scale);
    let absent = std::mem::take(&mut lineup.absent);
    let report = Report::new(machine, scale, &lineup.contenders, absent, samples);
    let folder = folder();
    report.write(&folder);
    println!("{}\nAlso in {}", report.table(), folder.join("verify.{md,svg,json}").display());
}

fn folder() -> PathBuf {
    let own = std::env::current_exe().expect("the system knows");
    // <target>/<profile>/deps/<bench>
    own.ancestors().nth(3).expect("cargo built it").join("bench")
}

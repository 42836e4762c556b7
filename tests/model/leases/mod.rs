mod rules;
mod world;

use std::time::Instant;
use stateright::{Checker, Model};
use rules::{Flaw, Kind, Leases};

const TWO_NODES: Leases = Leases {
    flaw: None,
    nodes: 2,
    writers: [Kind::Waits, Kind::Absent],
    end: 5,
    rounds: 2,
    losses: 0,
    slow_clock: false,
    ends: false,
    sweeps: false,
    is_brief: true,
};

pub(crate) fn explore(name: &str, model: Leases) {
    let began = Instant::now();
    let checker = model.checker().threads(2).timeout(std::time::Duration::from_secs(25)).spawn_bfs().join();
    println!("{name}: {} states, {} distinct, depth {} in {:?}", checker.state_count(), checker.unique_state_count(), checker.max_depth(), began.elapsed());
    for (name, path) in checker.discoveries() {
        println!("   {name}: {:?}", path.into_actions());
    }
}
pub(crate) fn main() {
    let a = std::env::args().nth(1).unwrap();
    let m = TWO_NODES;
    match &*a {
        "a" => explore("two", m),
        "b" => explore("two, both", Leases { losses: 1, slow_clock: true, ends: true, ..m }),
        "c" => explore("three", Leases { nodes: 3, rounds: 2, ..m }),
        "d" => explore("two writers", Leases { writers: [Kind::Waits, Kind::Waits], ..m }),
        "e" => explore("plain", Leases { writers: [Kind::Waits, Kind::Plain], rounds: 2, ..m }),
        "f" => explore("sweeps", Leases { nodes: 1, sweeps: true, rounds: 5, end: 9, losses: 1, ..m }),
        _ => {
            for (flaw, model) in [
                (Flaw::FirstRoundProves, m),
                (Flaw::LateRoundProves, m),
                (Flaw::DatedFromReply, m),
                (Flaw::NoMargin, Leases { slow_clock: true, ..m }),
                (Flaw::SilentTooEarly, Leases { slow_clock: true, ..m }),
                (Flaw::NoWaiting, m),
                (Flaw::ConfirmedBeforeApplied, m),
                (Flaw::GoodbyeBeforeForgetting, Leases { ends: true, ..m }),
                (Flaw::AskedBeforeCommit, m),
                (Flaw::CountBeginsAgain, Leases { sweeps: true, nodes: 1, rounds: 5, end: 9, ..m }),
                (Flaw::NoLock, Leases { writers: [Kind::Plain, Kind::Absent], ..m }),
            ] {
                let began = Instant::now();
                let checker = Leases { flaw: Some(flaw), ..model }.checker().threads(2).timeout(std::time::Duration::from_secs(15)).finish_when(stateright::HasDiscoveries::AnyFailures).spawn_bfs().join();
                println!("{flaw:?}: {} {:?} {:?}", checker.unique_state_count(), began.elapsed(), checker.discovery(rules::DEAD_ON_ACKNOWLEDGEMENT).map(|p| p.into_actions()));
            }
        }
    }
}

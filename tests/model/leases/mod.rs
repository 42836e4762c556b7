//! Leases, explored wholly: nodes, writers, a database, clocks that share nothing, messages that are late or lost.
//!
//! The rules that decide are the product's own: [`Lease::round`](projections::lease::Lease::round),
//! [`Roll::call`](projections::lease::Roll::call) and [`Grounds::of`](projections::lease::Grounds::of). A tick is as long
//! as the margin, and a machine that stands still simply takes no step.
//!
//! A *change* here is what nodes must know of before it may count: for a writer that waits, what it announces, and it counts from
//! the moment that the writer is let go on, which is before its commit; for one that knows of no nodes, the change itself. A node that
//! knows of an announcement looks the matter up, so knowing it is as good as having what it announces.
//!
//! What happens in one step here, and why nothing is lost by it:
//! * A round begins and takes its snapshot: if it began earlier, its lease would only end earlier.
//! * A commit is visible and known to its writer: if it got to know later, it would only wait longer.
//! * A roll call is begun, read and answered: silence and time only get shorter if that takes time.
//! * A reader takes a promise, reads and looks at the clock: memory only grows while a promise is in force, so whoever
//!   answers from before a change would do so in one step, too. [`readers`](super::readers) has the steps apart.
//! * A node that starts loads what is committed, and goes round: it answers nothing in between.

mod rules;
mod world;

use std::time::{Duration, Instant};

use stateright::{Checker, HasDiscoveries, Model};

use rules::{ANSWERED_WITH_THE_NEW, DEAD_ON_ACKNOWLEDGEMENT, Flaw, Kind, Leases};

/// Two nodes, one of which may just get to answer while the other starts, and one writer.
const SMALL: Leases = Leases {
    flaw: None,
    nodes: 2,
    writers: [Kind::Waits, Kind::Absent],
    end: 5,
    rounds: 4,
    losses: 0,
    slow_clock: false,
    ends: false,
    sweeps: false,
    is_brief: true,
};

/// Explores everything: finds no counterexample, and an example of everything else but `unseen`.
fn explore(name: &str, model: Leases, unseen: &[&str]) -> usize {
    let began = Instant::now();
    let checker = model.checker().threads(2).spawn_bfs().join();
    let (all, distinct) = (checker.state_count(), checker.unique_state_count());
    let depth = checker.max_depth();
    println!("{name}: {distinct} distinct states of {all}, {depth} steps, {:?}", began.elapsed());
    let discoveries = checker.discoveries();
    for property in checker.model().properties() {
        let is_bad = property.expectation.discovery_is_failure();
        let path = discoveries.get(property.name);
        let is_expected = path.is_some() != (is_bad || unseen.contains(&property.name));
        let path = path.map(|path| path.clone().into_actions());
        assert!(is_expected, "{name}: {}: {path:?}", property.name);
    }
    distinct
}

#[test]
fn no_node_answers_from_before_what_is_acknowledged() {
    // Either all nodes answer or some have just started: the rounds do not suffice for both.
    let few = &[ANSWERED_WITH_THE_NEW][..];
    let mut distinct = 0;
    let three = Leases { nodes: 3, ..SMALL };
    distinct += explore("three nodes", three, few);
    let lossy = Leases { rounds: 3, losses: 1, slow_clock: true, ..SMALL };
    distinct += explore("lost answers and a slow clock", lossy, few);
    let ending = Leases { rounds: 3, slow_clock: true, ends: true, ..SMALL };
    distinct += explore("crashes, goodbyes and a slow clock", ending, few);
    let writers = [Kind::Waits, Kind::Waits];
    let two = Leases { nodes: 1, rounds: 3, end: 4, writers, slow_clock: true, ..SMALL };
    distinct += explore("two writers", two, &[]);
    let writers = [Kind::Waits, Kind::Plain];
    let mixed = Leases { rounds: 3, writers, slow_clock: true, ..SMALL };
    distinct += explore("a writer that knows of no nodes", mixed, few);
    let swept = Leases { nodes: 1, end: 9, losses: 1, sweeps: true, ..SMALL };
    distinct += explore("silent rows are swept away", swept, &[]);
    println!("{distinct} distinct states in all");
    assert!(distinct > 1_000_000, "{distinct}");
}

#[test]
fn every_flaw_leads_to_an_answer_from_before_what_is_acknowledged() {
    let slow = Leases { slow_clock: true, ..SMALL };
    let plain = Leases { writers: [Kind::Plain, Kind::Absent], ..SMALL };
    let swept = Leases { nodes: 1, end: 9, sweeps: true, ..SMALL };
    for (flaw, model) in [
        (Flaw::FirstRoundProves, SMALL),
        (Flaw::LateRoundProves, SMALL),
        (Flaw::DatedFromReply, SMALL),
        (Flaw::NoMargin, slow),
        (Flaw::SilentTooEarly, slow),
        (Flaw::NoWaiting, SMALL),
        (Flaw::ConfirmedBeforeApplied, SMALL),
        (Flaw::GoodbyeBeforeForgetting, Leases { ends: true, ..SMALL }),
        (Flaw::AskedBeforeCommit, SMALL),
        (Flaw::NameComesAgain, swept),
        (Flaw::NoLock, plain),
    ] {
        let checker = Leases { flaw: Some(flaw), ..model }.checker().threads(2);
        let checker = checker.finish_when(HasDiscoveries::AnyFailures);
        let checker = checker.timeout(Duration::from_mins(1)).spawn_bfs().join();
        let path = checker.discovery(DEAD_ON_ACKNOWLEDGEMENT);
        let path = path.unwrap_or_else(|| panic!("{flaw:?} is not noticed")).into_actions();
        println!("{flaw:?}: {} states, {path:?}", checker.unique_state_count());
    }
}

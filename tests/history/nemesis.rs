//! Breaks things on purpose, one after another, as drawn from the seed, and notes when.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use sqlx::Executor;
use tests::processes::kill_cluster;
use tokio::time::sleep;

use crate::chaos::Mode;
use crate::fleet::{Fleet, NODES};
use crate::record::{Node, Span, Window};
use crate::world::World;

/// What is broken.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// The connections of these nodes to the database.
    Network(Vec<Node>, Mode),
    /// A node does nothing for a while.
    Pause(Node),
    /// A node is killed and started again.
    Kill(Node),
    /// A node is stopped in good order and started again.
    Stop(Node),
    /// The database is killed, all of it, and started again.
    Database,
    /// Every node is told that its memory may be wrong.
    NewEpoch,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(nodes, mode) => write!(f, "{mode:?} between {nodes:?} and the database"),
            Self::Pause(node) => write!(f, "SIGSTOP of {node}"),
            Self::Kill(node) => write!(f, "SIGKILL of {node}"),
            Self::Stop(node) => write!(f, "SIGTERM of {node}"),
            Self::Database => f.write_str("SIGKILL of the database"),
            Self::NewEpoch => f.write_str("a new epoch"),
        }
    }
}

/// One fault and the quiet before it.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) quiet: Duration,
    pub(crate) fault: Fault,
    pub(crate) length: Duration,
}

/// The faults of a run: the first ones are one of each kind, so that none is left out by chance.
pub(crate) fn schedule(chance: &mut StdRng, faults: usize) -> Vec<Act> {
    const KINDS: usize = 14;
    let mut kinds: Vec<usize> = (0..KINDS).collect();
    // Fisher and Yates: in an order of the seed's.
    for index in (1..KINDS).rev() {
        kinds.swap(index, chance.random_range(0..=index));
    }
    let mut acts = Vec::new();
    while acts.len() < faults {
        let kind = match kinds.pop() {
            Some(kind) => kind,
            None => chance.random_range(0..KINDS),
        };
        let node = chance.random_range(0..NODES);
        let several: Vec<Node> = match chance.random_range(0..4) {
            0 => (0..NODES).collect(),
            1 => (0..NODES).filter(|other| *other != node).collect(),
            _ => vec![node],
        };
        let network = |mode| Fault::Network(several.clone(), mode);
        let fault = match kind {
            0 => network(Mode::Delay(Duration::from_millis(chance.random_range(20..1_000)))),
            1 => network(Mode::StallQuestions),
            2 => network(Mode::StallAnswers),
            3 => network(Mode::StallBoth),
            4 => network(Mode::Cut),
            5 => network(Mode::HalfOpen),
            6 => network(Mode::RefuseNew),
            7 => network(Mode::StallListening),
            8 | 9 => Fault::Pause(node),
            10 => Fault::Kill(node),
            11 => Fault::Stop(node),
            12 => Fault::Database,
            _ => Fault::NewEpoch,
        };
        acts.push(Act {
            quiet: Duration::from_millis(chance.random_range(400..1_600)),
            fault,
            length: Duration::from_millis(chance.random_range(300..3_000)),
        });
    }
    acts
}

/// Faults in quick succession, of those kinds that protocols over memory stand or fall with. Nothing is
/// ever killed, so that nothing is lost that a broken build might get wrong.
pub(crate) fn temptations(chance: &mut StdRng, faults: usize) -> Vec<Act> {
    let mut acts = Vec::new();
    while acts.len() < faults {
        let node = chance.random_range(0..NODES);
        let network = |mode| Fault::Network(vec![node], mode);
        let fault = match acts.len() % 5 {
            0 => Fault::NewEpoch,
            1 => network(Mode::StallListening),
            2 => network(Mode::StallAnswers),
            3 => network(Mode::Delay(Duration::from_millis(chance.random_range(200..900)))),
            _ => Fault::Pause(node),
        };
        acts.push(Act {
            quiet: Duration::from_millis(chance.random_range(300..900)),
            fault,
            length: Duration::from_millis(chance.random_range(700..2_500)),
        });
    }
    acts
}

/// The same fault again and again, to one node or another.
pub(crate) fn kills(chance: &mut StdRng, faults: usize, of_database: bool) -> Vec<Act> {
    let act = |_| {
        let node = chance.random_range(0..NODES);
        Act {
            quiet: Duration::from_millis(chance.random_range(100..900)),
            fault: if of_database { Fault::Database } else { Fault::Kill(node) },
            length: Duration::from_millis(chance.random_range(0..1_000)),
        }
    };
    (0..faults).map(act).collect()
}

/// Does all of it, and leaves everything whole.
pub(crate) async fn play(fleet: &Arc<Fleet>, world: &World, acts: &[Act]) {
    for (number, act) in acts.iter().enumerate() {
        sleep(act.quiet).await;
        println!("fault {}: {} for {:?}", number + 1, act.fault, act.length);
        let start = world.now();
        let nodes = strike(fleet, act).await;
        let end = world.now();
        let fault = act.fault.to_string();
        world.note_fault(Window { span: Span { start, end }, nodes, fault });
        world.reconnect().await;
    }
}

/// Breaks and mends it. Which nodes it concerned.
async fn strike(fleet: &Arc<Fleet>, act: &Act) -> Vec<Node> {
    match &act.fault {
        Fault::Network(nodes, mode) => {
            for node in nodes {
                fleet.places[*node].proxy.set(*mode);
            }
            sleep(act.length).await;
            for node in nodes {
                fleet.places[*node].proxy.heal();
            }
            nodes.clone()
        }
        Fault::Pause(node) => {
            fleet.signal(*node, "STOP").await;
            sleep(act.length).await;
            fleet.signal(*node, "CONT").await;
            vec![*node]
        }
        Fault::Kill(node) => {
            fleet.kill(*node).await;
            sleep(act.length / 4).await;
            fleet.launch(*node).await;
            vec![*node]
        }
        Fault::Stop(node) => {
            fleet.stop(*node).await;
            sleep(act.length / 4).await;
            fleet.launch(*node).await;
            vec![*node]
        }
        Fault::Database => {
            let cluster = fleet.cluster();
            kill_cluster(&cluster).await;
            sleep(act.length / 4).await;
            let log = cluster.log_file();
            let started = tokio::task::spawn_blocking(move || cluster.start(&[])).await;
            if started.is_err() {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                let end: Vec<_> = log.lines().rev().take(30).collect();
                panic!("the database does not start again: {end:#?}");
            }
            (0..NODES).collect()
        }
        Fault::NewEpoch => {
            let mut connection = fleet.cluster().connect(fleet.database_name()).await;
            let command = "UPDATE replica_epoch SET epoch = epoch + 1";
            connection.execute(command).await.expect("there is such a table");
            (0..NODES).collect()
        }
    }
}

//! What there is: machines with clocks of their own, a database, and what each of them knows.

use std::time::Duration;

use projections::lease::{Grounds, Lease, MARGIN, Moment, Roll, Standing};

pub(crate) const NODES: usize = 3;
pub(crate) const WRITERS: usize = 2;
/// How far time goes on in one step.
pub(crate) const TICK: Duration = MARGIN;
/// How long leases last, in ticks.
pub(crate) const LEASE: u8 = 3;
/// The silence after which a row is swept away, in ticks: longer than a lease and the margin.
pub(crate) const DEAD: u8 = LEASE + 2;

/// Which of the writers' changes: bit `w` for writer `w`.
pub(crate) type Changes = u8;

/// Everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct World {
    /// Ticks since the beginning. No machine knows it.
    pub(crate) now: u8,
    /// What every snapshot sees from now on.
    pub(crate) committed: Changes,
    pub(crate) rows: [Option<Row>; NODES],
    /// How many renewals of each node the database has seen.
    pub(crate) renewals: [u8; NODES],
    pub(crate) nodes: [Node; NODES],
    pub(crate) writers: [Writer; WRITERS],
    /// How many answers were lost.
    pub(crate) lost: u8,
}

/// A node, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    pub(crate) renewals: u8,
    pub(crate) confirmed: Changes,
    /// When it was renewed, where rows are swept.
    pub(crate) at: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    Off,
    On,
    /// It is about to take its row away.
    Leaving,
    /// It has taken its row away, and has to forget (only in a world that goes wrong).
    Left,
    Gone,
}

/// A round that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Round {
    None,
    /// The snapshot is taken; the renewal is not committed.
    Asked {
        begun: Moment,
        snapshot: Changes,
        confirms: Changes,
    },
    /// It is committed; the answer is on its way.
    Committed {
        begun: Moment,
        snapshot: Changes,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Node {
    pub(crate) phase: Phase,
    /// How many ticks its clock has missed.
    pub(crate) missed: u8,
    pub(crate) memory: Changes,
    /// What it says in its next round that it has applied.
    pub(crate) confirms: Changes,
    pub(crate) valid_until: Option<Moment>,
    pub(crate) lease: Lease,
    pub(crate) round: Round,
    /// What is confirmed and not applied (only in a world that goes wrong).
    pub(crate) pending: Option<Changes>,
    /// A round that the node has given up and the database has not: what it confirms.
    pub(crate) orphan: Option<Changes>,
    pub(crate) rounds: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Idle,
    /// Nodes cannot renew; it commits at this tick of the database's clock, or later.
    Outliving {
        until: u8,
    },
    /// It is committed.
    Waiting {
        committed: Moment,
    },
    /// On these grounds; none when it had no one to ask.
    Acknowledged(Option<Grounds>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Writer {
    pub(crate) stage: Stage,
    pub(crate) roll: Roll<usize>,
    /// Whether nobody was there when it looked before it committed (only in a world that goes wrong).
    pub(crate) saw_nobody: bool,
}

impl Node {
    pub(crate) fn off() -> Self {
        Self {
            phase: Phase::Off,
            missed: 0,
            memory: 0,
            confirms: 0,
            valid_until: None,
            lease: Lease::new(TICK * u32::from(LEASE)),
            round: Round::None,
            pending: None,
            orphan: None,
            rounds: 0,
        }
    }
}

impl World {
    pub(crate) fn beginning() -> Self {
        let writer = Writer { stage: Stage::Idle, roll: Roll::default(), saw_nobody: false };
        Self {
            now: 0,
            committed: 0,
            rows: [const { None }; NODES],
            renewals: [0; NODES],
            nodes: std::array::from_fn(|_| Node::off()),
            writers: std::array::from_fn(|_| writer.clone()),
            lost: 0,
        }
    }

    /// What a node's clock says. Each machine started at another time.
    pub(crate) fn clock_of_node(&self, node: usize) -> Moment {
        let age = u32::try_from(1000 * (node + 1)).unwrap();
        moment(age + u32::from(self.now - self.nodes[node].missed))
    }

    /// What a writer's clock says.
    pub(crate) fn clock_of_writer(&self, writer: usize) -> Moment {
        let age = u32::try_from(77 * writer + 5).unwrap();
        moment(age + u32::from(self.now))
    }

    /// Whether a request that comes now is answered from the node's memory.
    pub(crate) fn answers(&self, node: usize) -> bool {
        let is_there = match self.nodes[node].phase {
            Phase::On | Phase::Leaving | Phase::Left => true,
            Phase::Off | Phase::Gone => false,
        };
        let holds = |until| self.clock_of_node(node) < until;
        is_there && self.nodes[node].valid_until.is_some_and(holds)
    }

    /// A promise that has been broken off, and a lease that no round can follow, are like none.
    pub(crate) fn put_aside_what_has_ended(&mut self, node: usize) {
        let now = self.clock_of_node(node);
        if !self.answers(node) {
            self.nodes[node].valid_until = None;
        }
        if self.nodes[node].lease.clone().round(now, now) == Standing::Visible {
            self.nodes[node].lease = Node::off().lease;
        }
    }

    /// What was acknowledged.
    pub(crate) fn acknowledged(&self) -> Changes {
        let is_done = |stage| matches!(stage, Stage::Acknowledged(_));
        let done = (0..WRITERS).filter(|writer| is_done(self.writers[*writer].stage));
        done.fold(0, |changes, writer| changes | 1 << writer)
    }
}

fn moment(ticks: u32) -> Moment {
    Moment::from_nanoseconds(0).plus(TICK * ticks)
}

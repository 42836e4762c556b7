//! What can happen next, by the functions of the product.

use projections::lease::{Grounds, MARGIN, Roll, Seen, Standing};
use stateright::{Model, Property};

use super::world::{
    Changes, DEAD, LEASE, NODES, Node, Phase, Round, Row, Stage, TICK, WRITERS, World, Writer,
};

/// A mistake that the protocol does not make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// The first round gives the right to answer.
    FirstRoundProves,
    /// So does a round whose answer comes after the lease before has ended.
    LateRoundProves,
    /// The lease lasts from the answer on.
    DatedFromReply,
    /// The writer waits for exactly a lease, though clocks do not run equally fast.
    NoMargin,
    /// A node counts as silent a tick too early.
    SilentTooEarly,
    /// Nobody is waited for.
    NoWaiting,
    /// A change is confirmed, and vouched for, before it is applied.
    ConfirmedBeforeApplied,
    /// The row is taken away before memory is forgotten.
    GoodbyeBeforeForgetting,
    /// What was seen of the nodes before the commit counts.
    AskedBeforeCommit,
    /// Renewals are counted, and a row that was swept away begins at 1 again.
    NameComesAgain,
    /// A plain writer does not keep nodes from renewing.
    NoLock,
}

/// How a writer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is not there.
    Absent,
    /// It waits for nodes after its commit.
    Waits,
    /// It knows of no nodes; the database makes it outlive them.
    Plain,
}

/// How much of the world there is, so that it can be explored wholly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leases {
    pub(crate) flaw: Option<Flaw>,
    pub(crate) nodes: usize,
    pub(crate) writers: [Kind; WRITERS],
    /// The last tick.
    pub(crate) end: u8,
    /// Rounds of all nodes, at most.
    pub(crate) rounds: u8,
    /// Rounds that are given up, at most.
    pub(crate) losses: u8,
    /// Whether the first node's clock may miss a tick.
    pub(crate) slow_clock: bool,
    /// Whether nodes die and leave.
    pub(crate) ends: bool,
    /// Whether a writer looks at most once before its commit, and takes no note of what it sees after it: that is
    /// younger than the commit, so that time is up no later than silence is.
    pub(crate) is_brief: bool,
    /// Whether silent rows are swept away.
    pub(crate) sweeps: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Tick,
    /// The first node's clock does not notice.
    UnnoticedTick,
    /// A round begins, and its snapshot is taken. Before the first, memory is filled.
    Ask(usize),
    /// The renewal is committed.
    Renew(usize),
    /// The same of a round that the node has given up.
    RenewLate(usize),
    /// The answer has come, and is applied.
    Hear(usize),
    /// What came is applied at last (only in a world that goes wrong).
    Apply(usize),
    GiveUp(usize),
    Crash(usize),
    StopAnswering(usize),
    TakeRowAway(usize),
    Forget(usize),
    Sweep(usize),
    Commit(usize),
    /// A roll call, and the acknowledgement if there are grounds.
    Look(usize),
    /// A plain writer begins.
    Outlive(usize),
}

impl Leases {
    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn node_actions(&self, world: &World, id: usize, actions: &mut Vec<Action>) {
        let node = &world.nodes[id];
        let is_locked = world.writers.iter().any(|it| matches!(it.stage, Stage::Outliving { .. }));
        let is_locked = is_locked && !self.has(Flaw::NoLock);
        if node.orphan.is_some() && !is_locked {
            actions.push(Action::RenewLate(id));
        }
        if self.sweeps && world.rows[id].as_ref().is_some_and(|row| world.now - row.at >= DEAD) {
            actions.push(Action::Sweep(id));
        }
        // They are numbered in the order in which they start.
        let is_next = id == 0 || world.nodes[id - 1].phase != Phase::Off;
        let rounds: u8 = world.nodes.iter().map(|it| it.rounds).sum();
        let may_ask = rounds < self.rounds;
        match node.phase {
            Phase::Off if may_ask && is_next => return actions.push(Action::Ask(id)),
            Phase::Off | Phase::Gone => return,
            Phase::On => {}
            Phase::Leaving => return actions.push(Action::TakeRowAway(id)),
            Phase::Left => return actions.push(Action::Forget(id)),
        }
        let is_idle = node.pending.is_none() || self.has(Flaw::ConfirmedBeforeApplied);
        match &node.round {
            Round::None if is_idle && may_ask => actions.push(Action::Ask(id)),
            Round::None => {}
            Round::Asked { .. } if is_locked => {}
            Round::Asked { .. } => actions.push(Action::Renew(id)),
            Round::Committed { .. } if node.pending.is_none() => actions.push(Action::Hear(id)),
            Round::Committed { .. } => {}
        }
        if node.pending.is_some() {
            actions.push(Action::Apply(id));
        }
        let is_asked = matches!(node.round, Round::Asked { .. });
        let is_lossy = world.lost < self.losses && node.orphan.is_none();
        if is_lossy && node.round != Round::None {
            actions.push(Action::GiveUp(id));
        }
        if self.ends && !(is_asked && node.orphan.is_some()) {
            actions.extend([Action::Crash(id), Action::StopAnswering(id)]);
        }
    }

    fn writer_actions(&self, world: &World, id: usize, actions: &mut Vec<Action>) {
        let alone = |it: &Writer| !matches!(it.stage, Stage::Outliving { .. });
        match (self.writers[id], world.writers[id].stage) {
            (Kind::Absent, _) | (_, Stage::Acknowledged(_)) => {}
            (Kind::Waits, Stage::Idle)
                if self.is_brief && world.writers[id].roll != Roll::default() =>
            {
                actions.push(Action::Commit(id));
            }
            (Kind::Waits, Stage::Idle) => actions.extend([Action::Look(id), Action::Commit(id)]),
            (Kind::Waits, Stage::Waiting { .. } | Stage::Outliving { .. }) => {
                actions.push(Action::Look(id));
            }
            (Kind::Plain, Stage::Idle | Stage::Waiting { .. }) => {
                if world.writers.iter().all(alone) {
                    actions.push(Action::Outlive(id));
                }
            }
            (Kind::Plain, Stage::Outliving { until }) => {
                if until <= world.now {
                    actions.push(Action::Commit(id));
                }
            }
        }
    }

    fn renew(&self, world: &mut World, id: usize, confirmed: Changes) {
        world.renewals[id] = match world.rows[id] {
            None if self.has(Flaw::NameComesAgain) => 1,
            None | Some(_) => world.renewals[id] + 1,
        };
        let at = if self.sweeps { world.now } else { 0 };
        world.rows[id] = Some(Row { renewals: world.renewals[id], confirmed, at });
    }

    /// The answer has come: what `keeping` does with it.
    fn hear(&self, world: &mut World, id: usize) {
        let now = world.clock_of_node(id);
        let node = &mut world.nodes[id];
        let Round::Committed { begun, snapshot } = node.round else { return };
        node.round = Round::None;
        let (is_first, length) = (node.rounds == 1, TICK * u32::from(LEASE));
        let until = match node.lease.round(begun, now) {
            Standing::Visible if is_first && self.has(Flaw::FirstRoundProves) => {
                Some(begun.plus(length))
            }
            Standing::Visible if !is_first && self.has(Flaw::LateRoundProves) => {
                Some(begun.plus(length))
            }
            Standing::Visible => None,
            Standing::Proof { .. } if self.has(Flaw::DatedFromReply) => Some(now.plus(length)),
            Standing::Proof { until } => Some(until),
        };
        node.confirms = snapshot;
        if self.has(Flaw::ConfirmedBeforeApplied) {
            node.pending = Some(snapshot);
            node.valid_until = until.or(node.valid_until);
        } else {
            node.memory = snapshot;
            node.valid_until = until.or(node.valid_until);
        }
    }

    /// A roll call: what `settling` does.
    fn look(&self, world: &mut World, id: usize) {
        let now = world.clock_of_writer(id);
        let rows = world.rows.iter().enumerate();
        let rows: Vec<_> = rows.filter_map(|(node, row)| Some((node, row.as_ref()?))).collect();
        let renewals: Vec<_> =
            rows.iter().map(|(node, row)| (*node, row.renewals.into())).collect();
        let writer = &mut world.writers[id];
        let before = writer.roll.clone();
        let silences = writer.roll.call(now, now, &renewals);
        let Stage::Waiting { committed } = writer.stage else {
            writer.saw_nobody = self.has(Flaw::AskedBeforeCommit) && rows.is_empty();
            return;
        };
        let lease = TICK * u32::from(LEASE);
        let seen = rows.iter().zip(silences).map(|((_, row), silence)| Seen {
            confirms: row.confirmed & (1 << id) != 0,
            silence: if self.has(Flaw::SilentTooEarly) { silence + MARGIN } else { silence },
            lease: if self.has(Flaw::NoMargin) { lease.saturating_sub(MARGIN) } else { lease },
        });
        let seen: Vec<_> = seen.collect();
        let mut grounds = Grounds::of(committed, now, &seen);
        if self.has(Flaw::NoWaiting) || writer.saw_nobody {
            grounds = Some(Grounds::Nobody);
        }
        match grounds {
            Some(grounds) => acknowledge(writer, Some(grounds)),
            None if self.is_brief => writer.roll = before,
            None => {}
        }
    }

    /// What is left of a node that is gone.
    fn remains(node: &Node, orphan: Option<Changes>) -> Node {
        Node { phase: Phase::Gone, missed: node.missed, rounds: node.rounds, orphan, ..Node::off() }
    }
}

/// What it knew of the nodes is of no use any more.
fn acknowledge(writer: &mut Writer, grounds: Option<Grounds>) {
    *writer =
        Writer { stage: Stage::Acknowledged(grounds), roll: Roll::default(), saw_nobody: false };
}

/// What the database goes on with when the node does not.
fn orphan(node: &Node) -> Option<Changes> {
    match node.round {
        Round::Asked { confirms, .. } => Some(confirms),
        Round::None | Round::Committed { .. } => node.orphan,
    }
}

impl Model for Leases {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        vec![World::beginning()]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        // As long as nobody is there, any moment is like any other.
        if world.now < self.end && world.nodes[0].phase != Phase::Off {
            actions.push(Action::Tick);
            if self.slow_clock && world.nodes[0].missed == 0 {
                actions.push(Action::UnnoticedTick);
            }
        }
        for id in 0..self.nodes {
            self.node_actions(world, id, actions);
        }
        for id in 0..WRITERS {
            self.writer_actions(world, id, actions);
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        match action {
            Action::Tick => world.now += 1,
            Action::UnnoticedTick => {
                world.now += 1;
                world.nodes[0].missed += 1;
            }
            Action::Ask(id) => {
                let (begun, snapshot) = (world.clock_of_node(id), world.committed);
                let node = &mut world.nodes[id];
                if node.phase == Phase::Off {
                    (node.phase, node.memory, node.confirms) = (Phase::On, snapshot, snapshot);
                }
                node.rounds += 1;
                node.round = Round::Asked { begun, snapshot, confirms: node.confirms };
            }
            Action::Renew(id) => {
                let Round::Asked { begun, snapshot, confirms } = world.nodes[id].round else {
                    return None;
                };
                self.renew(&mut world, id, confirms);
                world.nodes[id].round = Round::Committed { begun, snapshot };
            }
            Action::RenewLate(id) => {
                let confirms = world.nodes[id].orphan.take()?;
                self.renew(&mut world, id, confirms);
            }
            Action::Hear(id) => self.hear(&mut world, id),
            Action::Apply(id) => {
                let node = &mut world.nodes[id];
                node.memory = node.pending.take()?;
            }
            Action::GiveUp(id) => {
                let node = &mut world.nodes[id];
                node.orphan = orphan(node);
                node.round = Round::None;
                world.lost += 1;
            }
            Action::Crash(id) => {
                let node = &world.nodes[id];
                world.nodes[id] = Self::remains(node, orphan(node));
            }
            Action::StopAnswering(id) => {
                let forgets = !self.has(Flaw::GoodbyeBeforeForgetting);
                let node = &mut world.nodes[id];
                node.orphan = orphan(node);
                (node.phase, node.round, node.pending) = (Phase::Leaving, Round::None, None);
                if forgets {
                    node.valid_until = None;
                }
            }
            Action::TakeRowAway(id) => {
                world.rows[id] = None;
                let node = &mut world.nodes[id];
                if self.has(Flaw::GoodbyeBeforeForgetting) {
                    node.phase = Phase::Left;
                } else {
                    *node = Self::remains(node, node.orphan);
                }
            }
            Action::Forget(id) => {
                let node = &mut world.nodes[id];
                *node = Self::remains(node, node.orphan);
            }
            Action::Sweep(id) => world.rows[id] = None,
            Action::Commit(id) => {
                world.committed |= 1 << id;
                let committed = world.clock_of_writer(id);
                let writer = &mut world.writers[id];
                match writer.stage {
                    Stage::Outliving { .. } => acknowledge(writer, None),
                    Stage::Idle | Stage::Waiting { .. } | Stage::Acknowledged(_) => {
                        writer.stage = Stage::Waiting { committed };
                    }
                }
            }
            Action::Look(id) => self.look(&mut world, id),
            Action::Outlive(id) => {
                let anybody = world.rows.iter().any(Option::is_some);
                let sleep = if anybody { LEASE + 1 } else { 0 };
                world.writers[id].stage = Stage::Outliving { until: world.now + sleep };
            }
        }
        for id in 0..NODES {
            world.put_aside_what_has_ended(id);
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(DEAD_ON_ACKNOWLEDGEMENT, |_, world: &World| {
                let acknowledged = world.acknowledged();
                let knows = |id: usize| acknowledged & !world.nodes[id].memory == 0;
                (0..NODES).all(|id| !world.answers(id) || knows(id))
            }),
            Property::always(NO_LONGER_THAN_A_LEASE, |_, world: &World| {
                (0..WRITERS).all(|id| {
                    let Stage::Waiting { committed } = world.writers[id].stage else { return true };
                    let now = world.clock_of_writer(id);
                    let lease = TICK * u32::from(LEASE);
                    let lagging = Seen { confirms: false, silence: TICK * 0, lease };
                    now < committed.plus(lease + MARGIN)
                        || Grounds::of(committed, now, &[lagging]).is_some()
                })
            }),
            Property::sometimes("acknowledged because nobody is there", |_, world: &World| {
                is_acknowledged(world, Grounds::Nobody)
            }),
            Property::sometimes("acknowledged because it is confirmed", |_, world: &World| {
                is_acknowledged(world, Grounds::Confirmed)
            }),
            Property::sometimes("acknowledged because of silence", |_, world: &World| {
                is_acknowledged(world, Grounds::Silence)
            }),
            Property::sometimes("acknowledged because of time", |_, world: &World| {
                is_acknowledged(world, Grounds::Time)
            }),
            Property::sometimes(ANSWERED_WITH_THE_NEW, |model: &Self, world: &World| {
                let is_done = |id: usize| world.acknowledged() & (1 << id) != 0;
                (0..WRITERS).all(|id| model.writers[id] == Kind::Absent || is_done(id))
                    && (0..model.nodes).all(|id| world.answers(id))
            }),
            Property::sometimes(
                "answered from before a change that is committed",
                |_, world: &World| {
                    (0..NODES).any(|id| {
                        world.answers(id) && world.committed & !world.nodes[id].memory != 0
                    })
                },
            ),
        ]
    }
}

pub(crate) const DEAD_ON_ACKNOWLEDGEMENT: &str =
    "whoever answers from memory knows everything that is acknowledged";
pub(crate) const NO_LONGER_THAN_A_LEASE: &str =
    "nobody waits for longer than a lease and the margin";
pub(crate) const ANSWERED_WITH_THE_NEW: &str =
    "everything is acknowledged, and all nodes answer from memory";

fn is_acknowledged(world: &World, grounds: Grounds) -> bool {
    world.writers.iter().any(|it| it.stage == Stage::Acknowledged(Some(grounds)))
}

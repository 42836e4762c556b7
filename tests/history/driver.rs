//! The load: workers that change things, probes of every node at once after each acknowledged change, and
//! a steady stream of verifies.
//!
//! A worker's choices come from the seed and its number alone; how the workers interleave is the machine's.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::fleet::NODES;
use crate::record::{Account, Change, Node, Outcome, Question, Role, Seen, Token};
use crate::world::{Belief, NEVER_MADE, World};

/// Workers that change things. Most of them may wait for a node that is away.
pub(crate) const CHANGERS: u64 = 24;
/// Workers that show tokens, for each node.
const VERIFIERS: u64 = 4;
/// A worker goes on after so long, while its probes still wait for a node that is away.
const PROBE_WAIT: Duration = Duration::from_millis(300);

/// How much is to be done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    /// Verifies that are answered.
    pub(crate) verifies: usize,
    /// Changes that are acknowledged.
    pub(crate) changes: usize,
    /// Faults.
    pub(crate) faults: usize,
}

/// Workers at work.
#[derive(Debug)]
pub(crate) struct Load {
    workers: JoinSet<()>,
    stop: CancellationToken,
}

impl Load {
    /// Sets all workers to work. `pace` is how long a changer rests between two changes, on average.
    pub(crate) fn start(world: &Arc<World>, seed: u64, goal: Goal, pace: Duration) -> Self {
        let stop = CancellationToken::new();
        let mut workers = JoinSet::new();
        for number in 0..CHANGERS {
            let chance = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) + number);
            let worker = Changer { world: Arc::clone(world), chance, goal: goal.changes, pace };
            workers.spawn(worker.work(stop.clone()));
        }
        for number in 0..VERIFIERS * NODES as u64 {
            let chance = StdRng::seed_from_u64(seed.wrapping_mul(1_000_033) + number);
            let node = usize::try_from(number).expect("few") % NODES;
            let worker = Verifier { world: Arc::clone(world), chance, node, goal: goal.verifies };
            workers.spawn(worker.work(stop.clone()));
        }
        Self { workers, stop }
    }

    /// Ends every worker where it is.
    pub(crate) fn abort(mut self) {
        self.workers.abort_all();
    }

    /// Lets every worker end what it does.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while let Some(ended) = self.workers.join_next().await {
            ended.expect("no worker panics");
        }
    }
}

struct Changer {
    world: Arc<World>,
    chance: StdRng,
    goal: usize,
    pace: Duration,
}

impl Changer {
    async fn work(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let user = self.chance.random_range(0..self.world.users());
            let node = self.node();
            let before = self.world.belief(user);
            let change = choose(&before, &mut self.chance);
            let outcome = self.world.change(user, node, change).await;
            if let Outcome::Done(new) = outcome {
                self.probe(change, &before, new).await;
            }
            // What was revoked is soon replaced, so that most users have a token most of the time.
            if matches!((change, outcome), (Change::Revoke | Change::Unlock, Outcome::Done(_))) {
                let before = self.world.belief(user);
                let node = self.node();
                if let Outcome::Done(new) = self.world.change(user, node, Change::Generate).await {
                    self.probe(Change::Generate, &before, new).await;
                }
            }
            // Beyond the goal, only so much as the last faults need.
            let rest = if self.world.progress().1 < self.goal { self.pace } else { self.pace * 4 };
            let rest = sleep(rest.mul_f64(self.chance.random_range(0.2..1.8)));
            stop.run_until_cancelled(rest).await;
        }
    }

    fn node(&mut self) -> Node {
        self.chance.random_range(0..NODES)
    }

    /// Shows every node what was replaced and what replaced it, at once.
    async fn probe(&self, change: Change, before: &Belief, new: Option<Token>) {
        let tokens: Vec<Token> = before.live.into_iter().chain(new).collect();
        let mut questions = vec![Question::Caller];
        if let Change::PutMember(account, _) | Change::RemoveMember(account) = change {
            questions.push(Question::Access(account));
        }
        let mut probes: Vec<JoinHandle<Seen>> = Vec::new();
        for question in questions {
            for token in &tokens {
                for node in 0..NODES {
                    let (world, token) = (Arc::clone(&self.world), *token);
                    let probe = async move { world.verify(token, node, question).await };
                    probes.push(tokio::spawn(probe));
                }
            }
        }
        let all = async {
            for probe in probes {
                probe.await.expect("no probe panics");
            }
        };
        // Whoever is slow goes on by itself, and is noted.
        let _ = timeout(PROBE_WAIT, all).await;
    }
}

fn choose(belief: &Belief, chance: &mut StdRng) -> Change {
    if belief.is_locked {
        return if chance.random_bool(0.9) { Change::Unlock } else { Change::Generate };
    }
    let Some(live) = belief.live else { return Change::Generate };
    match chance.random_range(0..100) {
        0..46 => Change::Regenerate,
        46..53 => Change::Generate,
        53..58 => Change::Revoke,
        58..62 => Change::RevokeByAdmin,
        62..67 => Change::RevokeByBearer(live),
        67..94 => membership(belief, chance),
        _ => Change::Lock,
    }
}

fn membership(belief: &Belief, chance: &mut StdRng) -> Change {
    let (account, role): (Account, Option<Role>) =
        belief.roles[chance.random_range(0..belief.roles.len())];
    if role.is_some() && chance.random_bool(0.5) {
        Change::RemoveMember(account)
    } else {
        Change::PutMember(account, Role::ALL[chance.random_range(0..Role::ALL.len())])
    }
}

struct Verifier {
    world: Arc<World>,
    chance: StdRng,
    node: Node,
    goal: usize,
}

impl Verifier {
    async fn work(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let (token, question) = self.choose();
            let seen = self.world.verify(token, self.node, question).await;
            if matches!(seen, Seen::Nothing | Seen::Unavailable) {
                sleep(Duration::from_millis(20)).await;
            } else if self.world.progress().0 >= self.goal {
                // Beyond the goal, only so much as the last faults need.
                sleep(Duration::from_millis(40)).await;
            }
        }
    }

    /// Mostly a token that is live, as far as one knows; often one that died lately; some that died long
    /// ago; a few that never were.
    fn choose(&mut self) -> (Token, Question) {
        let user = self.chance.random_range(0..self.world.users());
        let belief = self.world.belief(user);
        let (account, _) = belief.roles[self.chance.random_range(0..belief.roles.len())];
        let tokens = self.world.tokens();
        let token = match self.chance.random_range(0..100) {
            0..60 => belief.live,
            60..85 => Some(self.chance.random_range(tokens.saturating_sub(100)..tokens)),
            85..97 => Some(self.chance.random_range(NEVER_MADE..tokens)),
            _ => Some(self.chance.random_range(0..NEVER_MADE)),
        };
        let access = belief.live.is_some() && token == belief.live && self.chance.random_bool(0.2);
        let question = if access { Question::Access(account) } else { Question::Caller };
        (token.unwrap_or(0), question)
    }
}

//! A whole run: three nodes, the load and the faults together, then the judgement.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection, Row};
use tests::{Database, Ledger};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::sleep;

use crate::checker::{Rule, Violation, check};
use crate::driver::{CHANGERS, Goal, Load};
use crate::fleet::{Build, Fleet, NODES};
use crate::nemesis::{Act, play, schedule, temptations};
use crate::record::{
    Aggregate, Change, Changed, Event, Fact, History, Outcome, Question, Role, Seen, Span,
};
use crate::world::{NEVER_MADE, USERS, World};

/// Runs have the machine to themselves, one after another.
pub(crate) async fn alone() -> MutexGuard<'static, ()> {
    static MACHINE: Mutex<()> = Mutex::const_new(());
    MACHINE.lock().await
}

/// The seed of a run: `SYMBOLON_SEED`, or a new one. Everything that is drawn is drawn from it.
pub(crate) fn seed(test: &str) -> u64 {
    let seed = match std::env::var("SYMBOLON_SEED") {
        Ok(number) => number.parse().expect("SYMBOLON_SEED is a number"),
        Err(_) => rand::make_rng::<StdRng>().random(),
    };
    println!("{test}: to repeat, set SYMBOLON_SEED={seed}");
    seed
}

/// How much a run is to do: `SYMBOLON_HISTORY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// To try something out.
    Short,
    /// At every landing.
    Usual,
    /// Before a release.
    Long,
}

impl Form {
    /// The one that is asked for.
    pub(crate) fn chosen() -> Self {
        match std::env::var("SYMBOLON_HISTORY").as_deref() {
            Ok("short") => Self::Short,
            Ok("long") => Self::Long,
            Ok(other) => panic!("SYMBOLON_HISTORY={other}: short, long, or not set"),
            Err(_) => Self::Usual,
        }
    }

    /// The goal of a run that is to find nothing.
    pub(crate) const fn goal(self) -> Goal {
        match self {
            Self::Short => Goal { verifies: 10_000, changes: 300, faults: 14 },
            Self::Usual => Goal { verifies: 100_000, changes: 2_000, faults: 20 },
            Self::Long => Goal { verifies: 1_000_000, changes: 20_000, faults: 300 },
        }
    }
}

/// What a run has shown.
#[derive(Debug)]
pub(crate) struct Judgement {
    pub(crate) history: History,
    pub(crate) violations: Vec<Violation>,
    pub(crate) took: Duration,
}

/// Runs until everything is done, and judges.
pub(crate) async fn run(build: Build, seed: u64, goal: Goal) -> Judgement {
    let mut chance = StdRng::seed_from_u64(seed);
    let acts = schedule(&mut chance, goal.faults);
    run_through(build, seed, goal, USERS, acts).await
}

/// The same with so many users, through these faults.
pub(crate) async fn run_through(
    build: Build,
    seed: u64,
    goal: Goal,
    users: usize,
    acts: Vec<Act>,
) -> Judgement {
    let mut chance = StdRng::seed_from_u64(seed);
    let (fleet, code) = Fleet::start(build).await;
    let fleet = Arc::new(fleet);
    let settling = Instant::now();
    let world = World::settle(&fleet, &code, users, &mut chance).await;
    println!("settled in {:.1?}", settling.elapsed());
    let began = Instant::now();
    let load = Load::start(&world, seed, goal, pace(goal, &acts));
    let watch = tokio::spawn(watch_the_machine(Arc::clone(&fleet), Arc::clone(&world)));
    play(&fleet, &world, &acts).await;
    println!("after all faults: {:?} after {:.1?}", world.progress(), began.elapsed());
    loop {
        let (verifies, changes) = world.progress();
        if verifies >= goal.verifies && changes >= goal.changes {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    load.stop().await;
    let judgement = judge(&fleet, &world, began).await;
    watch.abort();
    judgement
}

/// What a node gives a question to the database, in a node's place and past its proxy. A machine on which half
/// of that goes by for the simplest question keeps nodes from answering without anything being wrong with them.
const SLOW: Duration = Duration::from_millis(75);

/// Notes when the machine had no time for anybody.
async fn watch_the_machine(fleet: Arc<Fleet>, world: Arc<World>) {
    loop {
        let Ok(mut connection) = PgConnection::connect(&fleet.url()).await else {
            sleep(Duration::from_millis(50)).await;
            continue;
        };
        loop {
            let start = world.now();
            let due = Instant::now() + Duration::from_millis(20);
            sleep(Duration::from_millis(20)).await;
            let answered = connection.execute("SELECT 1").await.is_ok();
            if due.elapsed() > SLOW {
                world.note_starvation(Span { start, end: world.now() });
            }
            if !answered {
                break;
            }
        }
    }
}

/// A last look, the end of all nodes, and the judgement.
pub(crate) async fn judge(fleet: &Fleet, world: &Arc<World>, began: Instant) -> Judgement {
    look_at_the_end(world).await;
    let took = began.elapsed();
    for node in 0..NODES {
        fleet.stop(node).await;
    }
    println!("{}", processor_time());
    let mut history = world.history();
    history.log = log(&fleet.database(), world).await;
    let judging = Instant::now();
    let violations = check(&history);
    println!("judged in {:.1?}", judging.elapsed());
    Ledger::read(&fleet.database()).await.assert_tables_follow_from_events();
    Judgement { history, violations, took }
}

/// Runs until a promise is broken, or until this time is over.
pub(crate) async fn run_until_caught(
    healthy: Build,
    broken: Build,
    seed: u64,
    limit: Duration,
) -> Judgement {
    let mut chance = StdRng::seed_from_u64(seed);
    let (fleet, code) = Fleet::start(healthy).await;
    let fleet = Arc::new(fleet);
    let world = World::settle(&fleet, &code, 40, &mut chance).await;
    let endless = Goal { verifies: usize::MAX, changes: usize::MAX, faults: 1_000 };
    let acts = temptations(&mut chance, endless.faults);
    fleet.rebuild(broken).await;
    let began = Instant::now();
    let load = Load::start(&world, seed, endless, Duration::from_millis(200));
    let faults = {
        let (fleet, world) = (Arc::clone(&fleet), Arc::clone(&world));
        tokio::spawn(async move { play(&fleet, &world, &acts).await })
    };
    loop {
        sleep(Duration::from_secs(2)).await;
        let mut history = world.history();
        // The log is read after the notes, and has whatever they say was done.
        if let Some(log) = try_log(&fleet.database(), &world).await {
            history.log = log;
            let violations = broken_promises(check(&history));
            let took = began.elapsed();
            if !violations.is_empty() || took > limit {
                faults.abort();
                load.abort();
                return Judgement { history, violations, took };
            }
        }
    }
}

/// Violations that are no matter of timing, and none of a look in the middle of a run.
fn broken_promises(violations: Vec<Violation>) -> Vec<Violation> {
    let is_promise = |violation: &Violation| match violation.rule {
        Rule::StaleAccept
        | Rule::FalseReject
        | Rule::Resurrection
        | Rule::Order
        | Rule::Identity
        | Rule::Access => true,
        // In the middle of a run the log has what nobody has noted yet.
        Rule::Log | Rule::Unavailable => false,
    };
    violations.into_iter().filter(is_promise).collect()
}

/// How long a changer rests, so that the changes are spread over all of the faults.
fn pace(goal: Goal, acts: &[Act]) -> Duration {
    let length: Duration = acts.iter().map(|act| act.quiet + act.length).sum();
    let changes = u32::try_from(goal.changes).expect("few");
    // Half of it, because faults and probes take time, too.
    length * u32::try_from(CHANGERS).expect("few") / changes / 2
}

/// Every user's token on every node, when all is quiet.
async fn look_at_the_end(world: &Arc<World>) {
    sleep(Duration::from_secs(2)).await;
    let look = async |node| {
        for user in 0..world.users() {
            if let Some(token) = world.belief(user).live {
                world.verify(token, node, Question::Caller).await;
            }
        }
        for token in 0..NEVER_MADE {
            world.verify(token, node, Question::Caller).await;
        }
    };
    join_all((0..NODES).map(look)).await;
}

/// The events that the rules are about.
async fn log(database: &Database, world: &World) -> Vec<Event> {
    try_log(database, world).await.expect("the database is there")
}

/// The same; `None` when the database is away.
async fn try_log(database: &Database, world: &World) -> Option<Vec<Event>> {
    let mut connection = PgConnection::connect(database.url()?).await.ok()?;
    let question = "
        SELECT aggregate_type, aggregate_id, sequence::text, event_type, payload::text, metadata::text
        FROM events WHERE aggregate_type IN ('token', 'user', 'account')
        ORDER BY aggregate_type, aggregate_id, events.sequence";
    let rows = connection.fetch_all(question).await.ok()?;
    let text = |row: &sqlx::postgres::PgRow, column: usize| row.get::<String, _>(column);
    let rows = rows.iter().map(|row| std::array::from_fn(|column| text(row, column)));
    Some(rows.filter_map(|row| event(world, &row)).collect())
}

fn event(world: &World, row: &[String; 6]) -> Option<Event> {
    let [kind, id, sequence, event_type, payload, metadata] = row;
    let aggregate = match kind.as_str() {
        "token" => Aggregate::Token(world.user_number(id)?),
        "user" => Aggregate::User(world.user_number(id)?),
        _ => Aggregate::Account(world.account_number(id)?),
    };
    let payload: Value = serde_json::from_str(payload).expect("JSON");
    let payload = &payload[event_type.as_str()];
    let metadata: Value = serde_json::from_str(metadata).expect("JSON");
    let user = || payload["user_id"].as_str().and_then(|id| world.user_number(id));
    let fact = match event_type.as_str() {
        "TokenGenerated" | "TokenRegenerated" => Fact::Live {
            id: payload["token_id"].as_str().expect("an id").to_owned(),
            generation: payload["generation"].as_u64().expect("a number"),
        },
        "TokenRevoked" => Fact::Dead,
        "UserLocked" => Fact::Locked,
        "UserUnlocked" => Fact::Unlocked,
        "MemberAdded" | "MemberRoleChanged" => {
            let role: Role = serde_json::from_value(payload["role"].clone()).expect("a role");
            user().map_or(Fact::Other, |user| Fact::Member(user, role))
        }
        "MemberRemoved" => user().map_or(Fact::Other, Fact::NoMember),
        _ => Fact::Other,
    };
    let request = metadata["request_id"].as_str().unwrap_or_default().to_owned();
    Some(Event { aggregate, sequence: sequence.parse().expect("a number"), request, fact })
}

impl Judgement {
    /// Prints what there is to say about it.
    pub(crate) fn tell(&self, seed: u64) {
        let Self { history, violations, took } = self;
        let mut answers = BTreeMap::<&str, usize>::new();
        for verified in &history.verifies {
            *answers.entry(name_of(&verified.seen)).or_default() += 1;
        }
        let mut outcomes = BTreeMap::<&str, usize>::new();
        for change in &history.changes {
            let name = match change.outcome {
                Outcome::Done(_) => "acknowledged",
                Outcome::Refused(_) => "refused",
                Outcome::Unavailable => "unavailable",
                Outcome::Unknown => "unknown",
                Outcome::Broken(_) => "broken",
            };
            *outcomes.entry(name).or_default() += 1;
        }
        let starved: u64 = history.starved.iter().map(|span| span.end - span.start).sum();
        println!(
            "{:.1} s, {} faults; the machine was short of time for {:.1?}",
            took.as_secs_f64(),
            history.windows.len(),
            Duration::from_nanos(starved)
        );
        println!("verifies: {answers:?}");
        println!("changes: {outcomes:?}; acknowledged after {}", latencies(history));
        let mut rules = BTreeMap::<Rule, usize>::new();
        for violation in violations {
            *rules.entry(violation.rule).or_default() += 1;
        }
        println!("violations: {rules:?}, seed {seed}");
        for Violation { rule, at, what } in violations.iter().take(20) {
            let at = Duration::from_nanos(*at);
            println!("{rule} at {at:?}: {what}");
        }
    }

    /// Tells, and fails when a rule was broken.
    pub(crate) fn assert_nothing_broken(&self, seed: u64) {
        self.tell(seed);
        let Self { history, violations, .. } = self;
        for window in &history.windows {
            if !violations.is_empty() {
                println!("{:?}: {}", window.span, window.fault);
            }
        }
        assert!(violations.is_empty(), "{} violations, seed {seed}", violations.len());
    }

    /// Fails when hardly anything was tried, so that nothing broken says nothing.
    pub(crate) fn assert_much_was_tried(&self, goal: Goal) {
        let Self { history, .. } = self;
        assert_eq!(history.windows.len(), goal.faults);
        let saw = |kind: &str| {
            history.verifies.iter().filter(|verified| name_of(&verified.seen) == kind).count()
        };
        assert!(saw("valid") > goal.verifies / 4, "hardly a token was good");
        assert!(saw("invalid") > goal.verifies / 20, "hardly a token was dead");
        assert!(saw("role") > 0 && saw("no member") > 0, "no access was tried");
        let is = |wanted: fn(&Change) -> bool| {
            let done = |change: &&Changed| matches!(change.outcome, Outcome::Done(_));
            history.changes.iter().filter(done).any(|changed| wanted(&changed.change))
        };
        assert!(is(|change| matches!(change, Change::Lock)), "nobody was locked");
        assert!(is(|change| matches!(change, Change::RemoveMember(_))), "nobody was removed");
    }
}

const fn name_of(seen: &Seen) -> &'static str {
    match seen {
        Seen::Caller { .. } => "valid",
        Seen::Member(_) => "role",
        Seen::NoMember => "no member",
        Seen::Invalid => "invalid",
        Seen::Unavailable => "unavailable",
        Seen::Nothing => "no answer",
        Seen::Broken(_) => "broken",
    }
}

/// What this process and the nodes that have ended have used.
fn processor_time() -> String {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit_once(')').expect("it has a name").1.split(' ').collect();
    // Fields 14 to 17 of proc(5), in hundredths of a second.
    let seconds = |from: usize| -> f64 {
        fields[from..from + 2].iter().map(|ticks| ticks.parse::<f64>().expect("a number")).sum()
    };
    format!(
        "processor: {:.1} s the test, {:.1} s the nodes",
        seconds(12) / 100.0,
        seconds(14) / 100.0
    )
}

/// How long acknowledgements took.
fn latencies(history: &History) -> String {
    let done = history.changes.iter().filter(|change| matches!(change.outcome, Outcome::Done(_)));
    let mut times: Vec<_> = done.map(|change| change.span.end - change.span.start).collect();
    times.sort_unstable();
    let of = |percent: usize| {
        let index = times.len() * percent / 100;
        let time = times.get(index.min(times.len().saturating_sub(1)));
        Duration::from_nanos(time.copied().unwrap_or_default())
    };
    format!("p50 {:.1?}, p99 {:.1?}, worst {:.1?}", of(50), of(99), of(100))
}

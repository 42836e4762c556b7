//! A node that cannot reach the database: it accepts nothing for longer than its lease, says 503 and says it
//! soon, and is back soon after the network is.

use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use sqlx::Executor;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::chaos::Mode;
use crate::fleet::{Build, Fleet};
use crate::record::{Change, Outcome, User};
use crate::run::{alone, seed};
use crate::wire::{Wire, request};
use crate::world::{GOOD, World};

/// How long a node may answer from memory without the database.
const LEASE: Duration = Duration::from_secs(1);
/// What a clock may be read late by.
const MARGIN: Duration = Duration::from_millis(50);
/// A refusal takes no longer.
const REFUSAL: Duration = Duration::from_millis(200);
/// A node is back so long after the network is.
const RECOVERY: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_cut_off_accepts_nothing_beyond_its_lease() {
    let _alone = alone().await;
    let seed = seed("a_node_that_is_cut_off_accepts_nothing_beyond_its_lease");
    let (fleet, code) = Fleet::start(Build::verifying_by("replica")).await;
    let world = World::settle(&fleet, &code, 8, &mut StdRng::seed_from_u64(seed)).await;
    let modes = [
        Mode::StallBoth,
        Mode::StallQuestions,
        Mode::StallAnswers,
        Mode::Delay(Duration::from_secs(5)),
        Mode::HalfOpen,
        Mode::Cut,
    ];
    let mut accepted = 0;
    for (user, mode) in modes.into_iter().enumerate() {
        until_answered(&fleet, &world, user).await;
        // Answered from the database, perhaps. After some renewals memory answers.
        sleep(LEASE * 3 / 2).await;
        let old = world.belief(user).live.expect("everyone has a token");
        let mut line = Line::open(&fleet).await;
        let mut other = Line::open(&fleet).await;
        let cut = Instant::now();
        fleet.places[0].proxy.set(mode);
        let elsewhere = {
            let world = world.clone();
            tokio::spawn(async move { world.change(user, 1, Change::Regenerate).await })
        };
        let length = Duration::from_secs(4);
        let (sight, named) = tokio::join!(
            line.watch((GOOD, world.showing(old)), cut, length),
            other.watch((200, world.naming(user, old)), cut, length),
        );
        let outcome = elsewhere.await.expect("no panic");
        assert!(matches!(outcome, Outcome::Done(Some(_))), "{mode:?}: {outcome:?}");
        sight.tell(&format!("{mode:?}"));
        accepted += sight.accepted;
        assert!(sight.last_accept < LEASE + MARGIN, "{mode:?}: {sight:?}");
        assert!(sight.unavailable > 0, "{mode:?}: {sight:?}");
        assert!(sight.slowest < REFUSAL + sight.slowest_alive * 2, "{mode:?}: {sight:?}");
        named.tell(&format!("{mode:?}, with a name"));
        assert!(named.last_accept < LEASE + MARGIN, "{mode:?}: {named:?}");
        assert!(named.unavailable > 0, "{mode:?}: {named:?}");
        assert!(named.slowest < REFUSAL + named.slowest_alive * 2, "{mode:?}: {named:?}");
        let healed = Instant::now();
        fleet.places[0].proxy.heal();
        let back = until_answered(&fleet, &world, user).await - healed;
        println!("{mode:?}: back after {back:.0?}");
        // What is under way in five seconds of delay arrives in its own time.
        assert!(back < RECOVERY + sight.slowest_alive * 2, "{mode:?}: back after {back:?}");
        let status = line.ask(&world.showing(old)).await.0;
        assert_eq!(status, 401, "{mode:?}: the replaced token, when all is well again");
    }
    assert!(accepted > 0, "memory has never answered, so nothing was tried");
}

/// About what is being changed memory does not answer, lease or no lease.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn about_a_change_under_way_a_node_that_is_cut_off_says_503_as_soon() {
    let _alone = alone().await;
    let seed = seed("about_a_change_under_way_a_node_that_is_cut_off_says_503_as_soon");
    let (fleet, code) = Fleet::start(Build::verifying_by("replica")).await;
    let world = World::settle(&fleet, &code, 2, &mut StdRng::seed_from_u64(seed)).await;
    until_answered(&fleet, &world, 0).await;
    sleep(LEASE * 3 / 2).await;
    let old = world.belief(0).live.expect("everyone has a token");
    let mut line = Line::open(&fleet).await;
    // The writer waits for a node that says nothing, and so the change is under way for some time.
    fleet.signal(2, "STOP").await;
    let elsewhere = {
        let world = world.clone();
        tokio::spawn(async move { world.change(0, 1, Change::Regenerate).await })
    };
    sleep(LEASE / 4).await;
    assert!(!elsewhere.is_finished(), "nobody waits for the silent node");
    let (status, _) = line.ask(&world.showing(old)).await;
    assert_eq!(status, GOOD, "the database says that it is not done");
    let cut = Instant::now();
    fleet.places[0].proxy.set(Mode::StallBoth);
    let sight = line.watch((GOOD, world.showing(old)), cut, LEASE * 2).await;
    sight.tell("a change under way");
    assert_eq!((sight.accepted, sight.refused), (0, 0), "{sight:?}");
    assert!(sight.slowest < REFUSAL + sight.slowest_alive * 2, "{sight:?}");
    let outcome = elsewhere.await.expect("no panic");
    assert!(matches!(outcome, Outcome::Done(Some(_))), "{outcome:?}");
    fleet.places[0].proxy.heal();
    fleet.signal(2, "CONT").await;
    until_answered(&fleet, &world, 0).await;
    assert_eq!(line.ask(&world.showing(old)).await.0, 401, "the replaced token");
}

/// All connections of a node to the database wait for a lock that somebody holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_connections_are_all_taken_answers_as_ever() {
    let _alone = alone().await;
    let seed = seed("a_node_whose_connections_are_all_taken_answers_as_ever");
    let (fleet, code) = Fleet::start(Build::verifying_by("replica")).await;
    let world = World::settle(&fleet, &code, 2, &mut StdRng::seed_from_u64(seed)).await;
    until_answered(&fleet, &world, 0).await;
    let old = world.belief(0).live.expect("everyone has a token");
    let mut line = Line::open(&fleet).await;
    let mut connection = fleet.cluster().connect(fleet.database_name()).await;
    connection.execute("BEGIN").await.expect("no transaction is open");
    let lock = "LOCK TABLE calls IN ACCESS EXCLUSIVE MODE";
    connection.execute(lock).await.expect("nobody is in the way");
    let mut waiting = JoinSet::new();
    for _ in 0..100 {
        let mut wire = Wire::open(fleet.address(0)).await.expect("the node runs");
        let bytes = world.signed_in(1, "GET", "/v1/calls");
        waiting.spawn(async move { wire.ask(&bytes).await.map(|reply| reply.status) });
    }
    sleep(Duration::from_millis(500)).await;
    let cut = Instant::now();
    let outcome = world.change(0, 1, Change::Regenerate).await;
    assert!(matches!(outcome, Outcome::Done(Some(_))), "{outcome:?}");
    let acknowledged = cut.elapsed();
    let sight = line.watch((GOOD, world.showing(old)), cut, Duration::from_secs(2)).await;
    sight.tell("all connections taken");
    assert_eq!(sight.last_accept, Duration::ZERO, "{sight:?}, acknowledged after {acknowledged:?}");
    assert!(sight.slowest < REFUSAL + sight.slowest_alive * 2, "{sight:?}");
    connection.execute("ROLLBACK").await.expect("a transaction is open");
    let healed = Instant::now();
    let back = until_answered(&fleet, &world, 0).await - healed;
    assert!(back < RECOVERY + sight.slowest_alive * 2, "back after {back:?}");
    waiting.shutdown().await;
}

/// What one client saw of one node, one request after another.
#[derive(Debug, Default)]
struct Sight {
    accepted: usize,
    refused: usize,
    unavailable: usize,
    /// When the last request was sent that was accepted, after the cut.
    last_accept: Duration,
    /// How long a refusal took at the longest.
    slowest: Duration,
    /// How long an answer took at the longest that needs nothing: what the machine adds.
    slowest_alive: Duration,
}

impl Sight {
    fn tell(&self, what: &str) {
        let Self { accepted, refused, unavailable, last_accept, slowest, slowest_alive } = self;
        println!(
            "{what}: accepted {accepted}, the last one sent after {last_accept:.0?}; refused {refused}, \
             unavailable {unavailable}, in {slowest:.0?} at the longest, where /livez took {slowest_alive:.0?}"
        );
    }
}

/// A connection to node 0.
struct Line(Wire);

impl Line {
    async fn open(fleet: &Fleet) -> Self {
        Self(Wire::open(fleet.address(0)).await.expect("the node runs"))
    }

    async fn ask(&mut self, bytes: &[u8]) -> (u16, Duration) {
        let sent = Instant::now();
        let reply = self.0.ask(bytes).await.expect("the node answers");
        (reply.status, sent.elapsed())
    }

    /// Sends this request again and again, which a good token has answered with this status.
    async fn watch(
        &mut self,
        (good, bytes): (u16, Vec<u8>),
        cut: Instant,
        length: Duration,
    ) -> Sight {
        let mut sight = Sight::default();
        while cut.elapsed() < length {
            let asked = Instant::now();
            assert_eq!(self.ask(&request("GET", "/livez", &[], "")).await.0, 200);
            sight.slowest_alive = sight.slowest_alive.max(asked.elapsed());
            let sent = cut.elapsed();
            let (status, took) = self.ask(&bytes).await;
            match status {
                _ if status == good => {
                    (sight.accepted, sight.last_accept) = (sight.accepted + 1, sent);
                }
                401 => sight.refused += 1,
                503 => sight.unavailable += 1,
                status => panic!("{status}"),
            }
            if status != good {
                sight.slowest = sight.slowest.max(took);
            }
            sleep(Duration::from_millis(25)).await;
        }
        sight
    }
}

/// Asks node 0 about the live token of a user until it says yes; when it did.
pub(crate) async fn until_answered(fleet: &Fleet, world: &World, user: User) -> Instant {
    let mut line = Line::open(fleet).await;
    let token = world.belief(user).live.expect("everyone has a token");
    let deadline = Instant::now() + Duration::from_secs(15);
    loop {
        let (status, _) = line.ask(&world.showing(token)).await;
        if status == GOOD {
            return Instant::now();
        }
        assert!(status == 503 && Instant::now() < deadline, "{status}");
        sleep(Duration::from_millis(25)).await;
    }
}

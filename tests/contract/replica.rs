//! Memory answers like the database that it was filled from, whatever happened and however it got there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::token::{Generation, TokenDigest, TokenHint};
use domain::{AccountRole, TokenId, UserId};
use projections::postgres::Postgres;
use projections::projector::{Change, LiveFields};
use projections::replica::{LiveSet, Memory, Verdict};
use projections::sqlite::Sqlite;
use projections::{Replica, StoreError, Terms, Verifier};
use rand::seq::SliceRandom;
use tests::Store;
use tests::seed::seeded;
use tests::sql::Connection;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use api::startup::Thoroughness;

use crate::life::Life;
use crate::logging::number_all;
use crate::rebuilding::changes_in;
use crate::scaffolds::attempt;
use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    memory_answers_like_the_database,
    events_in_any_order_make_the_same_live_set,
    rows_that_were_mended_are_loaded_again,
);

/// Short leases, so that tests are.
pub(crate) const TERMS: Terms =
    Terms { length: Duration::from_millis(300), renewal: Duration::from_millis(50) };
/// Longest wait for what must come.
const SOON: Duration = Duration::from_secs(20);

/// A store whose live set is kept in memory.
pub(crate) trait Kept: TestStore {
    fn content(&self) -> Arc<Memory<LiveSet>>;

    /// Starts to keep it.
    async fn start(&self, number: u128, stop: CancellationToken) -> JoinHandle<()>;
}

impl Kept for Sqlite {
    fn content(&self) -> Arc<Memory<LiveSet>> {
        self.memory()
    }

    async fn start(&self, _: u128, stop: CancellationToken) -> JoinHandle<()> {
        let (store, epoch) = (self.clone(), self.fill_replica().await.unwrap());
        tokio::spawn(async move { store.keep_replica(epoch, stop).await })
    }
}

impl Kept for Postgres {
    fn content(&self) -> Arc<Memory<LiveSet>> {
        self.memory()
    }

    async fn start(&self, number: u128, stop: CancellationToken) -> JoinHandle<()> {
        let (store, id) = (self.clone(), Uuid::from_u128(number));
        tokio::spawn(async move { store.keep_replica(id, TERMS, stop).await })
    }
}

/// A node that keeps memory until it is stopped, or dropped, which kills it.
pub(crate) struct Node {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Node {
    /// It answers from memory.
    pub(crate) async fn start<S: Kept>(store: &S, number: u128) -> Self {
        let stop = CancellationToken::new();
        let task = store.start(number, stop.clone()).await;
        until("memory answers", || store.content().is_believed()).await;
        Self { stop, task }
    }

    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        (&mut self.task).await.unwrap();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for what must come.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < SOON, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What memory says, as soon as it says anything: while it does not, or a change is announced, the database is asked.
pub(crate) async fn remembered<S: Kept, T>(
    store: &S,
    read: impl Fn(&LiveSet) -> Verdict<T>,
) -> Verdict<T> {
    let (memory, began) = (store.content(), Instant::now());
    loop {
        match memory.ask(&read) {
            None | Some(Verdict::Unsettled) => {}
            Some(answer) => return answer,
        }
        assert!(began.elapsed() < SOON, "memory does not answer");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn known<T: std::fmt::Debug>(verdict: Verdict<T>) -> Option<T> {
    match verdict {
        Verdict::Live(found) => Some(found),
        Verdict::Nothing => None,
        Verdict::Unsettled | Verdict::NotUnderstood => panic!("everything can be understood"),
    }
}

/// Everybody who was ever registered.
async fn users<S: TestStore>(stage: &Stage<S>) -> Vec<UserId> {
    let ledger = stage.ledger().await;
    ledger.rows("users").iter().map(|row| row[0].as_ref().unwrap().parse().unwrap()).collect()
}

/// Expects that a live set says of every digest there ever was and of every user what the database says.
/// Returns how many tokens are live.
async fn assert_same<S: TestStore>(stage: &Stage<S>, live: impl AsyncLive) -> usize {
    let mut count = 0;
    for digest in stage.digests_so_far() {
        let expected = stage.store.find_live_token(&digest).await.unwrap();
        count += usize::from(expected.is_some());
        assert_eq!(live.token(&digest).await, expected);
    }
    for user in users(stage).await {
        let expected = stage.store.find_access(user).await.unwrap();
        assert_eq!(live.access(user).await, expected, "{user}");
    }
    count
}

/// A live set in memory, or by itself.
trait AsyncLive {
    async fn token(&self, digest: &TokenDigest) -> Option<projections::LiveToken>;
    async fn access(&self, user: UserId) -> Option<projections::Access>;
}

impl AsyncLive for &LiveSet {
    async fn token(&self, digest: &TokenDigest) -> Option<projections::LiveToken> {
        known(self.find_live_token(digest))
    }

    async fn access(&self, user: UserId) -> Option<projections::Access> {
        known(self.find_access(user))
    }
}

/// The memory of a store.
struct Of<'a, S>(&'a S);

impl<S: Kept> AsyncLive for Of<'_, S> {
    async fn token(&self, digest: &TokenDigest) -> Option<projections::LiveToken> {
        known(remembered(self.0, |live| live.find_live_token(digest)).await)
    }

    async fn access(&self, user: UserId) -> Option<projections::Access> {
        known(remembered(self.0, |live| live.find_access(user)).await)
    }
}

async fn memory_answers_like_the_database<S: Kept>(stage: Stage<S>) {
    let mut chance = seeded("memory_answers_like_the_database");
    let life = Life::begin(&stage).await;
    life.live(&stage, &mut chance, 120).await;
    let node = Node::start(&stage.store, 1).await;
    assert_same(&stage, Of(&stage.store)).await;
    for _ in 0..3 {
        life.live(&stage, &mut chance, 30).await;
        assert_same(&stage, Of(&stage.store)).await;
    }
    let token = stage.generate(stage.user().await).await;
    assert!(
        remembered(&stage.store, |live| live.find_live_token(&token.digest)).await
            != Verdict::Nothing
    );
    node.stop().await;
    if S::STORE == Store::Postgres {
        assert!(stage.store.content().ask(|_| ()).is_none(), "whoever has left answers nothing");
    }
}

async fn events_in_any_order_make_the_same_live_set<S: Kept>(stage: Stage<S>) {
    let mut chance = seeded("events_in_any_order_make_the_same_live_set");
    let people = Life::begin(&stage).await;
    people.live(&stage, &mut chance, 150).await;
    stage.generate(stage.user().await).await;
    let changes = changes_in(&stage.ledger().await);
    let mut changes = [&changes[..], &changes[..]].concat();
    for _ in 0..4 {
        let mut live = LiveSet::default();
        for change in &changes {
            live.apply(change);
        }
        let count = assert_same(&stage, &live).await;
        assert!(count > 0 && live.users() == users(&stage).await.len());
        changes.shuffle(&mut chance);
    }
}

async fn rows_that_were_mended_are_loaded_again<S: Kept>(stage: Stage<S>) {
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    number_all(&stage.store).await;
    let mut connection = Connection::open(&stage.database).await;
    let locked = match S::STORE {
        Store::Sqlite => "1",
        Store::Postgres => "true",
    };
    let damage = format!(
        "UPDATE users SET is_locked = {locked}, lock_sequence = 900 WHERE user_id = '{alice}'"
    );
    connection.execute(&damage).await.unwrap();
    connection.close().await;
    let node = Node::start(&stage.store, 1).await;
    let is_live = async || {
        let found = remembered(&stage.store, |live| live.find_live_token(&token.digest)).await;
        found != Verdict::Nothing
    };
    assert!(!is_live().await, "memory is like the rows, which are wrong");
    attempt(&stage.database, Thoroughness::Rebuild).await.unwrap();
    let began = Instant::now();
    while !is_live().await {
        assert!(began.elapsed() < SOON, "memory is still like the rows that were wrong");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    node.stop().await;
}

#[tokio::test]
async fn a_doubt_silences_memory_until_it_is_filled_again() {
    let stage = Stage::<Sqlite>::new().await;
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    let node = Node::start(&stage.store, 1).await;
    drop(stage.store.memory().doubt(|_| ()));
    assert!(stage.store.memory().ask(|_| ()).is_none());
    // Meanwhile the file is asked, and written.
    let database: Arc<dyn Verifier> = Arc::new(stage.store.clone());
    let replica = Replica::new(stage.store.memory(), database);
    assert!(replica.find_live_token(&token.digest).await.unwrap().is_some());
    stage.revoke(alice).await;
    assert_eq!(replica.find_live_token(&token.digest).await.unwrap(), None);
    until("memory is filled again", || stage.store.memory().is_believed()).await;
    let found = remembered(&stage.store, |live| live.find_live_token(&token.digest)).await;
    assert_eq!(found, Verdict::Nothing);
    node.stop().await;
}

#[tokio::test]
async fn an_event_of_a_later_version_shuts_out_whom_it_may_concern_and_nobody_else() {
    let stage = Stage::<Postgres>::new().await;
    let [alice, bob, carol] = [stage.user().await, stage.user().await, stage.user().await];
    let (of_bob, of_carol) = (stage.account(bob).await, stage.account(carol).await);
    stage.put_member(of_carol, bob, AccountRole::Viewer).await;
    stage.put_member(of_bob, alice, AccountRole::Viewer).await;
    stage.remove_member(of_bob, alice).await;
    let mut tokens = Vec::new();
    for user in [alice, bob, carol] {
        tokens.push(stage.generate(user).await.digest);
    }
    let node = Node::start(&stage.store, 1).await;
    let database: Arc<dyn Verifier> = Arc::new(stage.store.clone());
    let replica = Replica::new(stage.store.memory(), database);
    let mut connection = Connection::open(&stage.database).await;
    for (kind, id, shut_out) in [
        ("account", of_bob.to_string(), [false, true, false]),
        ("user", alice.to_string(), [true, true, false]),
        ("account", of_carol.to_string(), [true, true, true]),
    ] {
        let insert = format!(
            "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
             VALUES ('{kind}', '{id}', 1000, 'Bewitched', '7', '{{}}', '{{}}')"
        );
        connection.execute(&insert).await.unwrap();
        until("memory answers again", || stage.store.memory().is_believed()).await;
        for ((user, digest), is_out) in [alice, bob, carol].iter().zip(&tokens).zip(shut_out) {
            let (access, token) = loop {
                // The database does not know what it means either, and is asked while there is no lease.
                if stage.store.memory().is_believed() {
                    let answers =
                        (replica.find_access(*user).await, replica.find_live_token(digest).await);
                    if stage.store.memory().is_believed() {
                        break answers;
                    }
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            };
            let is_refused = |error: &StoreError| matches!(error, StoreError::Unavailable(_));
            assert_eq!(access.as_ref().is_err_and(is_refused), is_out, "{kind}: {access:?}");
            assert_eq!(token.as_ref().is_err_and(is_refused), is_out, "{kind}: {token:?}");
            assert!(is_out || (access.unwrap().is_some() && token.unwrap().is_some()));
        }
    }
    node.stop().await;
}

fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    4096 * statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap()
}

#[test]
fn how_much_memory_a_million_users_take() {
    const USERS: u128 = 1_000_000;
    const ACCOUNTS: u128 = 1_000;
    let before = resident_bytes();
    let (mut live, at) = (LiveSet::default(), "2026-01-01T00:00:00Z".parse().unwrap());
    live.reserve(usize::try_from(USERS).unwrap(), usize::try_from(ACCOUNTS).unwrap());
    for number in 1..=USERS {
        let user_id = UserId::new(Uuid::from_u128(number));
        let account_id = domain::AccountId::new(Uuid::from_u128((1 << 100) | (number % ACCOUNTS)));
        let (is_admin, is_auditor) = (false, false);
        live.apply(&Change::PutUser {
            user_id,
            is_admin,
            is_auditor,
            registered_at: at,
            sequence: 1,
        });
        live.apply(&Change::PutAccount { account_id, is_closed: false, sequence: 1 });
        let role = Some(AccountRole::Member);
        live.apply(&Change::PutMembership { account_id, user_id, role, sequence: 1 });
        let mut digest = [0; 32];
        digest[..16].copy_from_slice(
            &number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_le_bytes(),
        );
        let digest = TokenDigest::new(digest);
        let hint = TokenHint::new("abcd".to_owned());
        live.apply(&Change::PutToken {
            user_id,
            token_id: TokenId::new(Uuid::from_u128((2 << 100) | number)),
            generation: Generation::FIRST,
            live: Some(LiveFields { digest, hint, created_at: at }),
            sequence: 1,
        });
    }
    let taken = resident_bytes().saturating_sub(before);
    println!("{USERS} users with a token and a membership: {} bytes each", taken / live.users());
    assert_eq!((live.users(), live.tokens()), (1_000_000, 1_000_000));
}

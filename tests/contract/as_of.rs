//! What was so at an instant is what a replay of the events says, whatever the clocks did.

use std::collections::BTreeSet;

use api::commands::Commands;
use chrono::{DateTime, TimeDelta, Utc};
use domain::token::{Generation, RevocationReason};
use domain::{
    AccountCommand, AccountId, AccountRole, InstanceRole, TokenCommand, UserCommand, UserId,
};
use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use projections::{Particulars, StateThen, Submission};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tests::sql::Connection;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    all_events_of_one_instant_count,
    a_clock_that_went_back_moves_nothing_before_what_was_there,
    what_was_said_of_an_instant_stays_said,
);

/// Histories per store.
const HISTORIES: u32 = 40;
/// Different times in a history, so that many are equal.
const TICKS: i64 = 12;

/// What happens. Accounts and users by number; the user asked about is 0.
#[derive(Clone, Debug)]
enum Deed {
    Generate(usize),
    Regenerate(usize),
    Revoke(usize),
    Lock(usize),
    Unlock(usize),
    Put(usize, usize, AccountRole),
    Remove(usize, usize),
    AddAssistant(usize),
    Close(usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    // The user asked about more often than the other.
    let user = || prop_oneof![3 => Just(0_usize), 1 => Just(1)];
    let account = || 0_usize..2;
    let role = proptest::sample::select(AccountRole::ALL);
    prop_oneof![
        4 => user().prop_map(Deed::Generate),
        4 => user().prop_map(Deed::Regenerate),
        2 => user().prop_map(Deed::Revoke),
        1 => user().prop_map(Deed::Lock),
        2 => user().prop_map(Deed::Unlock),
        5 => (account(), user(), role).prop_map(|(account, user, role)| Deed::Put(account, user, role)),
        3 => (account(), user()).prop_map(|(account, user)| Deed::Remove(account, user)),
        1 => account().prop_map(Deed::AddAssistant),
        1 => account().prop_map(Deed::Close),
    ]
}

/// Deeds with the times that clocks gave them; half of the histories are in order.
fn history() -> impl Strategy<Value = Vec<(i64, Deed)>> {
    let deeds = proptest::collection::vec((0..TICKS, deed()), 1..40);
    (any::<bool>(), deeds).prop_map(|(in_order, mut deeds)| {
        if in_order {
            deeds.sort_by_key(|(tick, _)| *tick);
        }
        deeds
    })
}

/// Whole seconds, tenths, and millionths: each is written in its own length.
fn time(tick: i64) -> DateTime<Utc> {
    let base = DateTime::from_timestamp(1_770_000_000, 0).unwrap();
    base + TimeDelta::seconds(tick / 3)
        + TimeDelta::microseconds([0, 100_000, 900_001][usize::try_from(tick % 3).unwrap()])
}

/// Every time, and what is between.
fn instants() -> Vec<DateTime<Utc>> {
    let around =
        |tick| [-1, 0, 1].map(|microseconds| time(tick) + TimeDelta::microseconds(microseconds));
    (0..TICKS).flat_map(around).collect()
}

struct World<'a, S> {
    stage: &'a Stage<S>,
    users: [UserId; 2],
    accounts: [AccountId; 2],
}

impl<'a, S: TestStore> World<'a, S> {
    /// Two users, the one asked about an auditor, and two accounts: all at the first tick.
    async fn new(stage: &'a Stage<S>) -> Self {
        let world = Self {
            stage,
            users: [stage.user_id(), stage.user_id()],
            accounts: [stage.account_id(), stage.account_id()],
        };
        for (user, roles) in world.users.into_iter().zip([vec![InstanceRole::Auditor], vec![]]) {
            let command = UserCommand::Register { roles: BTreeSet::from_iter(roles), at: time(0) };
            let particulars = Some(Particulars::User(stage.profile(user)));
            let submission = Submission { particulars, ..stage.by(user) };
            stage.commands.user(user, command, submission).await.unwrap();
        }
        for account_id in world.accounts {
            let command = AccountCommand::Open { first_admin: None, at: time(0) };
            let particulars =
                Some(Particulars::Account { account_id, name: account_id.to_string() });
            let submission = Submission { particulars, ..stage.by(world.users[0]) };
            stage.commands.account(account_id, command, submission).await.unwrap();
        }
        world
    }

    /// Does it at this time; what is refused does not happen.
    async fn act(&self, deed: &Deed, at: DateTime<Utc>) {
        let stage = self.stage;
        let by = || stage.by(self.users[1]);
        let user = |number: usize| self.users[number];
        match *deed {
            Deed::Generate(of) => {
                let command = TokenCommand::Generate { replace: true, fresh: stage.fresh(), at };
                let _ = stage.commands.token(user(of), command, by()).await;
            }
            Deed::Regenerate(of) => {
                let (expected_generation, fresh) = (None, stage.fresh());
                let command = TokenCommand::Regenerate { expected_generation, fresh, at };
                let _ = stage.commands.token(user(of), command, by()).await;
            }
            Deed::Revoke(of) => {
                let (expected_generation, reason) = (None, RevocationReason::Administrator);
                let command = TokenCommand::Revoke { expected_generation, reason, at };
                let _ = stage.commands.token(user(of), command, by()).await;
            }
            Deed::Lock(of) => {
                let _ = stage.commands.user(user(of), UserCommand::Lock { at }, by()).await;
            }
            Deed::Unlock(of) => {
                let _ = stage.commands.user(user(of), UserCommand::Unlock { at }, by()).await;
            }
            Deed::Put(account, of, role) => {
                self.in_account(account, AccountCommand::PutMember { user_id: user(of), role, at })
                    .await;
            }
            Deed::Remove(account, of) => {
                self.in_account(account, AccountCommand::RemoveMember { user_id: user(of), at })
                    .await;
            }
            Deed::AddAssistant(account) => {
                let assistant_id = domain::AssistantId::new(stage.user_id().as_uuid());
                self.in_account(account, AccountCommand::AddAssistant { assistant_id, at }).await;
            }
            Deed::Close(account) => {
                self.in_account(account, AccountCommand::Close { at }).await;
            }
        }
    }

    async fn in_account(&self, account: usize, command: AccountCommand) {
        let submission = self.stage.by(self.users[1]);
        let _ = self.stage.commands.account(self.accounts[account], command, submission).await;
    }

    async fn as_of(&self, at: DateTime<Utc>) -> Then {
        Then::of(self.stage.store.find_state_as_of(self.users[0], at).await.unwrap())
    }

    /// What the tables that decide about requests say now.
    async fn now(&self) -> Then {
        let (store, user) = (&self.stage.store, self.users[0]);
        let token = store.find_token(user).await.unwrap().filter(|token| token.live.is_some());
        let entry = store.find_user(user).await.unwrap().unwrap();
        let access = store.find_access(user).await.unwrap();
        Then {
            registered: true,
            locked: entry.is_locked,
            roles: entry.roles.iter().map(ToString::to_string).collect(),
            token: token.map(|token| (token.token_id.to_string(), token.generation.get())),
            memberships: access.map(|access| {
                let named =
                    |it: &projections::Membership| (it.account_id.to_string(), it.role.to_string());
                access.memberships.iter().map(named).collect()
            }),
        }
    }
}

/// What was so, in words that all three sides can say.
#[derive(Clone, Debug, PartialEq)]
struct Then {
    registered: bool,
    locked: bool,
    roles: Vec<String>,
    token: Option<(String, u32)>,
    /// `None` where it is not said: of a locked user the tables say nothing.
    memberships: Option<Vec<(String, String)>>,
}

impl Then {
    fn of(state: StateThen) -> Self {
        Self {
            registered: state.is_registered,
            locked: state.is_locked,
            roles: state.roles.iter().map(ToString::to_string).collect(),
            token: state.token.map(|token| (token.token_id.to_string(), token.generation.get())),
            memberships: Some(
                state
                    .memberships
                    .iter()
                    .map(|it| (it.account_id.to_string(), it.role.to_string()))
                    .collect(),
            ),
        }
    }
}

/// The stored events of the world, by aggregate, in order: type and body.
struct Replay {
    user: String,
    registered: Vec<(String, Value)>,
    token: Vec<(String, Value)>,
    accounts: Vec<(String, Vec<(String, Value)>)>,
}

async fn stored(connection: &mut Connection, kind: &str, id: &str) -> Vec<(String, Value)> {
    let question = format!(
        "SELECT event_type, CAST(payload AS text) FROM events
         WHERE aggregate_type = '{kind}' AND aggregate_id = '{id}' ORDER BY sequence"
    );
    let rows = connection.rows(&question).await;
    rows.into_iter()
        .map(|row| {
            let kind = row[0].clone().unwrap();
            let payload: Value = serde_json::from_str(row[1].as_ref().unwrap()).unwrap();
            (kind.clone(), payload[&kind].clone())
        })
        .collect()
}

/// Those that count at `at`, by the rule word for word: each whose own time has come, and that of all before.
fn counting(events: &[(String, Value)], at: DateTime<Utc>) -> Vec<&(String, Value)> {
    let when = |event: &(String, Value)| -> DateTime<Utc> {
        event.1["at"].as_str().unwrap().parse().unwrap()
    };
    let counts = |index: &usize| (0..=*index).all(|before| when(&events[before]) <= at);
    (0..events.len()).filter(counts).map(|index| &events[index]).collect()
}

impl Replay {
    async fn read<S: TestStore>(world: &World<'_, S>) -> Self {
        let mut connection = Connection::open(&world.stage.database).await;
        let user = world.users[0].to_string();
        let mut accounts = Vec::new();
        for account in world.accounts {
            let account = account.to_string();
            let events = stored(&mut connection, "account", &account).await;
            accounts.push((account, events));
        }
        accounts.sort_by(|one, other| one.0.cmp(&other.0));
        let replay = Self {
            registered: stored(&mut connection, "user", &user).await,
            token: stored(&mut connection, "token", &user).await,
            accounts,
            user,
        };
        connection.close().await;
        replay
    }

    fn as_of(&self, at: DateTime<Utc>) -> Then {
        let mut then = Then {
            registered: false,
            locked: false,
            roles: vec![],
            token: None,
            memberships: Some(vec![]),
        };
        for (kind, body) in counting(&self.registered, at) {
            match kind.as_str() {
                "UserRegistered" => {
                    then.registered = true;
                    let roles = body["roles"].as_array().unwrap();
                    then.roles = roles.iter().map(|it| it.as_str().unwrap().to_owned()).collect();
                }
                kind => then.locked = kind == "UserLocked",
            }
        }
        if let Some((kind, body)) = counting(&self.token, at).last()
            && kind != "TokenRevoked"
        {
            let generation = u32::try_from(body["generation"].as_u64().unwrap()).unwrap();
            then.token = Some((body["token_id"].as_str().unwrap().to_owned(), generation));
        }
        for (account, events) in &self.accounts {
            let events = counting(events, at);
            let closed = events.iter().any(|(kind, _)| kind == "AccountClosed");
            let mut own = events.iter().filter(|(_, body)| body["user_id"] == *self.user);
            let role = own.next_back().and_then(|(_, body)| body["role"].as_str());
            if let (Some(role), false) = (role, closed) {
                then.memberships.as_mut().unwrap().push((account.clone(), role.to_owned()));
            }
        }
        then
    }
}

/// What was so after the last deed of each time, as the tables said it then.
type Lived = Vec<(DateTime<Utc>, Then)>;

async fn live<S: TestStore>(world: &World<'_, S>, history: &[(i64, Deed)]) -> Lived {
    let mut lived = vec![(time(0), world.now().await)];
    for (tick, deed) in history {
        world.act(deed, time(*tick)).await;
        let now = (time(*tick), world.now().await);
        match lived.last_mut() {
            Some(last) if last.0 == now.0 => *last = now,
            Some(_) | None => lived.push(now),
        }
    }
    lived
}

async fn check<S: TestStore>(
    stage: &Stage<S>,
    history: &[(i64, Deed)],
) -> Result<(), TestCaseError> {
    let world = World::new(stage).await;
    let lived = live(&world, history).await;
    let replay = Replay::read(&world).await;
    for at in instants() {
        prop_assert_eq!(world.as_of(at).await, replay.as_of(at), "at {}", at);
    }
    // Where no clock went back, what is said of the past is what was so then.
    if history.is_sorted_by_key(|(tick, _)| *tick) {
        for (at, mut was) in lived {
            let told = world.as_of(at).await;
            if was.locked {
                was.memberships.clone_from(&told.memberships);
            }
            prop_assert_eq!(told, was, "at {}", at);
        }
    }
    Ok(())
}

fn random_histories_are_told_as_a_replay_tells_them<S: TestStore>() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let stage = runtime.block_on(Stage::<S>::new());
    let config = Config {
        cases: HISTORIES,
        failure_persistence: None,
        max_shrink_iters: 60,
        ..Config::default()
    };
    TestRunner::new(config)
        .run(&history(), |history| runtime.block_on(check(&stage, &history)))
        .unwrap();
}

#[test]
fn random_histories_are_told_as_a_replay_tells_them_on_sqlite() {
    random_histories_are_told_as_a_replay_tells_them::<Sqlite>();
}

#[test]
fn random_histories_are_told_as_a_replay_tells_them_on_postgres() {
    random_histories_are_told_as_a_replay_tells_them::<Postgres>();
}

fn generation(then: &Then) -> Option<u32> {
    then.token.as_ref().map(|(_, generation)| *generation)
}

async fn all_events_of_one_instant_count<S: TestStore>(stage: Stage<S>) {
    let world = World::new(&stage).await;
    for _ in 0..3 {
        world.act(&Deed::Generate(0), time(4)).await;
    }
    world.act(&Deed::Put(0, 0, AccountRole::Admin), time(4)).await;
    world.act(&Deed::Put(0, 0, AccountRole::Viewer), time(4)).await;
    let before = world.as_of(time(4) - TimeDelta::microseconds(1)).await;
    assert_eq!((generation(&before), before.memberships), (None, Some(vec![])));
    let then = world.as_of(time(4)).await;
    assert_eq!(generation(&then), Some(3));
    let viewer = (world.accounts[0].to_string(), "viewer".to_owned());
    assert_eq!(then.memberships, Some(vec![viewer]));
}

async fn a_clock_that_went_back_moves_nothing_before_what_was_there<S: TestStore>(stage: Stage<S>) {
    let world = World::new(&stage).await;
    world.act(&Deed::Generate(0), time(8)).await;
    world.act(&Deed::Regenerate(0), time(2)).await;
    for at in [time(2), time(5), time(8) - TimeDelta::microseconds(1)] {
        assert_eq!(generation(&world.as_of(at).await), None, "{at}");
    }
    assert_eq!(generation(&world.as_of(time(8)).await), Some(2));
    // Another aggregate has its own order.
    world.act(&Deed::Put(1, 0, AccountRole::Member), time(3)).await;
    assert_eq!(world.as_of(time(5)).await.memberships.unwrap().len(), 1);
    assert_eq!(Generation::FIRST.get(), 1);
}

async fn what_was_said_of_an_instant_stays_said<S: TestStore>(stage: Stage<S>) {
    let world = World::new(&stage).await;
    for (tick, deed) in [
        (1, Deed::Generate(0)),
        (2, Deed::Put(0, 0, AccountRole::Member)),
        (2, Deed::Put(1, 0, AccountRole::Viewer)),
        (5, Deed::Regenerate(0)),
        (5, Deed::Remove(0, 0)),
        (5, Deed::Put(1, 0, AccountRole::Admin)),
        (5, Deed::Lock(0)),
    ] {
        world.act(&deed, time(tick)).await;
    }
    let early: Vec<_> = instants().into_iter().filter(|at| *at < time(5)).collect();
    let mut said = Vec::new();
    for at in &early {
        said.push(world.as_of(*at).await);
    }
    // By clocks that are far behind.
    for deed in [
        Deed::Unlock(0),
        Deed::Generate(0),
        Deed::Put(0, 0, AccountRole::Admin),
        Deed::Close(1),
        Deed::Revoke(0),
    ] {
        world.act(&deed, time(0)).await;
    }
    for (at, said) in early.iter().zip(said) {
        assert_eq!(world.as_of(*at).await, said, "{at}");
    }
    assert_eq!(generation(&world.as_of(time(5)).await), None);
}

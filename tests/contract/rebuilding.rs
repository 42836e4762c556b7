//! The tables are a fold of the events: in whatever order and however often changes are applied, the
//! same rows come out.

use api::commands::{CommandError, Commands};
use cqrs_es::persist::SerializedEvent;
use domain::token::RevocationReason;
use domain::{AccountCommand, AccountId, AccountRole, TokenCommand, UserCommand, UserId};
use projections::recorded::RecordedEvent;
use projections::sql::Statement;
use projections::{StoreError, changes, projector};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use tests::Ledger;
use tests::seed::seeded;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    the_tables_are_what_a_fold_of_the_events_says,
    changes_in_any_order_give_the_same_rows,
    changes_applied_again_alter_nothing,
    live_commands_during_a_rebuild_end_the_same,
    without_its_guard_the_order_would_matter,
);

const COMMANDS: usize = 150;

/// Lets random things happen to a few users and accounts. Refusals by the rules are part of life.
async fn live<S: TestStore>(
    stage: &Stage<S>,
    chance: &mut StdRng,
) -> (Vec<UserId>, Vec<AccountId>) {
    let mut users = Vec::new();
    for _ in 0..4 {
        users.push(stage.user().await);
    }
    let mut accounts = Vec::new();
    for user in &users[..3] {
        accounts.push(stage.account(*user).await);
    }
    for _ in 0..COMMANDS {
        let user = *users.choose(chance).unwrap();
        let account = *accounts.choose(chance).unwrap();
        match happen(stage, chance, user, account).await {
            Ok(())
            | Err(
                CommandError::Token(_)
                | CommandError::User(_)
                | CommandError::Account(_)
                | CommandError::Store(StoreError::UserNotActive),
            ) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    (users, accounts)
}

async fn happen<S: TestStore>(
    stage: &Stage<S>,
    chance: &mut StdRng,
    user: UserId,
    account: AccountId,
) -> Result<(), CommandError> {
    let (at, by, commands) = (stage.now(), stage.by(user), &stage.commands);
    let role =
        *[AccountRole::Admin, AccountRole::Member, AccountRole::Viewer].choose(chance).unwrap();
    match chance.random_range(0..20) {
        0..6 => stage.try_generate(user, &stage.fresh()).await.map(drop),
        6..9 => {
            let (expected_generation, fresh) = (None, stage.fresh());
            let command = TokenCommand::Regenerate { expected_generation, fresh, at };
            commands.token(user, command, by).await.map(drop)
        }
        9..11 => {
            let (expected_generation, reason) = (None, RevocationReason::Administrator);
            let command = TokenCommand::Revoke { expected_generation, reason, at };
            commands.token(user, command, by).await.map(drop)
        }
        11 => commands.user(user, UserCommand::Lock { at }, by).await.map(drop),
        12 | 13 => commands.user(user, UserCommand::Unlock { at }, by).await.map(drop),
        14..17 => {
            let command = AccountCommand::PutMember { user_id: user, role, at };
            commands.account(account, command, by).await.map(drop)
        }
        17 | 18 => {
            let command = AccountCommand::RemoveMember { user_id: user, at };
            commands.account(account, command, by).await.map(drop)
        }
        _ if chance.random_ratio(1, 10) => {
            commands.account(account, AccountCommand::Close { at }, by).await.map(drop)
        }
        _ => Ok(()),
    }
}

/// What the events in the ledger change, in order.
fn statements(ledger: &Ledger) -> Vec<Statement> {
    let read = |event: &tests::ledger::Event| {
        let event = event.clone();
        let event = SerializedEvent::new(
            event.aggregate_id,
            usize::try_from(event.sequence).unwrap(),
            event.aggregate_type,
            event.event_type,
            event.event_version,
            event.payload,
            event.metadata,
        );
        projector::changes(&RecordedEvent::read(&event).unwrap())
    };
    ledger.events.iter().flat_map(read).map(|change| changes::statement(&change)).collect()
}

async fn apply<S: TestStore>(stage: &Stage<S>, statements: &[Statement]) {
    for statement in statements {
        stage.store.execute(statement.clone()).await.unwrap();
    }
}

async fn the_tables_are_what_a_fold_of_the_events_says<S: TestStore>(stage: Stage<S>) {
    let mut chance = seeded("the_tables_are_what_a_fold_of_the_events_says");
    live(&stage, &mut chance).await;
    let ledger = stage.ledger().await;
    assert!(ledger.events.len() > COMMANDS / 3, "too little happened");
    ledger.assert_tables_follow_from_events();
}

async fn changes_in_any_order_give_the_same_rows<S: TestStore>(stage: Stage<S>) {
    let mut chance = seeded("changes_in_any_order_give_the_same_rows");
    live(&stage, &mut chance).await;
    let ledger = stage.ledger().await;
    let mut statements = statements(&ledger);
    statements.reverse();
    for _ in 0..4 {
        let rebuilt = Stage::<S>::new().await;
        apply(&rebuilt, &statements).await;
        assert_eq!(rebuilt.ledger().await.projected(), ledger.projected());
        statements.shuffle(&mut chance);
    }
}

async fn changes_applied_again_alter_nothing<S: TestStore>(stage: Stage<S>) {
    let mut chance = seeded("changes_applied_again_alter_nothing");
    live(&stage, &mut chance).await;
    let ledger = stage.ledger().await;
    let mut statements = statements(&ledger);
    for _ in 0..2 {
        apply(&stage, &statements).await;
        assert_eq!(stage.ledger().await.tables, ledger.tables);
        statements.shuffle(&mut chance);
    }
}

async fn live_commands_during_a_rebuild_end_the_same<S: TestStore>(stage: Stage<S>) {
    let mut chance = seeded("live_commands_during_a_rebuild_end_the_same");
    let (users, accounts) = live(&stage, &mut chance).await;
    let mut statements = statements(&stage.ledger().await);
    statements.shuffle(&mut chance);
    let rebuild = apply(&stage, &statements);
    let go_on = async {
        for number in 0..COMMANDS {
            let (user, account) = (users[number % users.len()], accounts[number % accounts.len()]);
            let _ = happen(&stage, &mut chance, user, account).await;
        }
    };
    tokio::join!(rebuild, go_on);
    stage.ledger().await.assert_tables_follow_from_events();
}

async fn without_its_guard_the_order_would_matter<S: TestStore>(stage: Stage<S>) {
    let user = stage.user().await;
    for _ in 0..3 {
        stage.generate(user).await;
    }
    let ledger = stage.ledger().await;
    let mut statements = statements(&ledger);
    statements.reverse();
    for statement in &mut statements {
        let text = statement.text.to_string();
        let unguarded = text.rsplit_once("\nWHERE ").map_or(&*text, |(before, _)| before);
        statement.text = unguarded.to_owned().into();
    }
    let rebuilt = Stage::<S>::new().await;
    apply(&rebuilt, &statements).await;
    let (rebuilt, expected) = (rebuilt.ledger().await, ledger.projected());
    assert_ne!(rebuilt.projected()["token_lookup"], expected["token_lookup"]);
}

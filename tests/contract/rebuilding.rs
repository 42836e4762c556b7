//! The tables are a fold of the events: in whatever order and however often changes are applied, the
//! same rows come out.

use cqrs_es::persist::SerializedEvent;
use projections::projector::Change;
use projections::recorded::RecordedEvent;
use projections::sql::Statement;
use projections::{changes, projector};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tests::Ledger;
use tests::seed::seeded;

use crate::life::Life;
use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    the_tables_are_what_a_fold_of_the_events_says,
    changes_in_any_order_give_the_same_rows,
    changes_applied_again_alter_nothing,
    live_commands_during_a_rebuild_end_the_same,
    without_its_guard_the_order_would_matter,
);

const COMMANDS: usize = 240;

/// Much has happened on the stage.
async fn live<S: TestStore>(stage: &Stage<S>, chance: &mut StdRng) -> Life {
    let life = Life::begin(stage).await;
    life.live(stage, chance, COMMANDS).await;
    life
}

/// What the events in the ledger change, in order.
pub(crate) fn changes_in(ledger: &Ledger) -> Vec<Change> {
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
    ledger.events.iter().flat_map(read).collect()
}

fn statements(ledger: &Ledger) -> Vec<Statement> {
    changes_in(ledger).iter().map(changes::statement).collect()
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
    ledger.assert_everything_is_described();
    for (table, rows) in ledger.projected() {
        assert!(!rows.is_empty(), "nothing happened to {table}");
    }
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
    let life = live(&stage, &mut chance).await;
    let mut statements = statements(&stage.ledger().await);
    statements.shuffle(&mut chance);
    let rebuild = apply(&stage, &statements);
    let go_on = life.live(&stage, &mut chance, COMMANDS);
    tokio::join!(rebuild, go_on);
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    ledger.assert_everything_is_described();
}

async fn without_its_guard_the_order_would_matter<S: TestStore>(stage: Stage<S>) {
    let user = stage.user().await;
    let account = stage.account(user).await;
    let assistant = stage.assistant(account).await;
    let campaign = stage.campaign(account).await;
    for _ in 0..3 {
        stage.generate(user).await;
        stage.rotate(campaign).await;
    }
    stage.remove_assistant(account, assistant).await;
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
    for table in ["token_lookup", "webhooks", "assistants"] {
        assert_ne!(rebuilt.projected()[table], expected[table], "{table}");
    }
}

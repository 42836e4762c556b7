//! Making the read models anew beside those that are served: what is wrong is mended and counted, what is right
//! stays served, whatever happens meanwhile.

mod damage;
mod events;
mod interruptions;
mod tables;

use api::settings;
use api::startup::{StartError, Thoroughness, rebuild};
use projections::rebuild::{Differences, Report, Step, Watch};
use tests::past;
use tests::seed::seeded;
use tests::sql::Connection;
use tests::{Database, Store};

use crate::life::Life;
use crate::logging::number_all;
use crate::stage::{Stage, TestStore, contract_tests, person};
use damage::{damage, differences};

contract_tests!(
    damaged_rows_are_mended_and_counted,
    a_check_counts_the_same_and_changes_nothing,
    rows_that_were_all_lost_are_all_made_again,
    a_rebuild_among_live_commands_ends_with_what_the_events_say,
    an_empty_database_needs_nothing,
    tables_of_another_version_are_refused,
    rebuilding_at_any_size,
);

/// Nobody watches.
pub(crate) struct Nobody;

impl Watch for Nobody {
    fn begins(&mut self, _: Step, _: u64, _: u64) {}
    fn reached(&mut self, _: u64) {}
}

pub(crate) fn settings_of(database: &Database) -> settings::Database {
    match database.store() {
        Store::Sqlite => settings::Database::Sqlite(database.sqlite_file()),
        Store::Postgres => settings::Database::Postgres(database.url().unwrap().to_owned()),
    }
}

pub(crate) async fn attempt(database: &Database, how: Thoroughness) -> Result<Report, StartError> {
    rebuild(&settings_of(database), how, &mut Nobody).await
}

async fn rebuilt(database: &Database) -> Report {
    attempt(database, Thoroughness::Rebuild).await.unwrap()
}

async fn checked(database: &Database) -> Report {
    attempt(database, Thoroughness::Check).await.unwrap()
}

/// Only the tables in which something differed.
fn found(report: &Report) -> Vec<Differences> {
    report.tables.iter().filter(|table| table.rows() > 0).copied().collect()
}

/// Whether the scaffold of an earlier run still stands.
pub(crate) async fn scaffold_stands(database: &Database) -> bool {
    match database.store() {
        Store::Sqlite => database.data_directory().join("symbolon.db.rebuild").exists(),
        Store::Postgres => {
            let question = "SELECT (to_regnamespace('symbolon_rebuild') IS NOT NULL)::text";
            Connection::open(database).await.value(question).await == "true"
        }
    }
}

/// Something of everything that events make, and two live tokens: chance alone leaves a table empty now and then.
async fn some_of_everything<S: TestStore>(stage: &Stage<S>) {
    let users = [stage.user().await, stage.user().await];
    for user in users {
        stage.generate(user).await;
    }
    let account = stage.account(users[0]).await;
    stage.call(account, stage.assistant(account).await).await;
    let campaign = stage.campaign(account).await;
    stage.add(campaign, &[person(1)]).await;
    stage.rotate(campaign).await;
}

/// Much has happened, and half of it has a position.
async fn live<S: TestStore>(stage: &Stage<S>, test: &str) -> Life {
    let mut chance = seeded(test);
    let life = Life::begin(stage).await;
    some_of_everything(stage).await;
    life.live(stage, &mut chance, 110).await;
    number_all(&stage.store).await;
    life.live(stage, &mut chance, 110).await;
    life
}

async fn damaged_rows_are_mended_and_counted<S: TestStore>(stage: Stage<S>) {
    live(&stage, "damaged_rows_are_mended_and_counted").await;
    let right = stage.ledger().await;
    damage(&stage.database).await;
    let wrong = stage.ledger().await;
    let report = rebuilt(&stage.database).await;
    assert_eq!(found(&report), differences(&wrong, &right));
    assert_eq!(
        found(&report).len(),
        report.tables.len(),
        "not every table was damaged: {report:?}"
    );
    assert_eq!(report.events, u64::try_from(right.events.len()).unwrap());
    assert_eq!(report.resumed_at, 0);
    let mended = stage.ledger().await;
    assert_eq!(mended.tables, right.tables);
    mended.assert_tables_follow_from_events();
    assert!(!scaffold_stands(&stage.database).await);
    assert_eq!(found(&rebuilt(&stage.database).await), []);
}

async fn a_check_counts_the_same_and_changes_nothing<S: TestStore>(stage: Stage<S>) {
    live(&stage, "a_check_counts_the_same_and_changes_nothing").await;
    let right = stage.ledger().await;
    assert_eq!(found(&checked(&stage.database).await), []);
    damage(&stage.database).await;
    let wrong = stage.ledger().await;
    assert_eq!(found(&checked(&stage.database).await), differences(&wrong, &right));
    assert_eq!(stage.ledger().await.tables, wrong.tables);
    assert!(!scaffold_stands(&stage.database).await);
}

async fn rows_that_were_all_lost_are_all_made_again<S: TestStore>(stage: Stage<S>) {
    live(&stage, "rows_that_were_all_lost_are_all_made_again").await;
    let right = stage.ledger().await;
    let mut connection = Connection::open(&stage.database).await;
    for table in right.projected().keys() {
        connection.execute(&format!("DELETE FROM {table}")).await.unwrap();
    }
    let wrong = stage.ledger().await;
    assert_eq!(found(&rebuilt(&stage.database).await), differences(&wrong, &right));
    assert_eq!(stage.ledger().await.tables, right.tables);
}

async fn a_rebuild_among_live_commands_ends_with_what_the_events_say<S: TestStore>(
    stage: Stage<S>,
) {
    let test = "a_rebuild_among_live_commands_ends_with_what_the_events_say";
    let mut chance = seeded(test);
    let life = live(&stage, test).await;
    let mut connection = Connection::open(&stage.database).await;
    past::add(&mut connection, 2_000).await;
    damage(&stage.database).await;
    let (finished, mut alive) = tokio::sync::watch::channel(true);
    let others = async {
        let lives = async {
            for _ in 0..5 {
                life.live(&stage, &mut chance, 40).await;
                number_all(&stage.store).await;
            }
        };
        lives.await;
        finished.send_replace(false);
    };
    let rebuilds = async {
        let mut mended = Vec::new();
        while *alive.borrow_and_update() {
            mended.push(found(&rebuilt(&stage.database).await));
        }
        mended
    };
    let ((), mended) = tokio::join!(others, rebuilds);
    println!("{:?}: {} rebuilds among live commands", S::STORE, mended.len());
    assert!(!mended[0].is_empty(), "the first mended nothing");
    assert!(mended[1..].iter().all(Vec::is_empty), "later ones had something to mend: {mended:?}");
    let ledger = stage.ledger().await;
    ledger.assert_tables_follow_from_events();
    assert_eq!(found(&checked(&stage.database).await), []);
}

async fn an_empty_database_needs_nothing<S: TestStore>(stage: Stage<S>) {
    for report in [rebuilt(&stage.database).await, checked(&stage.database).await] {
        assert_eq!((report.events, found(&report)), (0, Vec::new()));
    }
}

async fn tables_of_another_version_are_refused<S: TestStore>(stage: Stage<S>) {
    let mut connection = Connection::open(&stage.database).await;
    let last = "(SELECT max(version) FROM _sqlx_migrations)";
    let older = format!("DELETE FROM _sqlx_migrations WHERE version = {last}");
    connection.execute(&older).await.unwrap();
    for how in [Thoroughness::Rebuild, Thoroughness::Check] {
        let error = attempt(&stage.database, how).await.unwrap_err().to_string();
        assert!(error.contains("not those of this version"), "{error}");
    }
}

fn scale() -> u64 {
    std::env::var("SYMBOLON_REBUILD_SCALE").map_or(2_000, |text| text.parse().expect("a number"))
}

/// `SYMBOLON_REBUILD_SCALE` asks for more events, and then the times that are printed say something.
async fn rebuilding_at_any_size<S: TestStore>(stage: Stage<S>) {
    let (events, kind) = (scale(), S::STORE);
    let mut connection = Connection::open(&stage.database).await;
    past::add(&mut connection, events).await;
    number_all(&stage.store).await;
    let begin = std::time::Instant::now();
    let all = rebuilt(&stage.database).await;
    println!("{kind:?}: {events} events, all rows lost, in {:?}: {all:?}", begin.elapsed());
    let rows = |report: &Report| report.tables.iter().map(Differences::rows).sum::<u64>();
    assert_eq!(rows(&all), events + events.div_ceil(past::EACH.into()));
    connection.execute("DELETE FROM token_lookup WHERE user_id LIKE '%0'").await.unwrap();
    let begin = std::time::Instant::now();
    let few = rebuilt(&stage.database).await;
    println!("{kind:?}: one in sixteen lost, in {:?}: {few:?}", begin.elapsed());
    let begin = std::time::Instant::now();
    let none = rebuilt(&stage.database).await;
    println!("{kind:?}: none lost, in {:?}: {none:?}", begin.elapsed());
    assert_eq!(rows(&none), 0);
    let begin = std::time::Instant::now();
    assert_eq!(found(&checked(&stage.database).await), []);
    println!("{kind:?}: checked in {:?}", begin.elapsed());
    stage.ledger().await.assert_tables_follow_from_events();
}

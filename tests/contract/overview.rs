//! What an auditor sees at a glance: days are those of UTC on both databases, and nothing is counted twice or left out.

use api::commands::Commands;
use chrono::{DateTime, NaiveDate, Utc};
use domain::log::TreeHash;
use domain::log::proof::TreeHead;
use domain::token::RevocationReason;
use domain::{TokenCommand, UserCommand, UserId};
use projections::audit::history::TokenHistoryKind::{Generated, Regenerated, Revoked};
use projections::{DayCount, KeptCheckpoint, Turn};
use tests::Store;

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    what_happened_is_counted_on_its_day_in_utc,
    the_largest_checkpoints_come_first,
    a_user_is_found_by_address_locked_or_not,
    events_wait_until_they_have_a_place,
);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

impl<S: TestStore> Stage<S> {
    async fn generate_at(&self, user_id: UserId, time: &str) {
        let command = TokenCommand::Generate { replace: true, fresh: self.fresh(), at: at(time) };
        self.commands.token(user_id, command, self.by(user_id)).await.unwrap();
    }

    async fn revoke_at(&self, user_id: UserId, time: &str) {
        let (reason, at) = (RevocationReason::Owner, at(time));
        let command = TokenCommand::Revoke { expected_generation: None, reason, at };
        self.commands.token(user_id, command, self.by(user_id)).await.unwrap();
    }
}

async fn what_happened_is_counted_on_its_day_in_utc<S: TestStore>(stage: Stage<S>) {
    let (alice, bob) = (stage.user().await, stage.user().await);
    stage.generate_at(alice, "2026-05-02T23:59:59.999999Z").await;
    stage.generate_at(bob, "2026-05-03T00:00:00Z").await;
    stage.generate_at(alice, "2026-05-03T00:00:00.000001Z").await;
    stage.generate_at(alice, "2026-05-03T23:59:59.999999Z").await;
    stage.revoke_at(alice, "2026-05-04T00:00:00Z").await;
    stage.generate_at(alice, "2026-05-04T12:00:00.5Z").await;
    stage.revoke_at(bob, "2026-05-05T00:00:00Z").await;

    let counted = async |since: &str, until: &str| {
        let counts = stage.store.count_token_events(at(since), at(until)).await.unwrap();
        counts
            .into_iter()
            .map(|DayCount { day, kind, events }| (day, kind, events))
            .collect::<Vec<_>>()
    };
    let third = [(day("2026-05-03"), Generated, 1), (day("2026-05-03"), Regenerated, 2)];
    assert_eq!(counted("2026-05-03T00:00:00Z", "2026-05-04T00:00:00Z").await, third);
    assert_eq!(
        counted("2026-05-02T00:00:00Z", "2026-05-06T00:00:00Z").await,
        [
            (day("2026-05-02"), Generated, 1),
            third[0],
            third[1],
            (day("2026-05-04"), Generated, 1),
            (day("2026-05-04"), Revoked, 1),
            (day("2026-05-05"), Revoked, 1),
        ]
    );
    assert_eq!(counted("2026-05-06T00:00:00Z", "2026-05-07T00:00:00Z").await, []);
}

async fn the_largest_checkpoints_come_first<S: TestStore>(stage: Stage<S>) {
    let checkpoint = |size: u64| KeptCheckpoint {
        head: TreeHead { size, root: TreeHash::try_from([7; 32].as_slice()).unwrap() },
        verifier_key: "tokens.example.test+00000000+key".to_owned(),
        note: format!("note {size}"),
        made_at: stage.now(),
    };
    assert_eq!(stage.store.list_checkpoints(5).await.unwrap(), []);
    let kept: Vec<_> = [3, 9, 20, 100].map(checkpoint).into();
    for checkpoint in [2, 0, 3, 1].map(|index| &kept[index]) {
        stage.store.keep_checkpoint(checkpoint).await.unwrap();
    }
    let listed = stage.store.list_checkpoints(3).await.unwrap();
    assert_eq!(listed, [kept[3].clone(), kept[2].clone(), kept[1].clone()]);
}

async fn a_user_is_found_by_address_locked_or_not<S: TestStore>(stage: Stage<S>) {
    let user_id = stage.user_id();
    let profile = stage.profile(user_id);
    let email = profile.email.clone();
    let found = async || stage.store.find_user_id_by_email(&email).await.unwrap();
    assert_eq!(found().await, None);
    stage.register(profile).await.unwrap();
    assert_eq!(found().await, Some(user_id));
    let command = UserCommand::Lock { at: stage.now() };
    stage.commands.user(user_id, command, stage.by(user_id)).await.unwrap();
    assert_eq!(found().await, Some(user_id));
}

async fn events_wait_until_they_have_a_place<S: TestStore>(stage: Stage<S>) {
    let waiting = async || stage.store.count_waiting_events().await.unwrap();
    assert_eq!(waiting().await, 0);
    stage.user().await;
    stage.user().await;
    // Where one process writes alone, an event gets its place when it is written.
    let expected = match S::STORE {
        Store::Sqlite => 0,
        Store::Postgres => 2,
    };
    assert_eq!(waiting().await, expected);
    stage.store.number_events(Turn::Await).await.unwrap();
    assert_eq!(waiting().await, 0);
}

//! The outbox: written with the events, emptied in order, by one sender at a time.

use std::collections::BTreeSet;
use std::sync::Arc;

use api::commands::Commands;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountCommand, AccountId, AccountRole, UserId};
use projections::{
    Announcement, DeliveryFilter, DeliveryStatus, DueDelivery, EventKey, FailedAttempt,
    PageRequest, StoreError, Subscriber, Subscribers,
};
use tests::sql::{Connection, Row};

use crate::stage::{Stage, TestStore, contract_tests, refusal};

contract_tests!(
    without_an_endpoint_nothing_is_put_aside,
    each_endpoint_gets_one_row_for_each_event_it_wants,
    an_event_whose_delivery_cannot_be_put_aside_is_not_written,
    a_refused_command_puts_nothing_aside,
    the_next_of_an_aggregate_is_due_when_the_one_before_it_is_done,
    a_delivery_is_claimed_by_one_of_many,
    a_claim_runs_out,
    who_lost_the_claim_cannot_put_off_what_another_sends,
    a_dead_delivery_lets_the_next_go_on_and_can_be_replayed,
    the_event_of_a_delivery_is_found_as_it_was_written,
    deliveries_are_listed_newest_first_by_status_and_endpoint,
    what_was_delivered_long_ago_is_forgotten_and_nothing_else,
);

fn subscriber(endpoint: &str) -> Subscriber {
    Subscriber { endpoint: endpoint.to_owned(), events: Announcement::ALL.into(), accounts: None }
}

/// The same stage, with these endpoints.
fn telling<S>(mut stage: Stage<S>, subscribers: Vec<Subscriber>) -> Stage<S> {
    stage.subscribers = Arc::new(Subscribers::new(subscribers));
    stage
}

async fn rows<S: TestStore>(stage: &Stage<S>) -> Vec<Row> {
    stage.ledger().await.rows("deliveries").to_vec()
}

/// Endpoint, type, aggregate type and id, and sequence of each row.
async fn told<S: TestStore>(stage: &Stage<S>) -> Vec<[String; 5]> {
    let fields =
        |row: &Row| -> [String; 5] { std::array::from_fn(|i| row[i + 1].clone().unwrap()) };
    rows(stage).await.iter().map(fields).collect()
}

async fn due<S: TestStore>(stage: &Stage<S>, at: DateTime<Utc>) -> Vec<DueDelivery> {
    stage.store.list_due_deliveries("crm", at, 100).await.unwrap()
}

fn sequences(due: &[DueDelivery]) -> Vec<i64> {
    due.iter().map(|due| due.event.sequence).collect()
}

const CLAIM: TimeDelta = TimeDelta::seconds(20);

/// Claims it, which must succeed, and says until when.
async fn claim<S: TestStore>(stage: &Stage<S>, id: i64, at: DateTime<Utc>) -> DateTime<Utc> {
    assert!(stage.store.claim_delivery(id, at, at + CLAIM).await.unwrap());
    at + CLAIM
}

fn failure(next_attempt_at: Option<DateTime<Utc>>) -> FailedAttempt {
    FailedAttempt {
        status: Some(500),
        error: "the receiver answered 500".to_owned(),
        next_attempt_at,
    }
}

async fn without_an_endpoint_nothing_is_put_aside<S: TestStore>(stage: Stage<S>) {
    let alice = stage.user().await;
    stage.generate(alice).await;
    stage.revoke(alice).await;
    assert_eq!(rows(&stage).await, Vec::<Row>::new());
}

async fn each_endpoint_gets_one_row_for_each_event_it_wants<S: TestStore>(stage: Stage<S>) {
    let (mine, other) = (stage.account_id(), stage.account_id());
    let only = |events: &[Announcement]| events.iter().copied().collect::<BTreeSet<_>>();
    let stage = telling(
        stage,
        vec![
            subscriber("all"),
            Subscriber { events: only(&[Announcement::TokenRevoked]), ..subscriber("revoked") },
            Subscriber { accounts: Some([mine].into()), ..subscriber("mine") },
        ],
    );
    let alice = stage.user().await;
    for account in [mine, other] {
        open(&stage, account, alice).await;
    }
    stage.generate(alice).await;
    stage.generate(alice).await;
    stage.revoke(alice).await;
    stage.put_member(mine, alice, AccountRole::Viewer).await;
    for account in [mine, other] {
        stage.remove_member(account, alice).await;
    }
    let row = |endpoint: &str, kind: &str, aggregate: &str, id: &dyn ToString, sequence: &str| {
        [endpoint, kind, aggregate, &id.to_string(), sequence].map(str::to_owned)
    };
    assert_eq!(
        told(&stage).await,
        [
            row("all", "token.generated", "token", &alice, "1"),
            row("all", "token.regenerated", "token", &alice, "2"),
            row("all", "token.revoked", "token", &alice, "3"),
            row("revoked", "token.revoked", "token", &alice, "3"),
            row("all", "member.removed", "account", &mine, "4"),
            row("mine", "member.removed", "account", &mine, "4"),
            row("all", "member.removed", "account", &other, "3"),
        ]
    );
    stage.ledger().await.assert_tables_follow_from_events();
}

async fn open<S: TestStore>(stage: &Stage<S>, account: AccountId, first_admin: UserId) {
    let command = AccountCommand::Open { first_admin: Some(first_admin), at: stage.now() };
    stage.commands.account(account, command, stage.by(first_admin)).await.unwrap();
}

async fn an_event_whose_delivery_cannot_be_put_aside_is_not_written<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("first"), subscriber("crm")]);
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    let mut connection = Connection::open(&stage.database).await;
    let obstacle = format!(
        "INSERT INTO deliveries (endpoint, aggregate_type, aggregate_id, sequence, event_type, \
         next_attempt_at, created_at, updated_at) SELECT endpoint, aggregate_type, aggregate_id, 2, \
         event_type, next_attempt_at, created_at, updated_at FROM deliveries \
         WHERE aggregate_id = '{alice}' AND endpoint = 'crm'"
    );
    connection.execute(&obstacle).await.unwrap();
    let before = stage.ledger().await;
    let fresh = stage.fresh();
    let error = refusal(stage.try_generate(alice, &fresh).await);
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
    let after = stage.ledger().await;
    assert_eq!((after.events.len(), after.tables), (before.events.len(), before.tables));
    assert!(stage.store.find_live_token(&token.digest).await.unwrap().is_some());
}

async fn a_refused_command_puts_nothing_aside<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    let alice = stage.user().await;
    stage.lock(alice).await;
    let error = refusal(stage.try_generate(alice, &stage.fresh()).await);
    assert!(matches!(error, StoreError::UserNotActive), "{error:?}");
    assert_eq!(rows(&stage).await, Vec::<Row>::new());
}

async fn the_next_of_an_aggregate_is_due_when_the_one_before_it_is_done<S: TestStore>(
    stage: Stage<S>,
) {
    let stage = telling(stage, vec![subscriber("crm"), subscriber("other")]);
    let alice = stage.user().await;
    for _ in 0..3 {
        stage.generate(alice).await;
    }
    let bob = stage.user().await;
    stage.generate(bob).await;
    let now = stage.now();
    let first = due(&stage, now).await;
    let ids = |due: &[DueDelivery]| -> Vec<_> {
        due.iter().map(|due| (due.event.aggregate_id.clone(), due.event.sequence)).collect()
    };
    assert_eq!(ids(&first), [(alice.to_string(), 1), (bob.to_string(), 1)]);
    assert_eq!(stage.store.list_due_deliveries("crm", now, 1).await.unwrap(), first[..1]);
    let (second_id, third_id) = (first[0].id + 2, first[0].id + 4);
    for later in [second_id, third_id] {
        assert!(!stage.store.claim_delivery(later, now, now + CLAIM).await.unwrap(), "{later}");
    }

    claim(&stage, first[0].id, now).await;
    assert_eq!(ids(&due(&stage, now).await), [(bob.to_string(), 1)], "the first is being sent");
    stage.store.finish_delivery(first[0].id, 204, now).await.unwrap();
    let then = due(&stage, now).await;
    assert_eq!(ids(&then), [(alice.to_string(), 2), (bob.to_string(), 1)]);

    let until = claim(&stage, then[0].id, now).await;
    let later = now + TimeDelta::seconds(300);
    stage.store.fail_delivery(then[0].id, until, &failure(Some(later)), now).await.unwrap();
    assert_eq!(ids(&due(&stage, now).await), [(bob.to_string(), 1)], "the second is put off");
    let just_before = later - TimeDelta::microseconds(1);
    assert_eq!(due(&stage, just_before).await.len(), 1);
    let again = due(&stage, later).await;
    assert_eq!(ids(&again), [(bob.to_string(), 1), (alice.to_string(), 2)]);
    assert_eq!(again[1].attempts, 1);
    assert_eq!(stage.store.list_due_deliveries("other", now, 9).await.unwrap().len(), 2);
}

async fn a_delivery_is_claimed_by_one_of_many<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    for round in 0..5 {
        let alice = stage.user().await;
        stage.generate(alice).await;
        let now = stage.now();
        let id = due(&stage, now).await.pop().unwrap().id;
        let mut claims = tokio::task::JoinSet::new();
        for claimer in 0..16 {
            let store = stage.store.clone();
            let until = now + CLAIM + TimeDelta::seconds(claimer);
            claims.spawn(async move { store.claim_delivery(id, now, until).await.unwrap() });
        }
        let claimed = claims.join_all().await.into_iter().filter(|claimed| *claimed).count();
        assert_eq!(claimed, 1, "round {round}");
    }
}

async fn a_claim_runs_out<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    let alice = stage.user().await;
    stage.generate(alice).await;
    stage.generate(alice).await;
    let now = stage.now();
    let id = due(&stage, now).await[0].id;
    let until = claim(&stage, id, now).await;
    let just_before = until - TimeDelta::microseconds(1);
    assert_eq!(due(&stage, just_before).await, []);
    assert!(!stage.store.claim_delivery(id, just_before, until + CLAIM).await.unwrap());
    assert_eq!(sequences(&due(&stage, until).await), [1]);
    claim(&stage, id, until).await;
}

async fn who_lost_the_claim_cannot_put_off_what_another_sends<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    let alice = stage.user().await;
    stage.generate(alice).await;
    let now = stage.now();
    let id = due(&stage, now).await[0].id;
    let lost = claim(&stage, id, now).await;
    let held = claim(&stage, id, lost).await;
    let before = rows(&stage).await;
    for next in [Some(held), None] {
        assert!(!stage.store.fail_delivery(id, lost, &failure(next), held).await.unwrap());
    }
    assert_eq!(rows(&stage).await, before);
    // A receiver that said yes has it, whoever asked.
    stage.store.finish_delivery(id, 200, held).await.unwrap();
    assert!(!stage.store.fail_delivery(id, held, &failure(None), held).await.unwrap());
    let entry = stage.store.find_delivery(id).await.unwrap().unwrap();
    assert_eq!((entry.status, entry.attempts), (DeliveryStatus::Delivered, 1));
    assert_eq!((entry.last_status, entry.last_error), (Some(200), None));
    assert_eq!(entry.updated_at, held);
}

async fn a_dead_delivery_lets_the_next_go_on_and_can_be_replayed<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    let alice = stage.user().await;
    stage.generate(alice).await;
    stage.generate(alice).await;
    let now = stage.now();
    let id = due(&stage, now).await[0].id;
    assert!(!stage.store.replay_delivery(id, now).await.unwrap(), "it is pending");
    let until = claim(&stage, id, now).await;
    assert!(stage.store.fail_delivery(id, until, &failure(None), now).await.unwrap());
    let entry = stage.store.find_delivery(id).await.unwrap().unwrap();
    assert_eq!(
        (entry.status, entry.attempts, entry.last_status),
        (DeliveryStatus::Dead, 1, Some(500))
    );
    assert_eq!(entry.last_error.as_deref(), Some("the receiver answered 500"));
    assert_eq!(sequences(&due(&stage, now).await), [2]);

    let later = now + TimeDelta::hours(1);
    assert!(stage.store.replay_delivery(id, later).await.unwrap());
    assert!(!stage.store.replay_delivery(id, later).await.unwrap(), "once");
    assert_eq!(sequences(&due(&stage, later).await), [1], "before the second, as ever");
    let entry = stage.store.find_delivery(id).await.unwrap().unwrap();
    assert_eq!((entry.status, entry.attempts), (DeliveryStatus::Pending, 0));
    claim(&stage, id, later).await;
    stage.store.finish_delivery(id, 200, later).await.unwrap();
    assert!(!stage.store.replay_delivery(id, later).await.unwrap(), "it arrived");
    assert!(!stage.store.replay_delivery(id + 1_000, later).await.unwrap(), "unknown");
    assert_eq!(stage.store.find_delivery(id + 1_000).await.unwrap(), None);
}

async fn the_event_of_a_delivery_is_found_as_it_was_written<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    let alice = stage.user().await;
    let token = stage.generate(alice).await;
    let key = due(&stage, stage.now()).await.pop().unwrap().event;
    let event = stage.store.find_event(&key).await.unwrap();
    assert_eq!((event.sequence, event.actor.user_id), (1, Some(alice)));
    let told = format!("{:?}", event.happening);
    assert!(told.contains(&token.id.to_string()) && told.contains("TokenGenerated"), "{told}");
    let missing = EventKey { sequence: 2, ..key };
    let error = stage.store.find_event(&missing).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt(_)), "{error:?}");
}

async fn deliveries_are_listed_newest_first_by_status_and_endpoint<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm"), subscriber("other")]);
    for _ in 0..5 {
        let user = stage.user().await;
        stage.generate(user).await;
    }
    let now = stage.now();
    for delivery in &due(&stage, now).await[..2] {
        claim(&stage, delivery.id, now).await;
        stage.store.finish_delivery(delivery.id, 200, now).await.unwrap();
    }
    let walk = async |status, endpoint: Option<&str>| {
        let filter = DeliveryFilter { status, endpoint: endpoint.map(str::to_owned) };
        let mut request = PageRequest { limit: 3, cursor: None };
        let mut ids = Vec::new();
        loop {
            let page = stage.store.list_deliveries(&filter, &request).await.unwrap();
            for entry in &page.data {
                assert!(status.is_none_or(|status| entry.status == status), "{entry:?}");
                assert!(endpoint.is_none_or(|endpoint| entry.endpoint == endpoint), "{entry:?}");
                ids.push(entry.id);
            }
            request.cursor = page.next;
            if request.cursor.is_none() {
                assert!(ids.is_sorted_by(|a, b| a > b), "{ids:?}");
                break ids.len();
            }
        }
    };
    assert_eq!(walk(None, None).await, 10);
    assert_eq!(walk(Some(DeliveryStatus::Pending), None).await, 8);
    assert_eq!(walk(Some(DeliveryStatus::Delivered), None).await, 2);
    assert_eq!(walk(Some(DeliveryStatus::Dead), None).await, 0);
    assert_eq!(walk(None, Some("other")).await, 5);
    assert_eq!(walk(Some(DeliveryStatus::Pending), Some("crm")).await, 3);
    assert_eq!(walk(None, Some("nobody")).await, 0);
}

async fn what_was_delivered_long_ago_is_forgotten_and_nothing_else<S: TestStore>(stage: Stage<S>) {
    let stage = telling(stage, vec![subscriber("crm")]);
    for _ in 0..4 {
        let user = stage.user().await;
        stage.generate(user).await;
    }
    let now = stage.now();
    let ids: Vec<_> = due(&stage, now).await.iter().map(|due| due.id).collect();
    let until = now + CLAIM;
    for id in &ids[..3] {
        claim(&stage, *id, now).await;
    }
    stage.store.finish_delivery(ids[0], 200, now).await.unwrap();
    stage.store.finish_delivery(ids[1], 200, now + TimeDelta::seconds(1)).await.unwrap();
    assert!(stage.store.fail_delivery(ids[2], until, &failure(None), now).await.unwrap());
    assert_eq!(stage.store.forget_deliveries(now).await.unwrap(), 0);
    assert_eq!(stage.store.forget_deliveries(now + TimeDelta::seconds(1)).await.unwrap(), 1);
    let left: Vec<_> = rows(&stage).await.iter().map(|row| row[0].clone().unwrap()).collect();
    assert_eq!(left, ids[1..].iter().map(ToString::to_string).collect::<Vec<_>>());
}

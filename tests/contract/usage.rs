//! When tokens were last used and who still sends dead ones: forward only, whoever writes in whatever order,
//! and never more than there is room for.

use chrono::{DateTime, TimeDelta, Utc};
use domain::{TokenId, UserId};
use projections::{Refusals, Straggler};

use crate::stage::{Stage, TestStore, contract_tests};

contract_tests!(
    a_use_only_moves_forward,
    refusals_of_several_writers_add_up,
    a_token_has_twenty_clients_at_most_whoever_writes,
    only_tokens_that_were_made_are_recognised,
    what_is_hidden_comes_back_when_it_goes_on,
);

fn time(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_777_000_000 + seconds, 123_456_000).unwrap()
}

/// A user whose first token is dead.
async fn dead<S: TestStore>(stage: &Stage<S>) -> (UserId, TokenId) {
    let user = stage.user().await;
    let old = stage.generate(user).await;
    stage.generate(user).await;
    (user, old.id)
}

fn refusals(token_id: TokenId, client: u8, from: i64, to: i64, requests: i64) -> Refusals {
    let (address, user_agent) = (format!("192.0.2.{client}"), "cron/1".to_owned());
    Refusals {
        token_id,
        client_digest: Refusals::client_digest(Some(&address), Some(&user_agent)),
        address: Some(address),
        user_agent: Some(user_agent),
        first_at: time(from),
        last_at: time(to),
        requests,
    }
}

async fn a_use_only_moves_forward<S: TestStore>(stage: Stage<S>) {
    let (user, other) = (stage.user().await, stage.user().await);
    let (one, two) = (stage.generate(user).await.id, stage.generate(other).await.id);
    let last_use = async |user| {
        stage.store.find_token(user).await.unwrap().unwrap().live.unwrap().last_used_at
    };
    stage.store.record_uses(&[(one, time(5)), (two, time(1))]).await.unwrap();
    stage.store.record_uses(&[(two, time(9)), (one, time(3))]).await.unwrap();
    assert_eq!((last_use(user).await, last_use(other).await), (Some(time(5)), Some(time(9))));
    // Two nodes at once, over and over, each in its own order of time.
    let node = async |seconds: Vec<i64>| {
        for second in seconds {
            stage.store.record_uses(&[(one, time(second)), (two, time(second))]).await.unwrap();
        }
    };
    tokio::join!(node((10..60).collect()), node((10..60).rev().collect()));
    assert_eq!((last_use(user).await, last_use(other).await), (Some(time(59)), Some(time(59))));
    stage.store.record_uses(&[]).await.unwrap();
    let many: Vec<_> = (0..1_234).map(|second| (stage.fresh().id, time(second))).collect();
    stage.store.record_uses(&many).await.unwrap();
    assert_eq!(stage.ledger().await.rows("token_usage").len(), 1_236);
}

async fn refusals_of_several_writers_add_up<S: TestStore>(stage: Stage<S>) {
    let (user, token_id) = dead(&stage).await;
    let node = async |seconds: Vec<i64>| {
        for second in seconds {
            let rows = [1, 2].map(|client| refusals(token_id, client, second, second + 1, 3));
            // Both may want the same slot at once: the one who comes late tries again, as the service does.
            while stage.store.record_refusals(&rows).await.is_err() {}
        }
    };
    tokio::join!(node((0..30).collect()), node((0..30).rev().collect()));
    let told = stage.store.list_stragglers(user).await.unwrap();
    let summary: Vec<_> =
        told.iter().map(|it| (it.first_at, it.last_at, it.requests, it.generation.get())).collect();
    assert_eq!(summary, [(time(0), time(30), 180, 1); 2]);
    let bystander = stage.user().await;
    assert_eq!(stage.store.list_stragglers(bystander).await.unwrap(), []);
}

async fn a_token_has_twenty_clients_at_most_whoever_writes<S: TestStore>(stage: Stage<S>) {
    let (user, token_id) = dead(&stage).await;
    let (bob, of_bob) = dead(&stage).await;
    let node = async |clients: Vec<u8>| {
        for chunk in clients.chunks(7) {
            let of =
                |token_id| chunk.iter().map(move |client| refusals(token_id, *client, 0, 1, 1));
            let rows: Vec<_> = of(token_id).chain(of(of_bob).take(1)).collect();
            while stage.store.record_refusals(&rows).await.is_err() {}
        }
    };
    tokio::join!(node((0..60).collect()), node((30..90).rev().collect()));
    assert_eq!(stage.store.list_stragglers(user).await.unwrap().len(), 20);
    assert!(stage.store.list_stragglers(bob).await.unwrap().len() > 9);
    // Those that have a row are counted on.
    let known = stage.store.list_stragglers(user).await.unwrap().pop().unwrap();
    let client: u8 = known.address.unwrap().rsplit('.').next().unwrap().parse().unwrap();
    stage.store.record_refusals(&[refusals(token_id, client, 50, 60, 5)]).await.unwrap();
    let latest = stage.store.list_stragglers(user).await.unwrap().remove(0);
    assert_eq!((latest.last_at, latest.requests), (time(60), known.requests + 5));
}

async fn only_tokens_that_were_made_are_recognised<S: TestStore>(stage: Stage<S>) {
    let user = stage.user().await;
    let tokens = [stage.generate(user).await, stage.generate(user).await];
    stage.revoke(user).await;
    let mut digests: Vec<_> = (0..1_200).map(|_| stage.fresh().digest).collect();
    assert_eq!(stage.store.find_tokens(&digests).await.unwrap(), []);
    digests.extend(tokens.iter().map(|token| token.digest));
    let mut found = stage.store.find_tokens(&digests).await.unwrap();
    found.sort_by_key(|(_, token_id)| token_id.to_string());
    let expected = tokens.clone().map(|token| (token.digest, token.id));
    assert_eq!(found, expected);
    assert_eq!(stage.store.find_tokens(&[]).await.unwrap(), []);
    // Of a token that was never made nothing is kept, whoever says so.
    stage.store.record_refusals(&[refusals(stage.fresh().id, 1, 0, 1, 1)]).await.unwrap();
    assert_eq!(stage.ledger().await.rows("token_refusals").len(), 0);
}

async fn what_is_hidden_comes_back_when_it_goes_on<S: TestStore>(stage: Stage<S>) {
    let (user, token_id) = dead(&stage).await;
    let told = async || {
        let told: Vec<Straggler> = stage.store.list_stragglers(user).await.unwrap();
        told.into_iter().map(|it| it.address.unwrap()).collect::<Vec<_>>()
    };
    let rows = [refusals(token_id, 1, 0, 10, 1), refusals(token_id, 2, 0, 20, 1)];
    stage.store.record_refusals(&rows).await.unwrap();
    assert_eq!(told().await, ["192.0.2.2", "192.0.2.1"]);
    stage.store.note_stragglers(user, time(10) - TimeDelta::microseconds(1)).await.unwrap();
    assert_eq!(told().await.len(), 2);
    stage.store.note_stragglers(user, time(10)).await.unwrap();
    assert_eq!(told().await, ["192.0.2.2"]);
    stage.store.note_stragglers(stage.user().await, time(99)).await.unwrap();
    assert_eq!(told().await, ["192.0.2.2"]);
    stage.store.note_stragglers(user, time(99)).await.unwrap();
    assert_eq!(told().await, [""; 0]);
    // It was under way when the user looked: nothing later has come.
    stage.store.record_refusals(&[refusals(token_id, 1, 0, 9, 1)]).await.unwrap();
    assert_eq!(told().await, [""; 0]);
    stage.store.record_refusals(&[refusals(token_id, 1, 0, 11, 1)]).await.unwrap();
    assert_eq!(told().await, ["192.0.2.1"]);
}

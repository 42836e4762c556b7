//! Many callers at once on one user.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tests::client::neighbour;
use tests::{Actor, Answer, Ledger, Store, TestApp, on_both_stores};
use tokio::sync::Barrier;

on_both_stores!(
    of_25_callers_who_expect_the_same_generation_exactly_one_succeeds,
    of_25_callers_who_expect_nothing_every_success_was_live_and_the_last_one_is,
    of_25_callers_who_generate_the_first_token_one_at_a_time_succeeds,
    a_token_generated_while_its_owner_is_being_locked_is_dead_after_unlocking,
);

const CALLERS: usize = 25;
const ROUNDS: usize = 10;

/// All callers send the request at the same time.
async fn all_at_once(user: &Actor, target: &str, header: Option<(&str, &str)>) -> Vec<Answer> {
    let start = Arc::new(Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let mut request = user.post(target);
            if let Some((name, value)) = header {
                request = request.header(name, value);
            }
            let start = start.clone();
            tokio::spawn(async move {
                start.wait().await;
                request.send().await
            })
        })
        .collect();
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.expect("the server answers"));
    }
    answers
}

fn generation(answer: &Answer) -> u64 {
    answer.json()["generation"].as_u64().expect("a number")
}

/// Takes the successes apart from the refusals, of which only these may be.
fn split(answers: Vec<Answer>, success: u16, refusals: &[(u16, &str)]) -> BTreeMap<u64, Answer> {
    let mut successes = BTreeMap::new();
    for answer in answers {
        if answer.status == success {
            let twin = successes.insert(generation(&answer), answer);
            assert!(twin.is_none(), "two callers were given the same generation: {twin:?}");
            continue;
        }
        let status = answer.status.as_u16();
        let refusal = refusals.iter().find(|(refusal, _)| *refusal == status);
        let (status, error) = refusal.unwrap_or_else(|| panic!("{answer:?}"));
        answer.assert_refused(*status, error);
    }
    successes
}

async fn of_25_callers_who_expect_the_same_generation_exactly_one_succeeds(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let mut live = alice.generate_token().await;
    for round in 1..=ROUNDS {
        let expected = format!("\"{round}\"");
        let header = Some(("if-match", expected.as_str()));
        let answers = all_at_once(&alice, "/v1/user/api-token/regenerate", header).await;
        let refusals = [(412, "PreconditionFailed"), (409, "Conflict")];
        let mut successes = split(answers, 200, &refusals);
        assert_eq!(successes.len(), 1, "{successes:?}");
        let (generation, winner) = successes.pop_first().unwrap();
        assert_eq!(generation, u64::try_from(round).unwrap() + 1);
        app.with_token(&live).whoami().await.assert_invalid_api_token();
        live = winner.string("token");
        app.with_token(&live).whoami().await.assert_user("alice");
    }
    assert_eq!(alice.history().await.len(), ROUNDS + 1);
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
}

async fn of_25_callers_who_expect_nothing_every_success_was_live_and_the_last_one_is(store: Store) {
    let mut app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let (mut live, mut last) = (alice.generate_token().await, 1);
    let mut acknowledged = 0;
    for round in (1..).take(ROUNDS) {
        // From an address of its own: the dead tokens of all rounds would be too many from one.
        let whoami = async |token: &str| {
            app.with_token(token).connecting_from(neighbour(round)).whoami().await
        };
        let answers = all_at_once(&alice, "/v1/user/api-token/regenerate", None).await;
        let successes = split(answers, 200, &[(409, "Conflict")]);
        assert!(!successes.is_empty(), "nobody wins");
        acknowledged += successes.len();
        // Every generation since was given to exactly one of the callers.
        let generations: Vec<_> = successes.keys().copied().collect();
        let newest = last + u64::try_from(successes.len()).unwrap();
        assert_eq!(generations, (last + 1..=newest).collect::<Vec<_>>());
        assert_history_has(&alice, &successes).await;

        whoami(&live).await.assert_invalid_api_token();
        for (generation, answer) in &successes {
            let told = whoami(&answer.string("token")).await;
            if *generation == newest {
                told.assert_user("alice");
                live = answer.string("token");
            } else {
                told.assert_invalid_api_token();
            }
        }
        last = newest;
    }
    println!("{store:?}: {ROUNDS} rounds of {CALLERS}, {acknowledged} acknowledged");
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
    let log = app.stop().await.stderr;
    assert!(!log.contains("ERROR"), "a lost race alarms the operator: {log}");
}

/// Each success has its line, which names the token that it was given.
async fn assert_history_has(user: &Actor, successes: &BTreeMap<u64, Answer>) {
    let history = user.history().await;
    for (generation, answer) in successes {
        let of_generation =
            |entry: &&Value| entry["generation"] == *generation && entry["type"] != "TokenRevoked";
        let lines: Vec<_> = history.iter().filter(of_generation).collect();
        assert_eq!(lines.len(), 1, "{history:?}");
        assert_eq!(lines[0]["tokenId"], answer.string("tokenId"));
        assert_eq!(lines[0]["type"], "TokenRegenerated");
    }
}

async fn of_25_callers_who_generate_the_first_token_one_at_a_time_succeeds(store: Store) {
    let app = TestApp::new(store).await;
    for round in 0..ROUNDS {
        let name = format!("user-{round}");
        let user = app.user(&name).await;
        let header = Some(("if-none-match", "*"));
        let answers = all_at_once(&user, "/v1/user/api-token", header).await;
        let refusals = [(412, "PreconditionFailed"), (409, "Conflict")];
        let successes = split(answers, 201, &refusals);
        assert_eq!(successes.keys().collect::<Vec<_>>(), [&1], "{successes:?}");
        let token = successes[&1].string("token");
        app.with_token(&token).whoami().await.assert_user(&name);
        assert_eq!(user.history().await.len(), 1);
    }
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
}

async fn a_token_generated_while_its_owner_is_being_locked_is_dead_after_unlocking(store: Store) {
    let app = TestApp::new(store).await;
    let (admin, mut minted) = (app.admin(), BTreeSet::new());
    for round in 0..ROUNDS {
        let user = app.user(&format!("user-{round}")).await;
        let (answers, ()) =
            tokio::join!(all_at_once(&user, "/v1/user/api-token", None), admin.lock(&user.id));
        // Whoever comes after the lock is nobody (401), or was let in just before it (403).
        for answer in answers {
            match answer.status.as_u16() {
                201 => drop(minted.insert(answer.string("token"))),
                401 => drop(answer.assert_no_credential()),
                403 => drop(answer.assert_forbidden()),
                409 => drop(answer.assert_refused(409, "Conflict")),
                _ => panic!("{answer:?}"),
            }
        }
        let refused = async || {
            // From many addresses: the dead tokens of all rounds would be too many from one.
            for (token, number) in minted.iter().zip((1..=200).cycle()) {
                let bearer = app.with_token(token).connecting_from(neighbour(number));
                bearer.whoami().await.assert_invalid_api_token();
            }
        };
        refused().await;
        admin.unlock(&user.id).await;
        refused().await;
    }
    println!("{store:?}: {} tokens were generated before the lock", minted.len());
    Ledger::read(app.database()).await.assert_tables_follow_from_events();
}

//! Many ask for the same thing at once: one gets it, the others are told so, nobody sees a 500.

use std::future::Future;

use serde_json::json;
use tests::actors::{email_of, password_of};
use tests::{Answer, Store, TestApp, UnclaimedApp, on_both_stores};

const CALLERS: usize = 8;

on_both_stores!(
    the_first_setup_code_makes_one_first_user,
    an_invitation_is_accepted_once,
    an_address_is_registered_once,
    one_of_many_first_tokens_is_generated,
    one_of_many_regenerations_of_the_same_generation_succeeds,
);

/// Sends them all before it waits for any.
async fn all_at_once<F>(ask: impl Fn(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let callers: Vec<_> = (0..CALLERS).map(|number| tokio::spawn(ask(number))).collect();
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.expect("an answer"));
    }
    answers
}

/// The one answer with this status; all others must have one of those.
fn the_winner(answers: Vec<Answer>, won: u16, lost: &[u16]) -> Answer {
    let (mut winners, losers): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.status == won);
    assert_eq!(winners.len(), 1, "{winners:?} {losers:?}");
    for loser in losers {
        assert!(lost.contains(&loser.status.as_u16()), "{loser:?}");
    }
    winners.remove(0)
}

pub(crate) async fn the_first_setup_code_makes_one_first_user(store: Store) {
    let app = UnclaimedApp::new(store).await;
    let answers = all_at_once(|number| {
        let (browser, name) = (app.browser(), format!("user-{number}"));
        let body = json!({
            "code": app.code(),
            "email": email_of(&name),
            "name": name,
            "password": password_of(&name),
            "account": "Main",
        });
        async move { browser.post("/v1/setup").json(body).send().await }
    })
    .await;
    let winner = the_winner(answers, 201, &[403]);
    let body = json!({
        "email": winner.string("email"),
        "password": password_of(&winner.string("name")),
    });
    let browser = app.browser();
    browser.post("/v1/session").json(body).send().await.assert_status(200);
    let users = browser.get("/v1/admin/users").send().await.assert_status(200).json();
    assert_eq!(users["data"].as_array().unwrap().len(), 1, "{users}");
    let accounts = browser.get("/v1/admin/accounts").send().await.assert_status(200).json();
    assert_eq!(accounts["data"].as_array().unwrap().len(), 1, "{accounts}");
}

pub(crate) async fn an_invitation_is_accepted_once(store: Store) {
    let app = TestApp::new(store).await;
    let code = app.admin().invite("alice").await.code;
    let password = |number: usize| format!("password number {number}");
    let answers = all_at_once(|number| {
        let browser = app.browser();
        let body = json!({ "code": code, "password": password(number) });
        async move { browser.post("/v1/setup").json(body).send().await }
    })
    .await;
    the_winner(answers, 201, &[403]);

    let mut good = 0;
    for number in 0..CALLERS {
        let body = json!({ "email": email_of("alice"), "password": password(number) });
        let answer = app.browser().post("/v1/session").json(body).send().await;
        good += usize::from(answer.status == 200);
    }
    assert_eq!(good, 1, "one password is the user's");
}

pub(crate) async fn an_address_is_registered_once(store: Store) {
    let app = TestApp::new(store).await;
    let answers = all_at_once(|number| {
        let root = app.admin().clone();
        let body = json!({ "email": email_of("alice"), "name": format!("Alice {number}") });
        async move { root.post("/v1/admin/users").json(body).send().await }
    })
    .await;
    the_winner(answers, 201, &[409]);
    let users = app.admin().get("/v1/admin/users").send().await.json();
    assert_eq!(users["data"].as_array().unwrap().len(), 2, "{users}");
}

pub(crate) async fn one_of_many_first_tokens_is_generated(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let answers = all_at_once(|_| {
        let alice = alice.clone();
        async move { alice.post("/v1/user/api-token").header("if-none-match", "*").send().await }
    })
    .await;
    let winner = the_winner(answers, 201, &[409, 412]);
    app.with_token(&winner.string("token")).whoami().await.assert_user("alice");
    assert_eq!(alice.history().await.len(), 1);
}

pub(crate) async fn one_of_many_regenerations_of_the_same_generation_succeeds(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let answers = all_at_once(|_| {
        let alice = alice.clone();
        let target = "/v1/user/api-token/regenerate";
        async move { alice.post(target).header("if-match", "\"1\"").send().await }
    })
    .await;
    let winner = the_winner(answers, 200, &[409, 412]);
    app.with_token(&winner.string("token")).whoami().await.assert_user("alice");
    assert_eq!(alice.history().await.len(), 2);
}

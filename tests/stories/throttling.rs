//! Guessing passwords is slow.

use serde_json::json;
use tests::actors::{email_of, password_of};
use tests::{Store, TestApp, on_both_stores};

/// Tries that are always judged.
const FREE_TRIES: usize = 10;
/// By then a refill during the tries does not help any more.
const ENOUGH_TRIES: usize = 40;

on_both_stores!(
    guessing_a_password_is_slowed_down_for_that_address_only,
    guessing_many_passwords_at_once_is_no_way_around,
);

pub(crate) async fn guessing_a_password_is_slowed_down_for_that_address_only(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let bob = app.user("bob").await;
    let guess = async |number: usize| {
        let email =
            if number.is_multiple_of(2) { alice.email.clone() } else { alice.email.to_uppercase() };
        let body = json!({ "email": email, "password": format!("wrong password {number}") });
        app.browser().post("/v1/session").json(body).send().await
    };
    for number in 0..FREE_TRIES {
        guess(number).await.assert_error(401, "Unauthorized", "Invalid e-mail or password");
    }
    let mut number = FREE_TRIES;
    let throttled = loop {
        let answer = guess(number).await;
        if answer.status != 401 {
            break answer.assert_refused(429, "TooManyRequests");
        }
        number += 1;
        assert!(number < ENOUGH_TRIES, "{number} guesses were judged");
    };
    let seconds: u64 = throttled.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3600).contains(&seconds), "{throttled:?}");
    assert!(throttled.header("ratelimit").is_some(), "{throttled:?}");

    alice.sign_in().await.assert_refused(429, "TooManyRequests");
    bob.sign_in().await.assert_status(200);
    alice.token_state().await;
    let body = json!({ "email": email_of("root"), "password": password_of("root") });
    app.browser().post("/v1/session").json(body).send().await.assert_status(200);
}

pub(crate) async fn guessing_many_passwords_at_once_is_no_way_around(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let guesses: Vec<_> = (0..ENOUGH_TRIES)
        .map(|number| {
            let claimed = format!("203.0.113.{number}");
            let browser = app.browser().with_header("x-forwarded-for", &claimed);
            let body =
                json!({ "email": alice.email, "password": format!("wrong password {number}") });
            tokio::spawn(async move { browser.post("/v1/session").json(body).send().await })
        })
        .collect();
    let mut judged = 0;
    for guess in guesses {
        let answer = guess.await.unwrap();
        if answer.status == 401 {
            judged += 1;
        } else {
            answer.assert_refused(429, "TooManyRequests");
        }
    }
    assert!((FREE_TRIES..ENOUGH_TRIES / 2).contains(&judged), "{judged} guesses were judged");
}

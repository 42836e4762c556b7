//! A provider that is away, comes back, or signs with another key.

use tests::{Answer, Database, Store, TestApp};

use crate::provider::{Provider, settings_for};
use crate::visitor::{Visitor, assert_signed_in, assert_signed_out};

#[tokio::test]
async fn a_provider_that_is_away_stops_nothing_else() {
    let provider = Provider::start();
    let (port, issuer) = (provider.port(), provider.issuer());
    drop(provider);

    let app = TestApp::with(Database::new(Store::Sqlite).await, settings_for(&issuer)).await;
    let bob = app.user("bob").await;
    assert_unavailable(bob.get("/sign-in/oidc").send().await);
    assert_signed_in(&app, &bob, "bob").await;
    bob.sign_in().await.assert_status(200);
    app.browser().get("/readyz").send().await.assert_status(200);

    let provider = Provider::start_on(port);
    let invitation = app.admin().invite("alice").await;
    let visitor = Visitor::new(&app, &provider);
    visitor.accept(&invitation.code, "alice").await;
    assert_signed_in(&app, &visitor.here, "alice").await;
}

#[tokio::test]
async fn a_provider_that_goes_away_meanwhile_signs_nobody_in() {
    let provider = Provider::start();
    let app = provider.app(Store::Sqlite).await;
    let invitation = app.admin().invite("alice").await;
    let bob = app.user("bob").await;
    let query = format!("?code={}", invitation.code);
    let stranger = Visitor::new(&app, &provider);
    let known = Visitor::with((*bob).clone(), &provider);
    let mut ways_back = Vec::new();
    for visitor in [&stranger, &known] {
        let url = visitor.set_out(&query).await;
        ways_back.push(visitor.return_from(&url, "alice").await);
    }
    let port = provider.port();
    drop(provider);
    for (visitor, back) in [&stranger, &known].into_iter().zip(&ways_back) {
        assert_unavailable(visitor.here.get(back).send().await);
    }
    assert_signed_out(&stranger.here).await;
    assert_signed_in(&app, &bob, "bob").await;

    // The invitation was not used up by that, and the ways back were.
    let provider = Provider::start_on(port);
    let again = Visitor::new(&app, &provider);
    again.accept(&invitation.code, "alice").await;
    assert_signed_in(&app, &again.here, "alice").await;
    stranger.here.get(&ways_back[0]).send().await.assert_refused(403, "Forbidden");
}

#[tokio::test]
async fn something_else_at_the_providers_address_is_no_provider() {
    let impostor = TestApp::new(Store::Sqlite).await;
    let issuer = format!("http://{}", impostor.server().address());
    let app = TestApp::with(Database::new(Store::Sqlite).await, settings_for(&issuer)).await;
    assert_unavailable(app.browser().get("/sign-in/oidc").send().await);
}

#[tokio::test]
async fn new_signing_keys_are_fetched_when_they_are_met() {
    let mut provider = Provider::start();
    let app = provider.app(Store::Sqlite).await;
    let invitation = app.admin().invite("alice").await;
    Visitor::new(&app, &provider).accept(&invitation.code, "alice").await;
    for _ in 0..2 {
        provider.rotate_keys();
        let visitor = Visitor::new(&app, &provider);
        visitor.sign_in("", "alice").await.assert_status(303);
        assert_signed_in(&app, &visitor.here, "alice").await;
    }
}

fn assert_unavailable(answer: Answer) {
    let answer = answer.assert_error(
        503,
        "Unavailable",
        "The identity provider cannot be used right now. Please try again later.",
    );
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
    assert_eq!(answer.header("set-cookie"), None, "{answer:?}");
}

//! Signing in at a provider: who is let in, as whom, and where to.

use serde_json::json;
use tests::client::url_encoded;
use tests::{Store, TestApp, on_both_stores};

use crate::provider::Provider;
use crate::visitor::{
    NOT_LINKED, Visitor, assert_signed_in, assert_signed_out, location, parameter,
};

on_both_stores!(
    an_invited_person_comes_in_and_is_known_from_then_on,
    the_same_email_is_not_the_same_person,
    an_invitation_links_one_identity,
    a_known_identity_leaves_an_invitation_unused,
    a_locked_user_is_refused_until_unlocked,
);

async fn an_invited_person_comes_in_and_is_known_from_then_on(store: Store) {
    let provider = Provider::shared();
    let app = provider.app(store).await;
    let invitation = app.admin().invite("alice").await;
    let visitor = Visitor::new(&app, provider);
    let next = "/user/settings/api-tokens?from=mail";
    let query = format!("?next={}&code={}", url_encoded(next), invitation.code);

    let url = visitor.set_out(&query).await;
    assert!(url.starts_with(&provider.issuer()), "{url}");
    assert_eq!(parameter(&url, "response_type"), "code");
    assert_eq!(parameter(&url, "scope"), "openid");
    assert_eq!(parameter(&url, "code_challenge_method"), "S256");
    for private in [&*invitation.code, "settings", "code_verifier"] {
        assert!(!url.contains(private), "{private} in {url}");
    }
    let before = visitor.here.cookie_header();
    let back = visitor.return_from(&url, "alice").await;
    let answer = visitor.here.get(&back).send().await.assert_status(303);
    assert_eq!(location(&answer), next);
    assert_ne!(visitor.here.cookie_header(), before, "the session has a new id");
    assert_signed_in(&app, &visitor.here, "alice").await;

    let later = Visitor::new(&app, provider);
    let answer = later.sign_in("", "alice").await.assert_status(303);
    assert_eq!(location(&answer), "/");
    assert_signed_in(&app, &later.here, "alice").await;
    // The provider knows the browser by now and asks nothing.
    visitor.here.delete("/v1/session").send().await.assert_status(204);
    assert_signed_out(&visitor.here).await;
    visitor.sign_in("", "nobody is asked").await.assert_status(303);
    assert_signed_in(&app, &visitor.here, "alice").await;
}

async fn the_same_email_is_not_the_same_person(store: Store) {
    let provider = Provider::shared();
    let app = provider.app(store).await;
    // alice@example.test with a password, and no identity.
    let alice = app.user("alice").await;
    refused(&app, provider, "", "alice").await;

    let invitation = app.admin().invite("bob").await;
    Visitor::new(&app, provider).accept(&invitation.code, "bob").await;
    refused(&app, provider, "", "bob.other").await;
    alice.token_state().await;
}

async fn an_invitation_links_one_identity(store: Store) {
    let provider = Provider::shared();
    let app = provider.app(store).await;
    let invitation = app.admin().invite("alice").await;
    Visitor::new(&app, provider).accept(&invitation.code, "alice").await;
    refused(&app, provider, &format!("?code={}", invitation.code), "mallory").await;
    refused(&app, provider, "?code=nonsense", "mallory").await;
    refused(&app, provider, "?code=", "mallory").await;
    let body = json!({ "code": invitation.code, "password": "another way to come in" });
    app.browser().post("/v1/setup").json(body).send().await.assert_forbidden();

    let other = app.admin().invite("bob").await;
    app.accept(&other).await;
    refused(&app, provider, &format!("?code={}", other.code), "mallory").await;
}

async fn a_known_identity_leaves_an_invitation_unused(store: Store) {
    let provider = Provider::shared();
    let app = provider.app(store).await;
    let (first, second) = (app.admin().invite("alice").await, app.admin().invite("bob").await);
    Visitor::new(&app, provider).accept(&first.code, "alice").await;
    let visitor = Visitor::new(&app, provider);
    visitor.accept(&second.code, "alice").await;
    assert_signed_in(&app, &visitor.here, "alice").await;

    let visitor = Visitor::new(&app, provider);
    visitor.accept(&second.code, "bob").await;
    assert_signed_in(&app, &visitor.here, "bob").await;
}

async fn a_locked_user_is_refused_until_unlocked(store: Store) {
    let provider = Provider::shared();
    let app = provider.app(store).await;
    let (known, new) = (app.admin().invite("alice").await, app.admin().invite("bob").await);
    Visitor::new(&app, provider).accept(&known.code, "alice").await;
    let query = format!("?code={}", new.code);
    for user in [&known, &new] {
        app.admin().lock(&user.user_id).await;
    }
    refused(&app, provider, "", "alice").await;
    refused(&app, provider, &query, "bob.other").await;
    // Nor is a locked person someone else by another's invitation.
    let other = app.admin().invite("carol").await;
    refused(&app, provider, &format!("?code={}", other.code), "alice").await;

    // None of that used anything up.
    for user in [&known, &new] {
        app.admin().unlock(&user.user_id).await;
    }
    let alice = Visitor::new(&app, provider);
    alice.sign_in("", "alice").await.assert_status(303);
    assert_signed_in(&app, &alice.here, "alice").await;
    let bob = Visitor::new(&app, provider);
    bob.accept(&new.code, "bob").await;
    assert_signed_in(&app, &bob.here, "bob").await;
}

#[tokio::test]
async fn without_a_provider_there_is_no_such_way() {
    let app = TestApp::new(Store::Sqlite).await;
    for target in ["/sign-in/oidc", "/sign-in/oidc/callback?code=a&state=b"] {
        app.browser().get(target).send().await.assert_not_found();
    }
}

/// Expects that someone new to the browser is not let in.
async fn refused(app: &TestApp, provider: &Provider, query: &str, name: &str) {
    let visitor = Visitor::new(app, provider);
    let answer = visitor.sign_in(query, name).await;
    answer.assert_error(403, "Forbidden", NOT_LINKED);
    assert_signed_out(&visitor.here).await;
}

//! Answers that do not belong to a sign-in of this browser, and ways to lead a browser astray.

use tests::client::url_encoded;
use tests::{Database, Store, TestApp};

use crate::provider::{CLIENT_SECRET, Provider};
use crate::visitor::{
    Visitor, assert_signed_in, assert_signed_out, location, parameter, with_parameter,
};

/// A service with one linked user, alice.
async fn app_with_alice(provider: &Provider) -> TestApp {
    let app = provider.app(Store::Sqlite).await;
    let invitation = app.admin().invite("alice").await;
    Visitor::new(&app, provider).accept(&invitation.code, "alice").await;
    app
}

#[tokio::test]
async fn an_answer_to_another_state_is_refused_and_spoils_nothing() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let visitor = Visitor::new(&app, provider);
    let url = visitor.set_out("").await;
    let back = visitor.return_from(&url, "alice").await;
    let code = parameter(&back, "code");
    for wrong in [
        with_parameter(&back, "state", "guessed"),
        with_parameter(&back, "state", ""),
        format!("/sign-in/oidc/callback?code={code}"),
        "/sign-in/oidc/callback".to_owned(),
    ] {
        visitor.here.get(&wrong).send().await.assert_refused(403, "Forbidden");
        assert_signed_out(&visitor.here).await;
    }
    visitor.here.get(&back).send().await.assert_status(303);
    assert_signed_in(&app, &visitor.here, "alice").await;
}

#[tokio::test]
async fn an_answer_meant_for_another_browser_is_refused() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let (alice, victim) = (Visitor::new(&app, provider), Visitor::new(&app, provider));
    let url = alice.set_out("").await;
    let back = alice.return_from(&url, "alice").await;
    victim.here.get(&back).send().await.assert_refused(403, "Forbidden");
    assert_signed_out(&victim.here).await;

    // Nor does her code fit a sign-in that the other browser began: it lacks her PKCE verifier.
    let own = victim.set_out("").await;
    let state = parameter(&own, "state");
    let injected = with_parameter(&back, "state", state);
    victim.here.get(&injected).send().await.assert_refused(403, "Forbidden");
    assert_signed_out(&victim.here).await;
}

#[tokio::test]
async fn a_callback_works_once() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let visitor = Visitor::new(&app, provider);
    let url = visitor.set_out("").await;
    let back = visitor.return_from(&url, "alice").await;
    let before = visitor.here.cookie_header().unwrap();
    visitor.here.get(&back).send().await.assert_status(303);
    visitor.here.get(&back).send().await.assert_refused(403, "Forbidden");
    assert_signed_in(&app, &visitor.here, "alice").await;

    let copied = app.anonymous().with_header("cookie", &before);
    copied.get(&back).send().await.assert_refused(403, "Forbidden");
    assert_signed_out(&copied).await;
}

#[tokio::test]
async fn what_the_browser_changes_on_the_way_is_noticed() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    for (name, value) in [("nonce", "another"), ("code_challenge", challenge)] {
        let visitor = Visitor::new(&app, provider);
        let url = with_parameter(&visitor.set_out("").await, name, value);
        let back = visitor.return_from(&url, "alice").await;
        visitor.here.get(&back).send().await.assert_refused(403, "Forbidden");
        assert_signed_out(&visitor.here).await;
    }
    for (name, value) in [("iss", "http%3A%2F%2Fevil.test"), ("code", "guessed")] {
        let visitor = Visitor::new(&app, provider);
        let url = visitor.set_out("").await;
        let back = with_parameter(&visitor.return_from(&url, "alice").await, name, value);
        visitor.here.get(&back).send().await.assert_refused(403, "Forbidden");
        assert_signed_out(&visitor.here).await;
    }
}

#[tokio::test]
async fn whoever_declines_stays_who_they_were() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let bob = app.user("bob").await;
    for here in [app.browser(), (*bob).clone()] {
        let visitor = Visitor::with(here, provider);
        let url = visitor.set_out("").await;
        let back = visitor.decline_at(&url).await;
        assert_eq!(parameter(&back, "error"), "access_denied");
        let answer = visitor.here.get(&back).send().await;
        let message = "The sign-in was cancelled at the identity provider.";
        answer.assert_error(403, "Forbidden", message);
        // It works once, although the provider would say the same again.
        let again = visitor.here.get(&back).send().await.assert_refused(403, "Forbidden");
        assert_ne!(again.string("message"), message);
    }
    assert_signed_in(&app, &bob, "bob").await;
}

#[tokio::test]
async fn two_tabs_sign_in_side_by_side() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let visitor = Visitor::new(&app, provider);
    let first = visitor.set_out("?next=/first").await;
    let second = visitor.set_out("?next=/second").await;
    for (url, next) in [(first, "/first"), (second, "/second")] {
        let back = visitor.return_from(&url, "alice").await;
        let answer = visitor.here.get(&back).send().await.assert_status(303);
        assert_eq!(location(&answer), next);
    }
    assert_signed_in(&app, &visitor.here, "alice").await;
}

#[tokio::test]
async fn a_browser_is_never_sent_to_another_site() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    for elsewhere in [
        "https://evil.test/",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\/evil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "javascript:alert(1)",
        "evil.test",
        "",
        " /",
        "/a\\b",
        "/\u{e4}",
    ] {
        let query = format!("/sign-in/oidc?next={}", url_encoded(elsewhere));
        app.browser().get(&query).send().await.assert_validation_error();
    }
    for here in ["/", "/admin", "/user/settings/api-tokens?a=b&c=//d#e", "/a//b", "/@evil.test"] {
        let visitor = Visitor::new(&app, provider);
        let query = format!("?next={}", url_encoded(here));
        let answer = visitor.sign_in(&query, "alice").await.assert_status(303);
        assert_eq!(location(&answer), here);
    }
}

#[tokio::test]
async fn another_site_cannot_bring_an_invitation() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let invitation = app.admin().invite("bob").await;
    let target = format!("/sign-in/oidc?code={}", invitation.code);
    for site in ["cross-site", "same-site"] {
        let request = app.browser().get(&target).header("sec-fetch-site", site);
        request.send().await.assert_forbidden();
        let request = app.browser().get("/sign-in/oidc").header("sec-fetch-site", site);
        request.send().await.assert_status(303);
    }
    for site in ["same-origin", "none"] {
        let request = app.browser().get(&target).header("sec-fetch-site", site);
        request.send().await.assert_status(303);
    }
}

#[tokio::test]
async fn a_planted_session_does_not_become_the_victims() {
    let provider = Provider::shared();
    let app = app_with_alice(provider).await;
    let thief = app.user("thief").await;
    let planted = thief.cookie_header().unwrap();
    // The cookie of the thief is in the jar; the server replaces it.
    let victim = Visitor::with((*thief).clone(), provider);
    victim.sign_in("", "alice").await.assert_status(303);
    assert_signed_in(&app, &victim.here, "alice").await;
    assert_signed_out(&app.anonymous().with_header("cookie", &planted)).await;
}

#[tokio::test]
async fn nothing_secret_is_logged_or_kept() {
    let provider = Provider::shared();
    let settings = provider.settings().flag("--log", "trace");
    let mut app = TestApp::with(Database::new(Store::Sqlite).await, settings).await;
    let invitation = app.admin().invite("alice").await;
    let visitor = Visitor::new(&app, provider);
    let url = visitor.set_out(&format!("?code={}", invitation.code)).await;
    let (state, nonce) = (parameter(&url, "state"), parameter(&url, "nonce"));
    // The invitation waits in the session by its digest only.
    let mut kept = std::fs::read(app.database().sqlite_file()).unwrap();
    kept.extend(std::fs::read(app.database().sqlite_file().with_extension("db-wal")).unwrap());
    assert!(contains(&kept, state), "the session is in the file");
    assert!(!contains(&kept, &invitation.code), "the invitation is in the file");

    let back = visitor.return_from(&url, "alice").await;
    visitor.here.get(&back).send().await.assert_status(303);
    let log = app.stop().await.stderr;
    assert!(log.contains("is linked to an identity"), "{log}");
    let secrets = [CLIENT_SECRET, &*invitation.code, state, nonce, parameter(&back, "code")];
    for secret in secrets.into_iter().chain([&*url_encoded(CLIENT_SECRET)]) {
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} is in the log");
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

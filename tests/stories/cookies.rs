//! The session cookie: out of reach for scripts, other sites and, behind https, plain connections.

use serde_json::json;
use tests::{Actor, Answer, Database, Settings, Store, TestApp, on_both_stores};

on_both_stores!(
    the_session_cookie_is_for_this_site_and_not_for_scripts,
    behind_https_the_cookie_is_bound_to_the_host,
);

pub(crate) async fn the_session_cookie_is_for_this_site_and_not_for_scripts(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    for cookie in [by_setup(&app).await, by_sign_in(&app, &alice).await] {
        let (name, attributes) = take_apart(&cookie);
        assert_eq!(name, "symbolon_session");
        for wanted in ["HttpOnly", "SameSite=Lax", "Path=/"] {
            assert!(attributes.contains(&wanted), "{wanted} in {cookie}");
        }
        assert!(!attributes.contains(&"Secure"), "{cookie}");
        assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{cookie}");
    }
}

pub(crate) async fn behind_https_the_cookie_is_bound_to_the_host(store: Store) {
    let settings = Settings::new().flag("--public-url", "https://tokens.example.test");
    let app = TestApp::with(Database::new(store).await, settings).await;
    let alice = app.user("alice").await;
    for cookie in [by_setup(&app).await, by_sign_in(&app, &alice).await] {
        let (name, attributes) = take_apart(&cookie);
        assert_eq!(name, "__Host-symbolon_session");
        for wanted in ["HttpOnly", "SameSite=Lax", "Path=/", "Secure"] {
            assert!(attributes.contains(&wanted), "{wanted} in {cookie}");
        }
        assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{cookie}");
    }
    alice.token_state().await;
    let invited = app.admin().post("/v1/admin/users");
    let body = json!({ "email": "carol@example.test", "name": "carol" });
    let link = invited.json(body).send().await.assert_status(201).string("setupUrl");
    assert!(link.starts_with("https://tokens.example.test/setup?code="), "{link}");
}

async fn by_setup(app: &TestApp) -> String {
    let invitation = app.admin().invite("by-setup").await;
    let body = json!({ "code": invitation.code, "password": "twelve characters" });
    the_cookie(&app.browser().post("/v1/setup").json(body).send().await)
}

async fn by_sign_in(app: &TestApp, actor: &Actor) -> String {
    let body = json!({ "email": actor.email, "password": actor.password });
    the_cookie(&app.browser().post("/v1/session").json(body).send().await.assert_status(200))
}

fn the_cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap_or_else(|| panic!("no cookie in {answer:?}")).to_owned()
}

fn take_apart(cookie: &str) -> (&str, Vec<&str>) {
    let mut parts = cookie.split("; ");
    let (name, _) = parts.next().unwrap().split_once('=').unwrap();
    (name, parts.collect())
}

//! `x-account-id`: in which account a caller acts.

use http::Method;
use serde_json::json;
use tests::{Answer, Client, Store, TestApp, on_both_stores};

pub(crate) const UNKNOWN: &str = "00000000-0000-4000-8000-000000000000";

on_both_stores!(
    a_member_of_one_account_needs_no_header,
    a_member_of_several_accounts_must_choose,
    a_foreign_an_unknown_and_a_malformed_account_look_alike,
    a_user_in_no_account_is_refused,
    two_headers_are_refused,
    a_browser_session_follows_the_same_rules,
    the_role_decides_what_is_allowed,
    every_route_that_acts_in_an_account_follows_the_same_rules,
);

pub(crate) async fn a_member_of_one_account_needs_no_header(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.user("alice").await.generate_token().await;
    let bearer = app.with_token(&token);
    assert_acts_in(&bearer.account().await, app.account_id(), "Main");
    assert_acts_in(&bearer.in_account(app.account_id()).account().await, app.account_id(), "Main");
}

pub(crate) async fn a_member_of_several_accounts_must_choose(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    let token = alice.generate_token().await;
    let bearer = app.with_token(&token);
    let refused = bearer.account().await.assert_error(
        400,
        "AccountRequired",
        "Your user belongs to more than one account. Provide the x-account-id header.",
    );
    assert_eq!(refused.header("x-account-id"), None);
    assert_acts_in(&bearer.in_account(app.account_id()).account().await, app.account_id(), "Main");
    assert_acts_in(&bearer.in_account(&second).account().await, &second, "Second");

    let alias = bearer.with_header("x_account_id", &second);
    alias.account().await.assert_refused(400, "AccountRequired");
}

pub(crate) async fn a_foreign_an_unknown_and_a_malformed_account_look_alike(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.user("alice").await.generate_token().await;
    let foreign = app.admin().open_account("Foreign").await;
    let spaced = format!("{}, {foreign}", app.account_id());
    let mut bodies = Vec::new();
    for account in [&*foreign, UNKNOWN, "nonsense", "", "*", &spaced, "Main"] {
        let answer = app.with_token(&token).in_account(account).account().await.assert_forbidden();
        assert_eq!(answer.header("x-account-id"), None);
        bodies.push(answer.body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

pub(crate) async fn a_user_in_no_account_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user_in_no_account("alice").await;
    let token = alice.generate_token().await;
    for client in [app.with_token(&token), (*alice).clone()] {
        client.account().await.assert_forbidden();
        client.in_account(app.account_id()).account().await.assert_forbidden();
    }
}

pub(crate) async fn two_headers_are_refused(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let other = app.admin().open_account("Other").await;
    for client in [app.with_token(&token), (*alice).clone()] {
        for second in [app.account_id(), &other, ""] {
            let twice = client.in_account(app.account_id()).in_account(second);
            twice.account().await.assert_refused(400, "InvalidRequest");
        }
    }
    let twice = app.anonymous().in_account(&other).in_account(&other);
    twice.account().await.assert_no_credential();
}

pub(crate) async fn a_browser_session_follows_the_same_rules(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    assert_acts_in(&alice.account().await, app.account_id(), "Main");
    let second = app.admin().open_account("Second").await;
    app.admin().put_member(&second, &alice.id, "viewer").await;
    alice.account().await.assert_refused(400, "AccountRequired");
    assert_acts_in(&alice.in_account(&second).account().await, &second, "Second");
    alice.in_account(UNKNOWN).account().await.assert_forbidden();
    app.anonymous().account().await.assert_no_credential();
}

pub(crate) async fn the_role_decides_what_is_allowed(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let everything = json!(["Call.Trigger", "Campaign.EditCampaign", "Campaign.View"]);
    for (role, permissions) in [
        ("admin", everything.clone()),
        ("member", everything),
        ("viewer", json!(["Campaign.View"])),
    ] {
        app.admin().put_member(app.account_id(), &alice.id, role).await;
        let client: Client = app.with_token(&token);
        let answer = client.account().await.assert_status(200).json();
        assert_eq!(answer["role"], role);
        let mut told = answer["permissions"].as_array().unwrap().clone();
        told.sort_by_key(ToString::to_string);
        assert_eq!(json!(told), permissions);
    }
}

/// Every route that acts in an account but `GET /v1/account`, on things that are nowhere.
fn routes_in_an_account() -> Vec<(Method, String)> {
    let account = |(_, path): &&(&str, &str)| {
        ["/v1/assistant", "/v1/calls", "/v1/campaigns"].iter().any(|it| path.starts_with(it))
    };
    let here =
        |(method, path): &(&str, &str)| (method.parse().unwrap(), path.replace("{id}", UNKNOWN));
    api::router::ROUTES.iter().filter(account).map(here).collect()
}

pub(crate) async fn every_route_that_acts_in_an_account_follows_the_same_rules(store: Store) {
    let app = TestApp::new(store).await;
    let (root, alice) = (app.admin(), app.integration("alice", "member").await);
    let (second, foreign) = (root.open_account("Second").await, root.open_account("Foreign").await);
    root.put_member(&second, &alice.user.id, "member").await;
    let nobody = app.user_in_no_account("nobody").await;
    let routes = routes_in_an_account();
    assert!(routes.len() >= 13, "{routes:?}");
    for (method, target) in routes {
        let ask = async |client: &Client| client.request(method.clone(), &target).send().await;
        for client in [&*alice, &*alice.user] {
            ask(client).await.assert_refused(400, "AccountRequired");
            for account in [&*foreign, UNKNOWN, "nonsense"] {
                let refused = ask(&client.in_account(account)).await.assert_forbidden();
                assert_eq!(refused.header("x-account-id"), None);
            }
            let twice = client.in_account(&second).in_account(&second);
            ask(&twice).await.assert_refused(400, "InvalidRequest");
            let answer = ask(&client.in_account(&second)).await;
            assert_eq!(answer.header("x-account-id"), Some(&*second), "{answer:?}");
            assert!([200, 400, 404].contains(&answer.status.as_u16()), "{answer:?}");
        }
        ask(&nobody).await.assert_forbidden();
        ask(&app.anonymous().in_account(&second)).await.assert_no_credential();
    }
}

#[track_caller]
fn assert_acts_in(answer: &Answer, account_id: &str, name: &str) {
    let answer = answer.clone().assert_status(200);
    let answer = answer.assert_fields(&["id", "name", "role", "permissions"]);
    assert_eq!(answer.string("id"), account_id);
    assert_eq!(answer.string("name"), name);
    assert_eq!(answer.header("x-account-id"), Some(account_id));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

//! Text that trips databases and logs: it is refused or kept as it is, and never a server fault.

use http::Method;
use serde_json::json;
use tests::actors::{email_of, password_of};
use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    a_nul_in_a_name_is_refused,
    a_nul_elsewhere_is_no_server_fault,
    names_in_any_script_come_back_as_they_are,
    what_counts_in_a_name_is_what_was_sent,
    an_address_is_measured_in_characters,
    half_a_character_is_refused,
    an_odd_path_is_not_found,
    an_odd_user_agent_is_no_reason_to_fail,
    a_long_name_is_no_server_fault,
);

pub(crate) async fn a_nul_in_a_name_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    for body in [
        json!({ "email": email_of("alice"), "name": "ali\0ce" }),
        json!({ "email": "ali\0ce@example.test", "name": "alice" }),
    ] {
        root.post("/v1/admin/users").json(body).send().await.assert_validation_error();
    }
    let body = json!({ "name": "Main\0" });
    root.post("/v1/admin/accounts").json(body).send().await.assert_validation_error();
    root.invite("alice").await;
}

pub(crate) async fn a_nul_elsewhere_is_no_server_fault(store: Store) {
    let app = TestApp::new(store).await;
    let (root, browser) = (app.admin(), app.browser());
    let session = |email: &str, password: &str| {
        let body = json!({ "email": email, "password": password });
        browser.post("/v1/session").json(body)
    };
    let member = format!("/v1/admin/accounts/{}/members/{}", app.account_id(), root.id);
    let mut faults = Vec::new();
    for request in [
        session("ro\0ot@example.test", &password_of("root")),
        session(&email_of("root"), "a\0 password"),
        browser.post("/v1/setup").json(json!({ "code": "\0", "password": password_of("eve") })),
        browser.post("/setup").form(&[("code", "\0"), ("password", "\0")]),
        browser.get("/setup?code=%00"),
        browser.get("/v1/user/api-token/history?cursor=%00"),
        root.get("/v1/admin/users?cursor=%00"),
        root.put(&member).json(json!({ "role": "\0" })),
        root.delete("/v1/admin/users/%00/api-token"),
        root.delete("/v1/admin/accounts/%00/members/%00"),
    ] {
        let answer = request.send().await;
        if answer.status.is_server_error() {
            faults.push(answer);
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

pub(crate) async fn names_in_any_script_come_back_as_they_are(store: Store) {
    let app = TestApp::new(store).await;
    for (number, name) in
        ["Ålesund", "李小龍", "👩‍🚀", "O'Brien; DROP TABLE users", "<b>&amp;", "100% \\ \"x\""]
            .iter()
            .enumerate()
    {
        let body = json!({ "email": format!("user-{number}@example.test"), "name": name });
        let answer = app.admin().post("/v1/admin/users").json(body).send().await;
        assert_eq!(answer.assert_status(201).string("name"), *name);
        let body = json!({ "name": name });
        let answer = app.admin().post("/v1/admin/accounts").json(body).send().await;
        assert_eq!(answer.assert_status(201).string("name"), *name);
    }
    let code = app.admin().invite("alice").await.code;
    let page = app.browser().get(&format!("/setup?code={code}%22%3E%3Cscript%3E")).send().await;
    assert!(!page.text().contains("<script>"), "{}", page.text());
}

pub(crate) async fn what_counts_in_a_name_is_what_was_sent(store: Store) {
    let app = TestApp::new(store).await;
    let open = async |name: &str| {
        app.admin().post("/v1/admin/accounts").json(json!({ "name": name })).send().await
    };
    let longest = "é".repeat(255);
    assert_eq!(open(&longest).await.assert_status(201).string("name"), longest);
    assert_eq!(open("\u{3000} Main ").await.assert_status(201).string("name"), "Main");
    let (too_long, padded) = ("é".repeat(256), format!("{} ", "x".repeat(255)));
    for name in [&*too_long, &*padded, "", " ", "\u{a0}", "Main\n", "\tMain", "\u{85}Main"] {
        open(name).await.assert_validation_error();
    }
}

pub(crate) async fn an_address_is_measured_in_characters(store: Store) {
    let app = TestApp::new(store).await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "name": "Ada" });
        app.admin().post("/v1/admin/users").json(body).send().await
    };
    let host = "@example.test";
    let longest = format!("{}{host}", "é".repeat(254 - host.len()));
    assert_eq!(invite(&longest).await.assert_status(201).string("email"), longest);
    invite(&format!("e{longest}")).await.assert_validation_error();
    assert_eq!(invite("  Ada@X ").await.assert_status(201).string("email"), "ada@x");
    for email in ["", "ada", "@x", "ada@", "ada@x@y", "a da@x", "ada@\u{3000}x"] {
        invite(email).await.assert_validation_error();
    }
}

pub(crate) async fn half_a_character_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    for body in [r#"{"name":"\ud800"}"#, r#"{"name":"\u00"}"#] {
        let request = app.admin().post("/v1/admin/accounts").body("application/json", body);
        request.send().await.assert_validation_error();
    }
}

pub(crate) async fn an_odd_path_is_not_found(store: Store) {
    let app = TestApp::new(store).await;
    for id in ["%00", "%ff", "%2e%2e", "%2F", "' OR 1=1".replace(' ', "%20").as_str(), "%25"] {
        let target = format!("/v1/admin/users/{id}/lock");
        for method in [Method::PUT, Method::DELETE] {
            app.admin().request(method, &target).send().await.assert_not_found();
        }
    }
}

pub(crate) async fn an_odd_user_agent_is_no_reason_to_fail(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let long = "x".repeat(8 << 10);
    for (generation, agent) in ["", "Ünïcode/1.0", "a\tb", &long].iter().enumerate() {
        let request = alice.post("/v1/user/api-token").header("user-agent", agent);
        let answer = request.send().await.assert_status(201);
        assert_eq!(answer.json()["generation"], generation + 1);
    }
    assert_eq!(alice.history().await.len(), 4);
}

pub(crate) async fn a_long_name_is_no_server_fault(store: Store) {
    let app = TestApp::new(store).await;
    let long = "x".repeat(100_000);
    for (target, body) in [
        ("/v1/admin/users", json!({ "email": email_of("alice"), "name": long })),
        ("/v1/admin/users", json!({ "email": email_of(&long), "name": "alice" })),
        ("/v1/admin/accounts", json!({ "name": long })),
        ("/v1/session", json!({ "email": email_of(&long), "password": password_of("root") })),
        ("/v1/session", json!({ "email": email_of("root"), "password": long })),
    ] {
        let answer = app.admin().post(target).json(body).send().await;
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
}

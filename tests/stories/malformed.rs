//! Requests that make no sense get the error table's answer and change nothing.

use http::Method;
use serde_json::{Value, json};
use tests::actors::{email_of, password_of};
use tests::{Store, TestApp, on_both_stores};

on_both_stores!(
    a_body_that_is_not_json_is_refused,
    a_list_of_fields_is_no_object,
    an_unknown_field_is_named,
    a_field_given_twice_is_refused,
    a_huge_body_is_refused,
    an_unknown_path_is_not_found,
    a_wrong_method_is_told_the_right_ones,
);

/// Every route that takes a JSON body, with one that it would accept.
fn routes_with_a_body(app: &TestApp) -> [(Method, String, String); 5] {
    let root = app.admin();
    let member = format!("/v1/admin/accounts/{}/members/{}", app.account_id(), root.id);
    [
        (
            Method::POST,
            "/v1/session".to_owned(),
            format!(r#"{{"email":"{}","password":"{}"}}"#, root.email, root.password),
        ),
        (
            Method::POST,
            "/v1/setup".to_owned(),
            format!(r#"{{"code":"unknown","password":"{}"}}"#, password_of("alice")),
        ),
        (
            Method::POST,
            "/v1/admin/users".to_owned(),
            format!(r#"{{"email":"{}","name":"alice"}}"#, email_of("alice")),
        ),
        (Method::POST, "/v1/admin/accounts".to_owned(), r#"{"name":"Second"}"#.to_owned()),
        (Method::PUT, member, r#"{"role":"admin"}"#.to_owned()),
    ]
}

pub(crate) async fn a_body_that_is_not_json_is_refused(store: Store) {
    const JSON: &str = "application/json";
    let app = TestApp::new(store).await;
    for (method, target, good) in routes_with_a_body(&app) {
        let send = async |content_type: &str, body: &[u8]| {
            let request = app.admin().request(method.clone(), &target);
            request.body(content_type, body.to_vec()).send().await
        };
        let cut = &good.as_bytes()[..good.len() - 1];
        let twice = [good.as_bytes(), good.as_bytes()].concat();
        for body in
            [b"", b"{", b"null", b"[]", b"7", b"\"text\"", b"\xff\xfe", cut, &twice] as [&[u8]; 9]
        {
            send(JSON, body).await.assert_validation_error();
        }
        let nested = "[".repeat(100_000);
        send(JSON, nested.as_bytes()).await.assert_validation_error();
        send("text/plain", good.as_bytes()).await.assert_validation_error();
        send("application/x-www-form-urlencoded", b"name=Second").await.assert_validation_error();
        let no_type = app.admin().request(method.clone(), &target);
        no_type.send().await.assert_validation_error();
    }
    assert_eq!(count(&app, "/v1/admin/users").await, 1);
    assert_eq!(count(&app, "/v1/admin/accounts").await, 1);
}

pub(crate) async fn a_list_of_fields_is_no_object(store: Store) {
    let app = TestApp::new(store).await;
    for (method, target, good) in routes_with_a_body(&app) {
        let fields: serde_json::Map<String, Value> = serde_json::from_str(&good).unwrap();
        let mut values: Vec<_> = fields.into_values().collect();
        // Serde takes as many as the struct has fields.
        for _ in 0..5 {
            let request = app.admin().request(method.clone(), &target).json(json!(values));
            let answer = request.send().await.assert_validation_error();
            assert!(answer.string("message").contains("a JSON object"), "{answer:?}");
            values.push(Value::Null);
        }
    }
    assert_eq!(count(&app, "/v1/admin/accounts").await, 1);
}

pub(crate) async fn an_unknown_field_is_named(store: Store) {
    let app = TestApp::new(store).await;
    for (method, target, good) in routes_with_a_body(&app) {
        let body = good.replacen('{', r#"{"surprise":1,"#, 1);
        let request = app.admin().request(method, &target).body("application/json", body);
        let answer = request.send().await.assert_validation_error();
        assert!(answer.string("message").contains("surprise"), "{answer:?}");
    }
}

pub(crate) async fn a_field_given_twice_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    for (method, target, good) in routes_with_a_body(&app) {
        let fields = good.trim_start_matches('{').trim_end_matches('}');
        let body = format!("{{{fields},{fields}}}");
        let request = app.admin().request(method, &target).body("application/json", body);
        request.send().await.assert_validation_error();
    }
}

pub(crate) async fn a_huge_body_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    for (method, target, good) in routes_with_a_body(&app) {
        let body = format!("{}{good}", " ".repeat(3 << 20));
        let request = app.admin().request(method, &target).body("application/json", body);
        request.send().await.assert_validation_error();
    }
    app.admin().token_state().await;
}

pub(crate) async fn an_unknown_path_is_not_found(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.admin().generate_token().await;
    for path in [
        "/nothing",
        "/v1",
        "/v1/nothing",
        "/v1/token/",
        "/V1/token",
        "/v1/admin/nothing",
        "//v1/token",
    ] {
        for client in [app.anonymous(), app.with_token(&token), (**app.admin()).clone()] {
            client.get(path).send().await.assert_not_found();
            client.post(path).send().await.assert_not_found();
        }
    }
}

pub(crate) async fn a_wrong_method_is_told_the_right_ones(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.admin().generate_token().await;
    let user = format!("/v1/admin/users/{}", app.admin().id);
    let (lock, api_token) = (format!("{user}/lock"), format!("{user}/api-token"));
    for (method, path, allowed) in [
        (Method::GET, "/v1/user/api-token/regenerate", "POST"),
        (Method::PUT, "/v1/user/api-token", "DELETE"),
        (Method::PATCH, "/v1/user/api-token", "GET"),
        (Method::DELETE, "/v1/user/api-token/history", "GET"),
        (Method::GET, "/v1/session", "DELETE"),
        (Method::GET, "/v1/setup", "POST"),
        (Method::DELETE, "/v1/admin/users", "GET"),
        (Method::PUT, "/v1/admin/accounts", "POST"),
        (Method::GET, &lock, "PUT"),
        (Method::GET, &api_token, "DELETE"),
        (Method::DELETE, "/setup", "GET"),
        (Method::POST, "/livez", "GET"),
        (Method::POST, "/readyz", "GET"),
        (Method::POST, "/metrics", "GET"),
    ] {
        let answer = app.admin().request(method, path).send().await;
        let answer = answer.assert_refused(405, "MethodNotAllowed");
        assert!(answer.header("allow").unwrap().contains(allowed), "{answer:?}");
    }
    let bearer = app.with_token(&token);
    bearer.post("/v1/token").send().await.assert_refused(405, "MethodNotAllowed");
    bearer.put("/v1/account").send().await.assert_refused(405, "MethodNotAllowed");
    bearer.whoami().await.assert_user("root");
}

async fn count(app: &TestApp, list: &str) -> usize {
    let list = app.admin().get(list).send().await.assert_status(200).json();
    list["data"].as_array().unwrap().len()
}

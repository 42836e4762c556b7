//! What operators measure the service by: counts and durations, and nobody's name.

use http::Method;
use tests::scanner::{Scanner, secret_part};
use tests::{Metrics, Store, TestApp, on_both_stores};

on_both_stores!(
    a_program_reads_what_the_service_measures,
    requests_are_counted_by_route_and_never_by_path,
    commands_are_counted_by_what_became_of_them,
    metrics_tell_of_nobody,
);

pub(crate) async fn a_program_reads_what_the_service_measures(store: Store) {
    let app = TestApp::new(store).await;
    let metrics = Metrics::of(&app.anonymous()).await;
    // What there is to alarm on is there before the first time.
    for (sample, value) in [
        ("symbolon_build_info{version=\"0.1.0\"}", 1.0),
        ("symbolon_failed_credentials_total{answer=\"refused\"}", 0.0),
        ("symbolon_failed_credentials_total{answer=\"limited\"}", 0.0),
        ("symbolon_checkpoint_failures_total", 0.0),
        ("symbolon_delivery_attempts_total{outcome=\"dead\"}", 0.0),
    ] {
        assert_eq!(metrics.value(sample), Some(value), "{sample} in\n{}", metrics.text());
    }
    assert!(metrics.value("symbolon_log_lag_seconds").is_some_and(|lag| lag < 10.0));
    let known: Vec<_> = api::measures::table::METRICS.iter().map(|metric| metric.name).collect();
    for name in metrics.families().keys() {
        assert!(known.contains(&&**name), "{name} is in no table");
    }
}

pub(crate) async fn requests_are_counted_by_route_and_never_by_path(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.admin().generate_token().await;
    for _ in 0..2 {
        app.with_token(&token).whoami().await.assert_status(200);
    }
    app.with_token("nonsense").whoami().await.assert_status(401);
    app.with_token(&token).request(Method::HEAD, "/v1/token").send().await.assert_status(200);
    app.anonymous().get("/an/invented/path").send().await.assert_not_found();
    let invented = Method::from_bytes(b"INVENTED").unwrap();
    app.anonymous().request(invented, "/v1/token").send().await.assert_status(405);
    let user = format!("/v1/admin/users/{}/lock", app.admin().id);
    app.admin().put(&user).send().await.assert_status(409);

    let metrics = Metrics::of(&app.anonymous()).await;
    let requests =
        |labels: &str| metrics.count(&format!("symbolon_http_requests_total{{{labels}}}"));
    assert_eq!(requests(r#"method="GET",route="/v1/token",status="2xx""#), 2);
    assert_eq!(requests(r#"method="GET",route="/v1/token",status="4xx""#), 1);
    assert_eq!(requests(r#"method="HEAD",route="/v1/token",status="2xx""#), 1);
    assert_eq!(requests(r#"method="other",route="/v1/token",status="4xx""#), 1);
    assert_eq!(requests(r#"method="GET",route="none",status="4xx""#), 1);
    assert_eq!(requests(r#"method="PUT",route="/v1/admin/users/{id}/lock",status="4xx""#), 1);
    assert_eq!(metrics.count(r#"symbolon_failed_credentials_total{answer="refused"}"#), 1);
    for part in ["invented", "INVENTED", &*app.admin().id] {
        assert!(!metrics.text().contains(part), "{part} in\n{}", metrics.text());
    }

    let labels = r#"method="GET",route="/v1/token""#;
    let name = "symbolon_http_request_duration_seconds";
    assert_eq!(metrics.count(&format!("{name}_count{{{labels}}}")), 3);
    let bounds = ["0.001", "0.0025", "0.005", "0.01", "0.025", "0.05", "0.1"];
    let more = ["0.25", "0.5", "1", "2.5", "5", "10", "+Inf"];
    let counts: Vec<_> = bounds
        .iter()
        .chain(&more)
        .map(|bound| metrics.value(&format!("{name}_bucket{{{labels},le=\"{bound}\"}}")))
        .map(|value| value.expect("a bucket for each bound"))
        .collect();
    assert!(counts.is_sorted() && counts.last() == Some(&3.0), "{counts:?}");
}

pub(crate) async fn commands_are_counted_by_what_became_of_them(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    alice.post("/v1/user/api-token/regenerate").send().await.assert_status(409);
    alice.generate_token().await;
    alice.regenerate_token().await;
    alice.revoke_token().await.assert_status(204);
    alice.revoke_token().await.assert_status(204);
    let again = || {
        let body = serde_json::json!({ "name": "Again" });
        app.admin().post("/v1/admin/accounts").header("idempotency-key", "once").json(body).send()
    };
    let before = Metrics::of(&app.anonymous()).await;
    again().await.assert_status(201);
    again().await.assert_status(201);
    let after = Metrics::of(&app.anonymous()).await;

    let tokens = |outcome: &str| {
        let labels = format!("{{aggregate=\"token\",outcome=\"{outcome}\"}}");
        after.count(&format!("symbolon_commands_total{labels}"))
    };
    assert_eq!((tokens("done"), tokens("unchanged"), tokens("refused")), (3, 1, 1));
    assert_eq!(after.count("symbolon_command_duration_seconds_count{aggregate=\"token\"}"), 5);
    let accounts = |outcome: &str| {
        let sample =
            format!("symbolon_commands_total{{aggregate=\"account\",outcome=\"{outcome}\"}}");
        after.count(&sample) - before.count(&sample)
    };
    assert_eq!((accounts("done"), accounts("repeated")), (1, 1));
}

pub(crate) async fn metrics_tell_of_nobody(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let account = app.admin().open_account("Analytical Engines").await;
    app.admin().put_member(&account, &alice.id, "admin").await;
    let token = alice.generate_token().await;
    let client = app.with_token(&token).in_account(&account);
    client.account().await.assert_status(200);
    let campaign = client.post("/v1/campaigns").json(serde_json::json!({ "name": "Countess" }));
    let campaign = campaign.send().await.assert_status(201).string("id");
    let webhook = client.post(&format!("/v1/campaigns/{campaign}/webhook")).send().await;
    let url = webhook.assert_status(201).string("url");
    let (_, path) = url.split_once("/v1/").unwrap();
    let body = serde_json::json!({ "email": "ada@analytical.test" });
    app.anonymous().post(&format!("/v1/{path}")).json(body).send().await.assert_status(202);
    app.anonymous().get(&format!("/{token}")).send().await.assert_not_found();
    alice.sign_in().await.assert_status(200);

    let secret = path.split('/').nth(1).unwrap();
    let scanner = Scanner::new(&[
        ("the token", secret_part(&token)),
        ("the webhook URL", secret_part(secret)),
        ("the e-mail address", &alice.email),
        ("the password", &alice.password),
        ("the user", &alice.id),
        ("the account", &account),
        ("the account's name", "Analytical Engines"),
        ("the campaign", &campaign),
        ("the prospect", "ada@analytical.test"),
        ("the user's name", "alice"),
    ]);
    let metrics = Metrics::of(&app.anonymous()).await;
    let hits = scanner.search(metrics.text().as_bytes());
    assert!(hits.is_empty(), "{hits:?}");
    // They were counted all the same.
    let by_webhook = r#"method="POST",route="/v1/webhooks/{secret}/prospects",status="2xx""#;
    assert_eq!(metrics.count(&format!("symbolon_http_requests_total{{{by_webhook}}}")), 1);
}

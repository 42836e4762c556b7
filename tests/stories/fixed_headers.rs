//! What every answer says to browsers.

use tests::{Answer, Store, TestApp, on_both_stores};

on_both_stores!(
    pages_load_nothing_from_elsewhere_and_cannot_be_framed,
    what_is_no_page_can_do_nothing_as_one
);

fn policy(answer: &Answer) -> Vec<&str> {
    answer.header("content-security-policy").unwrap().split("; ").collect()
}

pub(crate) async fn pages_load_nothing_from_elsewhere_and_cannot_be_framed(store: Store) {
    let app = TestApp::new(store).await;
    for (path, status) in [("/sign-in", 200), ("/docs", 200), ("/nowhere", 404)] {
        let page = app.anonymous().get(path).header("accept", "text/html").send().await;
        let page = page.assert_status(status);
        let policy = policy(&page);
        for directive in
            ["default-src 'none'", "script-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"]
        {
            assert!(policy.contains(&directive), "{path}: {policy:?}");
        }
        let elsewhere = ["http", "*", "unsafe", "blob:"];
        assert!(!elsewhere.iter().any(|it| policy.join("; ").contains(it)), "{path}: {policy:?}");
        assert_eq!(page.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(page.header("referrer-policy"), Some("same-origin"), "{path}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"), "{path}");
    }
}

pub(crate) async fn what_is_no_page_can_do_nothing_as_one(store: Store) {
    let app = TestApp::new(store).await;
    let token = app.user("alice").await.generate_token().await;
    for answer in [
        app.with_token(&token).whoami().await.assert_status(200),
        app.anonymous().get("/v1/token").send().await.assert_status(401),
        app.anonymous().get("/v1/nowhere").header("accept", "text/html").send().await,
        app.anonymous().get("/livez").send().await.assert_status(200),
        app.anonymous().get("/").send().await.assert_status(303),
    ] {
        let said = |name| answer.header(name);
        assert_eq!(policy(&answer), ["default-src 'none'", "frame-ancestors 'none'"], "{answer:?}");
        assert_eq!(said("x-content-type-options"), Some("nosniff"), "{answer:?}");
        assert_eq!(said("cache-control"), Some("no-store"), "{answer:?}");
    }
}

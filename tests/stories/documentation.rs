//! The API describes itself: to programs at `/openapi.json`, to people at `/docs`.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{Answer, Store, TestApp, on_both_stores};

on_both_stores!(
    a_program_reads_what_the_api_is,
    whoever_has_the_document_is_not_sent_it_again,
    a_person_reads_it_without_another_site,
);

pub(crate) async fn a_program_reads_what_the_api_is(store: Store) {
    let app = TestApp::new(store).await;
    let answer = app.anonymous().get("/openapi.json").send().await.assert_status(200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let document = answer.json();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    let routes: BTreeSet<_> = api::router::ROUTES
        .iter()
        .filter(|(_, path)| path.starts_with("/v1/") || path.ends_with('z') || *path == "/metrics")
        .map(|(method, path)| (method.to_lowercase(), path.to_string()))
        .collect();
    assert_eq!(described(&document), routes);
}

/// Method and path of every operation.
fn described(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap();
    let methods = |item: &Value| item.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    paths
        .iter()
        .flat_map(|(path, item)| methods(item).into_iter().map(|method| (method, path.clone())))
        .collect()
}

pub(crate) async fn whoever_has_the_document_is_not_sent_it_again(store: Store) {
    let app = TestApp::new(store).await;
    let ask = |known: String| app.anonymous().get("/openapi.json").header("if-none-match", &known);
    let first = ask("\"other\"".to_owned()).send().await.assert_status(200);
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("cache-control"), Some("no-cache"));
    let again = ask(tag.clone()).send().await.assert_status(304);
    assert_eq!((again.header("etag"), again.body.len()), (Some(&*tag), 0));
}

pub(crate) async fn a_person_reads_it_without_another_site(store: Store) {
    let app = TestApp::new(store).await;
    let page = app.anonymous().get("/docs").send().await.assert_status(200);
    assert!(page.header("content-type").unwrap().starts_with("text/html"));
    let pages_policy = app.anonymous().get("/sign-in").send().await;
    let policy = "content-security-policy";
    assert_eq!(page.header(policy), pages_policy.header(policy), "as strict as for every page");
    let links = links(&page);
    for kind in ["text/css", "text/javascript", "image/svg+xml", "application/json"] {
        let mut found = Vec::new();
        for link in &links {
            let there = app.anonymous().get(link).send().await.assert_status(200);
            if there.header("content-type").unwrap().starts_with(kind) {
                assert!(!there.body.is_empty(), "{link}");
                found.push(link);
            }
        }
        assert!(!found.is_empty(), "no {kind} among {links:?}");
    }
}

/// Where the page leads, all of it paths of this server.
fn links(page: &Answer) -> Vec<String> {
    let text = page.text();
    let values = ["href=\"", "src=\""].map(|attribute| text.split(attribute).skip(1));
    let links: Vec<_> = values
        .into_iter()
        .flatten()
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    assert!(links.iter().all(|link| link.starts_with('/') && !link.starts_with("//")), "{links:?}");
    assert!(!text.contains("://"), "{text}");
    links
}

//! Lists in pages: nothing is skipped, nothing comes twice, in both directions.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::{Client, Store, TestApp, on_both_stores};

on_both_stores!(
    a_list_is_walked_forward_and_backward,
    what_is_added_meanwhile_disturbs_no_walk,
    a_history_is_walked_while_it_grows,
    a_page_has_ten_entries_unless_asked_otherwise,
    a_bad_limit_or_cursor_is_refused,
);

#[derive(Debug, PartialEq)]
struct Page {
    entries: Vec<String>,
    next: Option<String>,
    previous: Option<String>,
}

async fn page(client: &Client, list: &str, key: &str, limit: u8, cursor: Option<&str>) -> Page {
    let cursor = cursor.map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
    let answer = client.get(&format!("{list}?limit={limit}{cursor}")).send().await;
    let answer = answer.assert_status(200).assert_fields(&["data", "hasMore", "next", "previous"]);
    let body = answer.json();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let entries: Vec<_> =
        body["data"].as_array().unwrap().iter().map(|it| it[key].to_string()).collect();
    assert!(entries.len() <= usize::from(limit), "{body}");
    assert_eq!(body["hasMore"], !body["next"].is_null(), "{body}");
    Page { entries, next: text(&body["next"]), previous: text(&body["previous"]) }
}

async fn walk(client: &Client, list: &str, key: &str, limit: u8) -> Vec<Page> {
    let mut pages = vec![page(client, list, key, limit, None).await];
    while let Some(next) = pages.last().unwrap().next.clone() {
        pages.push(page(client, list, key, limit, Some(&next)).await);
    }
    pages
}

fn all(pages: &[Page]) -> Vec<String> {
    pages.iter().flat_map(|page| page.entries.clone()).collect()
}

fn distinct(entries: &[String]) -> usize {
    entries.iter().collect::<BTreeSet<_>>().len()
}

pub(crate) async fn a_list_is_walked_forward_and_backward(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    for number in 0..11 {
        root.invite(&format!("user-{number}")).await;
        root.open_account(&format!("Account {number}")).await;
    }
    for list in ["/v1/admin/users", "/v1/admin/accounts"] {
        let whole = all(&walk(root, list, "id", 100).await);
        assert_eq!((whole.len(), distinct(&whole)), (12, 12));
        for limit in [1, 4, 5, 12] {
            let pages = walk(root, list, "id", limit).await;
            assert_eq!(all(&pages), whole, "{list} by {limit}");
            assert_eq!(pages.len(), 12_usize.div_ceil(usize::from(limit)), "{list} by {limit}");
            assert_eq!(pages[0].previous, None);

            let mut backward = Vec::new();
            let mut here = pages.last().unwrap().previous.clone();
            while let Some(cursor) = here {
                let before = page(root, list, "id", limit, Some(&cursor)).await;
                backward.insert(0, before.entries);
                here = before.previous;
            }
            let forward: Vec<_> = pages.iter().map(|page| page.entries.clone()).collect();
            assert_eq!(backward, forward[..forward.len() - 1], "{list} by {limit}");
        }
    }
}

pub(crate) async fn what_is_added_meanwhile_disturbs_no_walk(store: Store) {
    let app = TestApp::new(store).await;
    let root = app.admin();
    for number in 0..9 {
        root.invite(&format!("early-{number}")).await;
    }
    let before = all(&walk(root, "/v1/admin/users", "id", 100).await);

    let mut seen = Vec::new();
    let mut cursor: Option<String> = None;
    for number in 0..1_000 {
        let page = page(root, "/v1/admin/users", "id", 2, cursor.as_deref()).await;
        seen.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        if number < 5 {
            root.invite(&format!("late-{number}")).await;
        }
    }
    assert_eq!(cursor, None, "the walk ends");
    assert_eq!(distinct(&seen), seen.len(), "nobody comes twice");
    seen.retain(|id| before.contains(id));
    assert_eq!(seen, before, "nobody is skipped");
}

pub(crate) async fn a_history_is_walked_while_it_grows(store: Store) {
    const LIST: &str = "/v1/user/api-token/history";
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    app.user("bob").await.generate_token().await;
    alice.generate_token().await;
    for _ in 0..8 {
        alice.regenerate_token().await;
    }
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(&alice, LIST, "generation", 2, cursor.as_deref()).await;
        seen.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
        alice.regenerate_token().await;
    }
    let newest_first: Vec<_> = (1..=9).rev().map(|generation| generation.to_string()).collect();
    assert_eq!(seen, newest_first);

    let newest = page(&alice, LIST, "generation", 2, None).await;
    assert_eq!(newest.entries, ["13", "12"]);
    let older = page(&alice, LIST, "generation", 2, newest.next.as_deref()).await;
    let back = page(&alice, LIST, "generation", 2, older.previous.as_deref()).await;
    assert_eq!(back.entries, newest.entries);
}

pub(crate) async fn a_page_has_ten_entries_unless_asked_otherwise(store: Store) {
    let app = TestApp::new(store).await;
    for number in 0..10 {
        app.admin().invite(&format!("user-{number}")).await;
    }
    let first = app.admin().get("/v1/admin/users").send().await.assert_status(200).json();
    assert_eq!(first["data"].as_array().unwrap().len(), 10);
    assert_eq!(first["hasMore"], true);
}

pub(crate) async fn a_bad_limit_or_cursor_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    for list in ["/v1/admin/users", "/v1/admin/accounts", "/v1/user/api-token/history"] {
        for query in [
            "limit=0",
            "limit=101",
            "limit=-1",
            "limit=ten",
            "limit=",
            "limit=1.5",
            "limit=99999999999999999999",
            "cursor=nonsense",
            "cursor=%00",
            "cursor=AAAA",
            "cursor=",
            "cursor=n",
            "cursor=x1",
            "cursor=ng",
            "cursor=n1%20",
        ] {
            let answer = app.admin().get(&format!("{list}?{query}")).send().await;
            answer.assert_validation_error();
        }
        app.admin().get(&format!("{list}?limit=1")).send().await.assert_status(200);
        app.admin().get(&format!("{list}?limit=100")).send().await.assert_status(200);
    }
}

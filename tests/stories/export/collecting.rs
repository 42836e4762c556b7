//! A system that collects events asks again and again for what is new.

use std::process::{Command, Stdio};

use domain::log::Examined;
use serde_json::Value;
use tests::reaper::Scratch;
use tests::{Store, TestApp, on_both_stores};

use super::{VALIDATE_OCSF, by_python, export, fresh, history};

on_both_stores!(
    a_collector_that_polls_gets_everything_once_and_in_order,
    a_collector_can_have_events_of_ocsf,
    a_place_that_the_log_does_not_have_is_refused,
);

const DOCUMENT: &str = include_str!("../../../docs/AUDIT.md");

/// The poller of the documentation, as it stands there.
fn poller() -> &'static str {
    let (_, section) = DOCUMENT.split_once("### A poller\n").expect("the section is there");
    let (_, example) = section.split_once("```sh\n").expect("it has an example");
    example.split_once("```").expect("a fence is closed").0
}

pub(crate) async fn a_collector_that_polls_gets_everything_once_and_in_order(store: Store) {
    let app = TestApp::unlimited(store).await;
    let audrey = app.auditor().await;
    let token = audrey.generate_token().await;
    let folder = Scratch::new("collector");
    let poll = async || {
        let mut bash = Command::new("bash");
        bash.args(["-eu", "-c", poller()]).current_dir(folder.path()).stdin(Stdio::null());
        bash.env("SYMBOLON_TOKEN", &token);
        bash.env("SYMBOLON_URL", format!("http://{}", app.server().address()));
        let output = tokio::task::spawn_blocking(move || bash.output()).await.unwrap().unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    let mut writers = tokio::task::JoinSet::new();
    for name in ["alice", "bob", "carol", "dave"] {
        let user = app.user(name).await;
        writers.spawn(async move {
            for _ in 0..60 {
                user.generate_token().await;
            }
        });
    }
    while !writers.is_empty() {
        poll().await;
        while let Some(ended) = writers.try_join_next() {
            ended.unwrap();
        }
    }
    let size = fresh(&audrey).await.head.size;
    poll().await;
    let inbox = std::fs::read_to_string(folder.path().join("inbox")).unwrap();
    let whole = export(&audrey, &format!("?to={size}")).await;
    assert_eq!(inbox, whole.text(), "{} polls", inbox.lines().count());
    let origin = "127.0.0.1".parse().unwrap();
    for (position, line) in (1..).zip(inbox.split_inclusive('\n')) {
        let examined = Examined::of(line.as_bytes(), &origin);
        assert!(matches!(examined, Examined::Whole { position: at, .. } if at == position));
    }
    // Nothing is new, and the place stays.
    poll().await;
    assert_eq!(std::fs::read_to_string(folder.path().join("inbox")).unwrap(), inbox);
    assert_eq!(std::fs::read_to_string(folder.path().join("place")).unwrap(), size.to_string());
}

pub(crate) async fn a_collector_can_have_events_of_ocsf(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    history(&app).await;
    let size = fresh(&audrey).await.head.size;
    let (mut after, mut lines) = ("0".to_owned(), String::new());
    loop {
        let target = format!("/v1/audit/events?format=ocsf&limit=7&after={after}");
        let answer = audrey.get(&target).send().await.assert_status(200);
        let answer = answer.assert_fields(&["data", "hasMore", "next"]);
        let body = answer.json();
        let data = body["data"].as_array().unwrap();
        assert!(data.len() <= 7);
        lines.extend(data.iter().map(|event| format!("{event}\n")));
        after = answer.string("next");
        if body["hasMore"] == false {
            break;
        }
        assert_eq!(data.len(), 7);
    }
    assert_eq!(after, size.to_string());
    let whole = export(&audrey, &format!("?format=ocsf&to={size}")).await;
    assert_eq!(lines, whole.text());
    let said: Value = serde_json::from_str(&by_python(VALIDATE_OCSF, lines.as_bytes())).unwrap();
    let seen: u64 = said.as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    assert_eq!(seen, size);
}

pub(crate) async fn a_place_that_the_log_does_not_have_is_refused(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let size = fresh(&audrey).await.head.size;
    let ask = async |query: String| audrey.get(&format!("/v1/audit/events?{query}")).send().await;
    let at_the_end = ask(format!("after={size}")).await.assert_status(200).json();
    assert_eq!(at_the_end["data"], Value::Array(vec![]));
    assert_eq!(at_the_end["next"], size.to_string());
    for bad in [
        format!("after={}", size + 1),
        format!("after={}", u64::MAX),
        "after=-1".to_owned(),
        "after=n1".to_owned(),
        "limit=0".to_owned(),
        "limit=1001".to_owned(),
        "format=csv".to_owned(),
        "cursor=1".to_owned(),
    ] {
        ask(bad).await.assert_validation_error();
    }
}

//! Every read is recorded before its answer leaves, and no answer leaves when it cannot be.

use serde_json::{Value, json};
use tests::answer::keys;
use tests::sql::Connection;
use tests::{Client, Ledger, Store, TestApp, on_both_stores};

use super::{column, list, page};

on_both_stores!(
    every_read_is_recorded_the_refused_ones_too,
    reads_are_found_by_what_is_asked,
    whoever_may_not_ask_fills_no_table_by_asking,
    what_cannot_be_recorded_is_not_told,
);

const FIELDS: [&str; 13] = [
    "address",
    "id",
    "method",
    "parameters",
    "readAt",
    "reader",
    "readerId",
    "requestId",
    "route",
    "status",
    "tokenId",
    "userAgent",
    "via",
];

const UNKNOWN: &str = "0198c0de-ffff-7000-8000-000000000001";

pub(crate) async fn every_read_is_recorded_the_refused_ones_too(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let secret = audrey.generate_token().await;
    let token = app.with_token(&secret);
    let token_id = audrey.token_state().await.string("tokenId");
    let secrets_user = alice.generate_token().await;

    let mut expected = Vec::new();
    let mut ask = async |client: &Client, target: &str, status: u16, parameters: Value| {
        let answer = client.get(target).header("user-agent", "audit/1").send().await;
        let answer = answer.assert_status(status);
        let route = target.split('?').next().unwrap().to_owned();
        let id = answer.header("x-request-id").unwrap().to_owned();
        expected.push((route, status, parameters, id));
    };
    let user = |id: &str| json!([{ "name": "user", "value": id }]);
    ask(&audrey, "/v1/audit/tokens", 200, json!([])).await;
    ask(&audrey, &format!("/v1/audit/tokens?user={}", alice.id), 200, user(&alice.id)).await;
    ask(
        &audrey,
        "/v1/audit/checkpoint?fresh=true",
        200,
        json!([{ "name": "fresh", "value": "true" }]),
    )
    .await;
    ask(&audrey, "/v1/audit/key", 200, json!([])).await;
    let position = json!([{ "name": "position", "value": "1" }]);
    ask(&audrey, "/v1/audit/proofs/inclusion?position=1", 200, position).await;
    let from = json!([{ "name": "from", "value": "1" }]);
    ask(&audrey, "/v1/audit/proofs/consistency?from=1", 200, from).await;
    let unknown = json!([{ "name": "token", "value": UNKNOWN }]);
    ask(&audrey, &format!("/v1/audit/actions?token={UNKNOWN}"), 404, unknown).await;
    ask(&audrey, "/v1/audit/tokens?user=hunter2", 400, json!([{ "name": "user", "value": null }]))
        .await;
    // Nobody's business, and yet theirs who watch.
    ask(&alice, &format!("/v1/audit/tokens?user={}", audrey.id), 403, user(&audrey.id)).await;
    ask(&alice, "/v1/audit/reads", 403, json!([])).await;
    let hidden = json!([{ "name": "x", "value": null }]);
    ask(&alice, &format!("/v1/audit/reads?x=%20{secrets_user}"), 403, hidden).await;
    ask(&alice, "/v1/audit/tokens", 200, json!([])).await;
    ask(&token, "/v1/audit/leavers", 200, json!([])).await;
    // Of whom nothing is known nothing is recorded.
    app.anonymous().get("/v1/audit/tokens").send().await.assert_no_credential();
    let in_the_url = format!("/v1/audit/tokens?hint={secret}");
    audrey.get(&in_the_url).send().await.assert_refused(400, "InvalidRequest");

    let reads = list(&audrey, "/v1/audit/reads?limit=100").await;
    assert_eq!(reads.len(), expected.len());
    for (read, (route, status, parameters, id)) in reads.iter().rev().zip(&expected) {
        assert_eq!(keys(read), FIELDS);
        assert_eq!((&read["route"], &read["status"]), (&json!(route), &json!(status)));
        assert_eq!(read["parameters"], *parameters, "{route}");
        assert_eq!((&read["requestId"], &read["method"]), (&json!(id), &json!("GET")));
        assert_eq!(
            (&read["address"], &read["userAgent"]),
            (&json!("127.0.0.1"), &json!("audit/1"))
        );
    }
    let (by, auditors, alices) = (column(&reads, "reader"), &*audrey.email, &*alice.email);
    let readers = [[auditors; 8].as_slice(), &[alices; 4], &[auditors]].concat();
    assert!(by.iter().rev().eq(&readers), "{by:?}");
    assert_eq!((&reads[0]["via"], &reads[0]["tokenId"]), (&json!("token"), &json!(token_id)));
    assert_eq!((&reads[1]["via"], &reads[1]["tokenId"]), (&json!("session"), &Value::Null));
    // Asking who asked is asking.
    let again = list(&audrey, "/v1/audit/reads?limit=100").await;
    assert_eq!(again.len(), reads.len() + 1);
    assert_eq!(again[0]["route"], "/v1/audit/reads");
    // In a body it is said by which kind, and no more.
    let clue = json!({ "token": secret });
    audrey.post("/v1/audit/identify").json(clue).send().await.assert_status(200);
    let last = &list(&audrey, "/v1/audit/reads?limit=100").await[0];
    assert_eq!((&last["method"], &last["route"]), (&json!("POST"), &json!("/v1/audit/identify")));
    assert_eq!(last["parameters"], json!([{ "name": "by", "value": "token" }]));
    let recorded = format!("{:?}", Ledger::read(app.database()).await.rows("audit_reads"));
    for secret in [&secret, &secrets_user] {
        assert!(!recorded.contains(&secret["alta_pat_".len()..][..12]), "{recorded}");
    }
}

pub(crate) async fn whoever_may_not_ask_fills_no_table_by_asking(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    let mut asked = 0;
    loop {
        let answer = alice.get("/v1/audit/key").send().await;
        if answer.status == 429 {
            break;
        }
        answer.assert_forbidden();
        asked += 1;
        assert!(asked < 1_000, "nobody stops this");
    }
    let recorded = Ledger::read(app.database()).await.rows("audit_reads").len();
    assert_eq!(recorded, asked);
    // What she may ask she may go on asking.
    alice.get("/v1/audit/tokens").send().await.assert_status(200);
}

pub(crate) async fn reads_are_found_by_what_is_asked(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    for target in ["/v1/audit/tokens", "/v1/audit/key", "/v1/audit/tokens", "/v1/audit/leavers"] {
        audrey.get(target).send().await.assert_status(200);
    }
    alice.get("/v1/audit/tokens").send().await.assert_status(200);
    alice.get("/v1/audit/key").send().await.assert_forbidden();
    let all = list(&audrey, "/v1/audit/reads?limit=100").await;
    let routes = column(&all, "route");
    assert_eq!(routes[..2], ["/v1/audit/key", "/v1/audit/tokens"]);
    assert_eq!(routes.len(), 6);
    let times = column(&all, "readAt");
    for (query, expected) in [
        (format!("reader={}", alice.id), vec![0, 1]),
        ("route=/v1/audit/tokens".to_owned(), vec![1, 3, 5]),
        ("route=/v1/audit/key".to_owned(), vec![0, 4]),
        (format!("route=/v1/audit/key&reader={}", audrey.id), vec![4]),
        (format!("until={}", times[3]), vec![4, 5]),
        (format!("since={}&until={}", times[4], times[1]), vec![2, 3, 4]),
        (format!("reader={UNKNOWN}"), vec![]),
    ] {
        let found = list(&audrey, &format!("/v1/audit/reads?limit=100&{query}")).await;
        let expected: Vec<_> = expected.into_iter().map(|number: usize| &all[number]).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query}");
    }
    // Page by page, though every page is a read itself.
    let (mut met, mut cursor) = (Vec::new(), None);
    let there = list(&audrey, "/v1/audit/reads?limit=100").await;
    let target = format!("/v1/audit/reads?limit=2&until={}", next_after(&there[0]));
    loop {
        let (entries, next) = page(&audrey, &target, cursor.as_deref()).await;
        met.extend(entries);
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(met, there);
}

/// A microsecond after it.
fn next_after(read: &Value) -> String {
    let at: chrono::DateTime<chrono::Utc> = read["readAt"].as_str().unwrap().parse().unwrap();
    (at + chrono::TimeDelta::microseconds(1)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

/// The table is taken away, and brought back.
pub(crate) async fn what_cannot_be_recorded_is_not_told(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, alice) = (app.auditor().await, app.user("alice").await);
    let token = alice.generate_token().await;
    let mut connection = Connection::open(app.database()).await;
    connection.execute("ALTER TABLE audit_reads RENAME TO taken_away").await.unwrap();
    let id = alice.token_state().await.string("tokenId");
    for target in [
        "/v1/audit/tokens".to_owned(),
        "/v1/audit/tokens/as-of".to_owned(),
        format!("/v1/audit/tokens/lineage?token={id}"),
        format!("/v1/audit/actions?token={id}"),
        "/v1/audit/leavers".to_owned(),
        "/v1/audit/stale?olderThan=1d".to_owned(),
        "/v1/audit/reads".to_owned(),
        "/v1/audit/checkpoint".to_owned(),
        "/v1/audit/key".to_owned(),
        "/v1/audit/proofs/inclusion?position=1".to_owned(),
        "/v1/audit/proofs/consistency?from=1".to_owned(),
        "/v1/audit/tokens?limit=0".to_owned(),
    ] {
        let answer = audrey.get(&target).send().await.assert_refused(503, "Unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"), "{target}");
        let said = answer.text();
        assert!(!said.contains(&alice.id) && !said.contains(&alice.email), "{said}");
    }
    let identify =
        async || audrey.post("/v1/audit/identify").json(json!({ "token": token })).send().await;
    identify().await.assert_refused(503, "Unavailable");
    alice.get("/v1/audit/reads").send().await.assert_refused(503, "Unavailable");
    // Nothing else depends on it.
    app.with_token(&token).whoami().await.assert_user("alice");
    alice.regenerate_token().await;
    connection.execute("ALTER TABLE taken_away RENAME TO audit_reads").await.unwrap();
    connection.close().await;
    identify().await.assert_status(200);
    assert_eq!(list(&audrey, "/v1/audit/reads").await.len(), 1);
}

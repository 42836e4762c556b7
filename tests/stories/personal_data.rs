//! Whoever is called or added to a campaign is known to the tables made for that, and to nothing else:
//! not to events, which nobody can erase, and not to logs.

use serde_json::{Value, json};
use tests::integration::{call_to_ada, with};
use tests::ledger::Event;
use tests::scanner::Scanner;
use tests::{Client, Database, Ledger, Settings, Store, TestApp, on_both_stores};

on_both_stores!(people_are_in_the_tables_made_for_them_and_nowhere_else);

/// The tables that hold people.
const THEIR_OWN: [&str; 2] = ["call_details", "prospect_profiles"];

/// What is told of people, each text in one place only.
const CALLED: [&str; 8] = [
    "Augusta Ada King-Noel",
    "+442071838750",
    "augusta.king@analytical.test",
    "ticket of the countess",
    "+442071838751",
    "when she asks for Charles",
    "One moment, my lady.",
    "Lady Lovelace for you.",
];
const ADDED: [&str; 7] = [
    "Grace Brewster",
    "Murray Hopper",
    "Eckert-Mauchly Computers",
    "Rear admiral of the fleet",
    "grace.hopper@mauchly.test",
    "https://www.linkedin.com/in/grace-hopper-1906",
    "+12025550143",
];

fn call(assistant: &str) -> Value {
    let [name, number, email, data, transfer, description, message, to_receiver] = CALLED;
    with(
        call_to_ada(assistant),
        &json!({
            "name": name,
            "phoneNumber": number,
            "email": email,
            "data": { "about": data },
            "callTransfer": {
                "phoneNumber": transfer,
                "description": description,
                "message": message,
                "messageToReceiver": to_receiver,
            },
        }),
    )
}

fn record() -> Value {
    let [first, last, company, job, email, page, phone] = ADDED;
    json!({
        "firstName": first, "lastName": last, "company": company, "jobTitle": job,
        "email": email, "linkedinUrl": page, "phone": phone,
    })
}

/// The same with one thing wrong, so that all the rest is in a request that is refused.
fn wrong_forms(good: &Value, wrap: impl Fn(Value) -> Value) -> Vec<Value> {
    let mut wrong = Vec::new();
    for (field, value) in good.as_object().unwrap() {
        let text = value.as_str().unwrap_or(CALLED[0]);
        let mut values = vec![json!(7), json!([text]), json!("a\0b")];
        values.extend(value.is_string().then(|| json!({ text: text })));
        let bodies = values.into_iter().map(|it| wrap(with(good.clone(), &json!({ field: it }))));
        wrong.extend(bodies);
    }
    for text in CALLED.iter().chain(&ADDED) {
        wrong.push(wrap(with(good.clone(), &json!({ *text: 1 }))));
        wrong.push(json!(text));
    }
    wrong
}

async fn refuse(client: &Client, target: &str, bodies: Vec<Value>) {
    for body in bodies {
        let answer = client.post(target).json(body).send().await;
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
}

pub(crate) async fn people_are_in_the_tables_made_for_them_and_nowhere_else(store: Store) {
    let settings = Settings::new().flag("--log", "trace").unlimited();
    let mut app = TestApp::with(Database::new(store).await, settings).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let campaign = alice.create_campaign("Spring").await;
    let (calls, adds) = ("/v1/assistant/calls", format!("/v1/campaigns/{campaign}/prospects"));
    let hook = tests::integration::path_of(&alice.rotate_webhook(&campaign).await);
    let tool = app.anonymous();
    refuse(&alice, calls, wrong_forms(&call(&assistant), |body| body)).await;
    refuse(&alice, &adds, wrong_forms(&record(), |record| json!({ "data": [record] }))).await;
    refuse(&tool, &hook, wrong_forms(&record(), |record| record)).await;
    for _ in 0..2 {
        let keyed = |client: &Client, target: &str, body: Value| {
            client.post(target).header("idempotency-key", "key").json(body)
        };
        keyed(&alice, calls, call(&assistant)).send().await.assert_status(200);
        let records = json!({ "data": [record(), record()] });
        alice.user.post(&adds).json(records).send().await.assert_status(200);
        tool.post(&hook).json(record()).send().await.assert_status(202);
    }
    alice.entries("/v1/calls").await;
    alice.entries(&adds).await;
    alice.user.get(&format!("/accounts/{}", app.account_id())).send().await.assert_status(200);

    let ledger = Ledger::read(app.database()).await;
    let log = app.stop().await.stderr;
    assert!(log.contains("TRACE") && log.contains("sqlx"), "the log is not talkative:\n{log}");
    let people: Vec<_> = CALLED.iter().chain(&ADDED).map(|text| (*text, *text)).collect();
    let scanner = Scanner::new(&people);
    let mut hits = scanner.search(log.as_bytes());
    let events = |event: &Event| scanner.search(format!("{event:?}").as_bytes());
    hits.extend(ledger.events.iter().flat_map(events));
    let mut their_own = Vec::new();
    for (table, rows) in &ledger.tables {
        if THEIR_OWN.contains(table) {
            their_own.push(format!("{rows:?}"));
        } else {
            hits.extend(scanner.search(format!("{table}: {rows:?}").as_bytes()));
        }
    }
    for answer in app.answers().iter().filter(|answer| !answer.status.is_success()) {
        hits.extend(scanner.search(&answer.everything()));
    }
    assert!(hits.is_empty(), "{} leaks, the first of them:\n{}", hits.len(), hits[0]);
    for text in CALLED.iter().chain(&ADDED) {
        let known = |rows: &String| rows.contains(text);
        assert!(their_own.iter().any(known), "{text} is nowhere");
    }
    assert!(ledger.events.len() > 8, "{:?}", ledger.events);
}

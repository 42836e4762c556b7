//! `kill -9` of the server while it tells a receiver what happens, and two servers that tell together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::RngExt;
use serde::Deserialize;
use serde_json::json;
use tests::reaper::Scratch;
use tests::seed::seeded;
use tests::server::Process;
use tests::{
    Actor, Database, EndpointsFile, Ledger, Receiver, Server, Store, TestApp, eventually,
    on_both_stores, until,
};
use tokio::task::JoinSet;

use crate::crew::Crew;

on_both_stores!(a_killed_server_tells_everything_that_happened_in_order_and_nothing_else);

const KILLS: usize = 10;
const SECRET: &str = "whsec_bm90IGEgc2VjcmV0LCBmb3IgdGhlIHRlc3RzIG9ubHk=";

/// Everything must have come by then: a claim of a killed server runs out after 20 seconds.
const PATIENCE: Duration = Duration::from_mins(3);

/// A message, as the receiver wrote it down.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    r#type: String,
    valid: bool,
    status: u16,
}

/// The receiver on Node.
struct NodeReceiver {
    _process: Process,
    folder: Scratch,
    port: u16,
}

impl NodeReceiver {
    async fn start() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(
            tests.join("node_modules/standardwebhooks").is_dir(),
            "run `npm ci --ignore-scripts` in tests/ first, as tests/all.sh does"
        );
        let folder = Scratch::new("receiver");
        let mut command = Command::new("node");
        command.arg(tests.join("faults/receiver.mjs")).arg(SECRET);
        command.arg(folder.path().join("received")).stdin(Stdio::piped());
        let mut process = Process::spawn(command);
        let port = process.line(|line| line.strip_prefix("listening ")?.parse().ok()).await;
        Self { _process: process, folder, port: port.expect("the receiver listens") }
    }

    /// Every message so far, in the order in which they came.
    fn lines(&self) -> Vec<Line> {
        let text = std::fs::read_to_string(self.folder.path().join("received")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    /// The ids of messages that were taken.
    fn taken(&self) -> BTreeSet<String> {
        let lines = self.lines().into_iter();
        lines.filter(|line| line.status == 204).map(|line| line.id).collect()
    }
}

/// Has people called and added to campaigns until the server is gone.
async fn call_and_add(actor: Actor, assistant_id: String, campaign_id: String) {
    let prospects = format!("/v1/campaigns/{campaign_id}/prospects");
    for number in 0.. {
        let call = json!({
            "assistantId": assistant_id, "name": "Grace", "phoneNumber": "+14155552671",
        });
        let called = actor.post("/v1/assistant/calls").json(call).try_send().await;
        let record = json!({ "data": [{ "email": format!("{number}@example.test") }] });
        let added = actor.post(&prospects).json(record).try_send().await;
        let (Ok(called), Ok(added)) = (called, added) else { return };
        if [called.status, added.status].iter().any(|status| *status == 429) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// The ids of the messages that the events call for.
fn announced(ledger: &Ledger) -> BTreeSet<String> {
    let told = |event: &&tests::ledger::Event| {
        let kind = event.event_type.as_str();
        kind.starts_with("Token")
            || ["CallTriggered", "ProspectsAdded", "MemberRemoved"].contains(&kind)
    };
    let id = |event: &tests::ledger::Event| {
        format!("msg_{}_{}_{}", event.aggregate_type, event.aggregate_id, event.sequence)
    };
    ledger.events.iter().filter(told).map(id).collect()
}

/// Expects that of each aggregate, messages came for the first time in the order of its events.
fn assert_in_order(lines: &[Line]) {
    let mut seen = BTreeSet::new();
    let mut last = BTreeMap::<&str, u64>::new();
    for line in lines.iter().filter(|line| seen.insert(&line.id)) {
        let (aggregate, sequence) = line.id.rsplit_once('_').expect("an aggregate and a number");
        let sequence = sequence.parse().expect("a number");
        let before = last.insert(aggregate, sequence).unwrap_or_default();
        assert!(before < sequence, "{} came after {before}", line.id);
    }
}

async fn a_killed_server_tells_everything_that_happened_in_order_and_nothing_else(store: Store) {
    let mut chance = seeded("a_killed_server_tells_everything_that_happened");
    let receiver = NodeReceiver::start().await;
    let url = format!("http://127.0.0.1:{}/hooks", receiver.port);
    let file = EndpointsFile::with_schedule(&[1; 30]).at("crm", &url, SECRET, "");
    let database = Database::new(store).await;
    let mut app = TestApp::with(database, file.settings_on_this_machine()).await;
    let assistants = format!("/v1/admin/accounts/{}/assistants", app.account_id());
    let assistant = json!({ "name": "Front desk", "phoneNumber": "+14155550100" });
    let assistant = app.admin().post(&assistants).json(assistant).send().await.string("id");
    let campaign = json!({ "name": "Spring" });
    let campaign = app.admin().post("/v1/campaigns").json(campaign).send().await.string("id");
    let mut crew = Crew::of(8, &app).await;
    let (mut killed_in_flight, mut sent_before) = (0, 0);
    for round in 0..KILLS {
        let leaver = app.user(&format!("leaver-{round}")).await;
        app.admin().remove_member(app.account_id(), &leaver.id).await;
        let mut callers = JoinSet::new();
        callers.spawn(call_and_add(app.admin().clone(), assistant.clone(), campaign.clone()));
        crew.work(chance.random_range(5..40)).await;
        tokio::time::sleep(Duration::from_micros(chance.random_range(0..20_000))).await;
        app.kill();
        crew.stopped().await;
        callers.join_all().await;
        app.start().await;
        crew.check(&app).await;
        let unfinished = undelivered(&app).await;
        killed_in_flight += usize::from(unfinished > 0);
        sent_before = receiver.lines().len();
    }
    let expected = announced(&Ledger::read(app.database()).await);
    let come = async || {
        let taken = receiver.taken();
        let missing: Vec<_> = expected.difference(&taken).collect();
        let (count, of) = (missing.len(), expected.len());
        if count == 0 { Ok(()) } else { Err(format!("{count} of {of} never came: {missing:?}")) }
    };
    let begun = Instant::now();
    eventually(PATIENCE, come).await;
    let lines = receiver.lines();
    let extra: Vec<_> = lines.iter().filter(|line| !expected.contains(&line.id)).collect();
    assert!(extra.is_empty(), "nothing of the kind happened: {extra:?}");
    let forged: Vec<_> = lines.iter().filter(|line| !line.valid).collect();
    assert!(forged.is_empty(), "{forged:?}");
    assert_in_order(&lines);
    let kinds: BTreeSet<_> = lines.iter().map(|line| &*line.r#type).collect();
    println!(
        "{store:?}: {KILLS} kills, {} messages in {} attempts of {kinds:?}, {killed_in_flight} times \
         with deliveries open",
        expected.len(),
        lines.len()
    );
    assert!(
        kinds.len() >= 5 && expected.len() > 100 && sent_before > 50,
        "hardly anything happened"
    );
    assert!(killed_in_flight > KILLS / 2, "hardly any kill met a delivery");
    let is_known = async || undelivered(&app).await == 0;
    let left = PATIENCE.saturating_sub(begun.elapsed());
    until("the receiver took them, and the server does not know", left, is_known).await;
}

/// How many deliveries are not done, of the last hundred.
async fn undelivered(app: &TestApp) -> usize {
    let list = app.admin().get("/v1/admin/deliveries?status=pending&limit=100").send().await;
    list.assert_status(200).json()["data"].as_array().unwrap().len()
}

/// Replaces the user's token again and again.
async fn rotate(actor: Actor, times: usize) {
    actor.generate_token().await;
    for _ in 0..times {
        actor.regenerate_token().await;
    }
}

#[tokio::test]
async fn two_servers_on_one_database_tell_everything_once() {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let settings = file.settings_on_this_machine();
    let app = TestApp::with(Database::new(Store::Postgres).await, settings.clone()).await;
    let _second = Server::start(app.database(), &settings).await;
    let mut rotators = JoinSet::new();
    for number in 0..8 {
        rotators.spawn(rotate(app.user(&format!("user-{number}")).await, 20));
    }
    rotators.join_all().await;
    let expected = announced(&Ledger::read(app.database()).await);
    assert_eq!(expected.len(), 8 * 21);
    let are_all_delivered = async || match undelivered(&app).await {
        0 => Ok(()),
        _ => Err(format!("{} of {}", receiver.messages().len(), expected.len())),
    };
    eventually(PATIENCE, are_all_delivered).await;
    let messages = receiver.messages();
    let came: BTreeSet<_> = messages.iter().map(|message| message.id.clone()).collect();
    assert_eq!((came, messages.len()), (expected.clone(), expected.len()));
}

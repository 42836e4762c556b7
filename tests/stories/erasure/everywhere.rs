//! A user with unmistakable name, addresses and program does everything, and is looked for everywhere.

use std::path::PathBuf;

use domain::log::Origin;
use projections::Log;
use projections::postgres::Postgres;
use projections::sqlite::Sqlite;
use serde_json::{Value, json};
use sqlx::Executor;
use tests::binary::{self, finish};
use tests::integration::prospect;
use tests::postgres::Cluster;
use tests::reaper::Scratch;
use tests::scanner::Scanner;
use tests::sql::Connection;
use tests::{Actor, Client, Database, Ledger, Settings, Store, TestApp, on_both_stores};

use super::listed;

on_both_stores!(nothing_tells_who_an_erased_user_was);

const NAME: &str = "Quentin Zanzibar-Quill";
const EMAIL: &str = "quentin.zanzibar@quill.test";
const PASSWORD: &str = "Quill and parchment 1711";
const AGENT: &str = "QuillBrowser/17.11 (Zanzibar)";
const TOOL: &str = "quill-cron/0.4";
const ADDRESS: [u8; 4] = [127, 77, 41, 133];

/// Where one can look for what is kept.
struct Places {
    cluster: Option<Cluster>,
    database: String,
    files: PathBuf,
}

impl Places {
    async fn new(store: Store) -> (Self, Database) {
        match store {
            Store::Sqlite => {
                let database = Database::new(store).await;
                let files = database.data_directory().to_owned();
                (Self { cluster: None, database: String::new(), files }, database)
            }
            Store::Postgres => {
                let cluster = Cluster::new(&[]);
                let database = Database::on(&cluster).await;
                let name = database.url().unwrap().rsplit('/').next().unwrap().to_owned();
                let files = cluster.data_directory().join("base");
                (Self { cluster: Some(cluster), database: name, files }, database)
            }
        }
    }

    /// What is found in the tables, by whoever copies them.
    fn in_tables(&self, scanner: &Scanner) -> Vec<String> {
        match &self.cluster {
            None => scanner.search_files(&self.files),
            Some(cluster) => scanner.search(&cluster.dump(&self.database)),
        }
    }

    /// What is found in the files, by whoever has the disk; on PostgreSQL after its operator did what
    /// docs/OPERATIONS.md says.
    async fn in_files(&self, scanner: &Scanner) -> Vec<String> {
        if let Some(cluster) = &self.cluster {
            let mut superuser = cluster.connect(&self.database).await;
            for command in documented_commands() {
                superuser.execute(command).await.unwrap();
            }
        }
        scanner.search_files(&self.files)
    }
}

/// What operators are told to run after an erasure.
fn documented_commands() -> impl Iterator<Item = &'static str> {
    let text = include_str!("../../../docs/OPERATIONS.md");
    let (_, section) = text.split_once("## Erasing a person").expect("a section");
    let (_, block) = section.split_once("```sql\n").expect("a block of SQL");
    let commands = block.split_once("```").expect("it ends").0.split(';');
    commands.map(str::trim).filter(|command| !command.is_empty())
}

/// Someone comes in and does everything that leaves a trace.
async fn live(app: &TestApp) -> (Actor, Vec<String>) {
    let root = app.admin();
    let body = json!({ "email": EMAIL, "name": NAME });
    let invited = root.post("/v1/admin/users").json(body).send().await.assert_status(201);
    let here = |client: Client, agent: &str| {
        client.connecting_from(ADDRESS.into()).with_header("user-agent", agent)
    };
    let browser = here(app.browser(), AGENT);
    let body = json!({ "code": invited.string("setupCode"), "password": PASSWORD });
    browser.post("/v1/setup").json(body).send().await.assert_status(201);
    let (name, email, password) = (NAME.to_owned(), EMAIL.to_owned(), PASSWORD.to_owned());
    let quill = Actor::known(browser, invited.string("id"), name, email, password);
    root.put_member(app.account_id(), &quill.id, "admin").await;
    quill.sign_in().await.assert_status(200);
    let mut tokens = vec![quill.generate_token().await];
    tokens.push(quill.regenerate_token().await);
    let tool = here(app.with_token(&tokens[1]), TOOL);
    tool.trigger_call(&app.assistant().await).await.assert_status(200);
    let campaign = tool.create_campaign("Spring").await;
    let target = format!("/v1/campaigns/{campaign}/prospects");
    let records = json!({ "data": [prospect("ada")] });
    tool.post(&target).json(records).send().await.assert_status(200);
    tool.rotate_webhook(&campaign).await;
    quill.revoke_token().await;
    tokens.push(quill.generate_token().await);
    (quill, tokens)
}

/// Everything that the rest of the world reads.
async fn read(app: &TestApp, bob: &Actor) -> Vec<Value> {
    let mut all: Vec<Value> = vec![bob.history().await.into()];
    for target in ["/v1/calls", "/v1/campaigns", "/v1/assistants"] {
        all.push(bob.entries(target).await.into());
    }
    let campaign = all[2][0]["id"].as_str().unwrap().to_owned();
    all.push(bob.entries(&format!("/v1/campaigns/{campaign}/prospects")).await.into());
    all.push(listed(app.admin(), &bob.id).await);
    all
}

async fn note(auditor: &Actor) -> String {
    auditor.get("/v1/audit/checkpoint?fresh=true").send().await.assert_status(200).text()
}

/// `symbolon audit verify`, of everything that the log holds.
async fn verify(database: &Database, origin: &Origin, notes: &[&str]) {
    let events = match database.store() {
        Store::Sqlite => {
            let store = Sqlite::open(&database.sqlite_file()).await.unwrap();
            let events = store.list_log_events(0, 1_000).await.unwrap();
            store.close().await;
            events
        }
        Store::Postgres => {
            let store = Postgres::open(database.url().unwrap()).await.unwrap();
            store.list_log_events(0, 1_000).await.unwrap()
        }
    };
    let folder = Scratch::new("erasure");
    let path = |name: &str| folder.path().join(name);
    let lines: Vec<_> = events.iter().map(|event| event.line(origin).unwrap() + "\n").collect();
    std::fs::write(path("export"), lines.concat()).unwrap();
    let mut command = binary::command();
    command.args(["audit", "verify"]).arg(path("export"));
    for (number, note) in notes.iter().enumerate() {
        std::fs::write(path(&number.to_string()), note).unwrap();
        command.arg("--checkpoint").arg(path(&number.to_string()));
    }
    let ended = finish(command, "");
    assert!(ended.status.success(), "{ended:?}");
}

pub(crate) async fn nothing_tells_who_an_erased_user_was(store: Store) {
    let (places, database) = Places::new(store).await;
    let mut app = TestApp::with(database, Settings::new().unlimited()).await;
    let auditor = app.admin().invite_with_roles("audrey", &["auditor"]).await;
    let audrey = app.accept(&auditor).await;
    let bob = app.user("bob").await;
    bob.generate_token().await;
    let (quill, tokens) = live(&app).await;

    let mut connection = Connection::open(app.database()).await;
    let of_quill = format!("WHERE user_id = '{}'", quill.id);
    let hash =
        connection.value(&format!("SELECT password_hash FROM user_profiles {of_quill}")).await;
    let address = std::net::IpAddr::from(ADDRESS).to_string();
    let all = [
        ("name", NAME),
        ("e-mail address", EMAIL),
        ("browser", AGENT),
        ("tool", TOOL),
        ("address", &address),
        ("password hash", &hash),
    ];
    for known in all {
        assert!(!places.in_tables(&Scanner::new(&[known])).is_empty(), "no {} is kept", known.0);
    }
    let scanner = Scanner::new(&all);
    let count = "SELECT CAST(count(*) AS text) FROM token_history ";
    let history = connection.value(&format!("{count}{of_quill}")).await;
    assert_eq!(history, "4");
    let (before, world, old_note) =
        (Ledger::read(app.database()).await, read(&app, &bob).await, note(&audrey).await);

    app.admin().lock(&quill.id).await;
    app.admin().erase(&quill.id).await;

    assert_eq!(places.in_tables(&scanner), [""; 0]);
    assert_eq!(places.in_files(&scanner).await, [""; 0]);
    for token in &tokens {
        app.with_token(token).whoami().await.assert_invalid_api_token();
    }
    assert_eq!(read(&app, &bob).await, world, "to everyone else it reads as before");
    // The lock and the token that it killed came; nothing went.
    assert_eq!(connection.value(&format!("{count}{of_quill}")).await, "5");
    let after = Ledger::read(app.database()).await;
    after.assert_tables_follow_from_events();
    assert_eq!(after.events.len(), before.events.len() + 3);
    let calls = bob.entries("/v1/calls").await;
    assert_eq!(calls[0]["actor"]["userId"], *quill.id);
    let page = bob.get(&format!("/accounts/{}", app.account_id())).send().await;
    assert!(page.text().contains("by an erased user with token 2"), "{}", page.text());

    let new_note = note(&audrey).await;
    let origin: Origin = old_note.lines().next().unwrap().parse().unwrap();
    connection.close().await;
    let log = app.stop().await.stderr;
    assert_eq!(scanner.search(log.as_bytes()), [""; 0], "the log");
    verify(app.database(), &origin, &[&old_note, &new_note]).await;
    assert_eq!(places.in_tables(&scanner), [""; 0], "after the stop");
}

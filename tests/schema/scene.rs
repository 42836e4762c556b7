//! A server with something in it, and everyone who tries the document on it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tests::integration::secret_of;
use tests::reaper::Scratch;
use tests::{Actor, Database, EndpointsFile, Integration, Store, TestApp};

use crate::report::Report;
use crate::runs::{Run, Sender};

pub(crate) struct Scene {
    pub(crate) app: TestApp,
    member: Integration,
    leaver: Integration,
    auditor: Actor,
    auditor_token: String,
    admin_token: String,
    configuration: String,
    assistant: String,
    folder: Scratch,
    _endpoints: EndpointsFile,
}

impl Scene {
    pub(crate) async fn set(store: Store) -> Self {
        // Nobody listens there, and once is enough: the delivery is dead and can be replayed.
        let endpoints = EndpointsFile::with_schedule(&[]).at(
            "nobody",
            "http://127.0.0.1:9/",
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
            "events = [\"member.removed\"]",
        );
        let settings = endpoints.settings_on_this_machine().unlimited();
        let settings = settings.flag("--gateway-cidrs", "127.0.0.1/32");
        let app = TestApp::with(Database::new(store).await, settings).await;
        let member = app.integration("member", "admin").await;
        let leaver = app.integration("leaver", "member").await;
        let admin_token = app.admin().generate_token().await;
        let auditor = app.auditor().await;
        let auditor_token = auditor.generate_token().await;
        let assistant = app.assistant().await;
        Self {
            configuration: configuration(&app, &assistant, &auditor).await,
            app,
            member,
            leaver,
            auditor,
            auditor_token,
            admin_token,
            assistant,
            folder: Scratch::new("schema"),
            _endpoints: endpoints,
        }
    }

    /// Lets schemathesis loose, and judges what it reports.
    pub(crate) fn carry_out(&self, run: &Run) -> Report {
        let file = |name: &str| self.folder.path().join(format!("{}.{name}", run.name));
        let configuration = self.configuration.clone() + &self.credential(run.sender);
        fs::write(file("toml"), configuration).expect("the folder is ours");
        let report = file("json");
        let mut command = tests::python::program("schemathesis");
        command.env("ASSISTANT", &self.assistant);
        command.arg("--config-file").arg(file("toml")).arg("run");
        command.args(["--checks", "all", "--seed", &crate::seed().to_string()]);
        let examples = run.examples * crate::times();
        command.args(["--max-examples", &examples.to_string(), "--report", "json"]);
        command.arg("--report-json-path").arg(&report).args(run.operations.options());
        command.arg(format!("http://{}/openapi.json", self.app.server().address()));
        let output = command.current_dir(self.folder.path()).output().expect("schemathesis runs");
        let [said, complained] =
            [output.stdout, output.stderr].map(|it| String::from_utf8_lossy(&it).into_owned());
        let said = said + &complained;
        assert!(report.exists(), "{}: no report: {said}", run.name);
        let report = Report::read(&report);
        report.assert_clean(run, &said);
        report
    }

    /// What the sender has to show, as configuration.
    fn credential(&self, sender: Sender) -> String {
        let bearer = |token: &str| format!("[auth.openapi.bearer]\nbearer = \"{token}\"\n");
        let session = |actor: &Actor| {
            let cookie = actor.cookie_header().expect("a session");
            let (_, value) = cookie.split_once('=').expect("name=value");
            format!("[auth.openapi.session]\napi_key = \"{value}\"\n")
        };
        let credential = match sender {
            Sender::Nobody => String::new(),
            Sender::MemberByToken => bearer(&self.member.token),
            Sender::MemberBySession => session(&self.member.user),
            Sender::AdminByToken => bearer(&self.admin_token),
            Sender::AdminBySession => session(self.app.admin()),
            Sender::AuditorByToken => bearer(&self.auditor_token),
            Sender::AuditorBySession => session(&self.auditor),
            Sender::LeaverByToken => bearer(&self.leaver.token),
            Sender::LeaverBySession => session(&self.leaver.user),
        };
        format!("\n{credential}")
    }
}

/// The configuration without a credential: what there is to name.
async fn configuration(app: &TestApp, assistant: &str, auditor: &Actor) -> String {
    let root = app.admin();
    let (mut campaigns, mut calls, mut users, mut assistants) = (vec![], vec![], vec![], vec![]);
    let other = root.open_account("Other").await;
    for number in 0..4 {
        campaigns.push(root.create_campaign(&format!("Campaign {number}")).await);
        calls.push(root.trigger_call(assistant).await.string("id"));
        users.push(root.invite(&format!("user-{number}")).await.user_id);
        assistants.push(root.add_assistant(&other).await);
    }
    // Of a campaign that no other request names.
    let own = root.create_campaign("By URL").await;
    let url = root.rotate_webhook(&own).await;
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/hooks.py");
    let mut text = include_str!("schemathesis.toml").to_owned();
    for (word, ids) in [
        ("CAMPAIGNS", &campaigns),
        ("CALLS", &calls),
        ("USERS", &users),
        ("ASSISTANTS", &assistants),
        ("DELIVERIES", &dead_deliveries(app, &other).await),
        ("TOKENS", &tokens(auditor).await),
    ] {
        text = text.replace(&format!("= {word}"), &format!("= {ids:?}"));
    }
    for (word, value) in [
        ("HOOKS", hooks.display().to_string()),
        ("ACCOUNT", app.account_id().to_owned()),
        ("OTHER", other),
        ("SECRET", secret_of(&url).to_owned()),
    ] {
        text = text.replace(&format!("\"{word}\""), &format!("\"{value}\""));
    }
    text
}

/// Tokens that were made.
async fn tokens(auditor: &Actor) -> Vec<String> {
    let made = auditor.get("/v1/audit/tokens").send().await.assert_status(200);
    let id = |entry: &Value| entry["tokenId"].as_str().expect("an id").to_owned();
    made.json()["data"].as_array().expect("a list").iter().map(id).collect()
}

/// Deliveries that were given up.
async fn dead_deliveries(app: &TestApp, account_id: &str) -> Vec<String> {
    let root = app.admin();
    root.put_member(account_id, &root.id, "viewer").await;
    root.remove_member(account_id, &root.id).await;
    loop {
        let dead = root.get("/v1/admin/deliveries?status=dead").send().await.assert_status(200);
        let ids = |entry: &Value| entry["id"].as_str().expect("an id").to_owned();
        let ids: Vec<_> = dead.json()["data"].as_array().expect("a list").iter().map(ids).collect();
        if !ids.is_empty() {
            return ids;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

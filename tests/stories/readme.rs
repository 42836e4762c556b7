//! The README's examples for integrations do what the README says, as they stand there.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use tests::python::python;
use tests::server::Ended;
use tests::{Client, Store, TestApp, on_both_stores};

const README: &str = include_str!("../../README.md");
const SECTION: &str = "## Use it from your integration\n";

on_both_stores!(the_examples_for_integrations_work);

/// The fenced blocks of the section in this language.
fn examples(language: &str) -> Vec<&'static str> {
    let (_, section) = README.split_once(SECTION).expect("the section is there");
    let section = section.split("\n## ").next().unwrap_or(section);
    let fence = format!("```{language}\n");
    section
        .split(&*fence)
        .skip(1)
        .map(|rest| rest.split("```").next().expect("a fence is closed"))
        .collect()
}

/// Runs an example with the variables that the section's first block exports.
fn run(mut program: Command, example: &str, integration: &Integration) -> Ended {
    program
        .env("SYMBOLON_URL", &integration.url)
        .env("SYMBOLON_TOKEN", &integration.token)
        .env("SYMBOLON_ACCOUNT", &integration.account)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = program.spawn().unwrap_or_else(|error| panic!("{program:?}: {error}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(example.as_bytes()).expect("the program reads its example");
    drop(stdin);
    let output = child.wait_with_output().expect("the child is ours");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the examples print text");
    let ended =
        Ended { status: output.status, stdout: text(output.stdout), stderr: text(output.stderr) };
    assert!(ended.status.success(), "{example}\n{ended:?}");
    ended
}

struct Integration {
    url: String,
    token: String,
    account: String,
}

async fn the_examples_for_integrations_work(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.user("alice").await;
    // In a second account, so that the header is needed.
    let account = app.admin().open_account("Second").await;
    app.admin().put_member(&account, &alice.id, "member").await;
    let assistants = format!("/v1/admin/accounts/{account}/assistants");
    let nova = json!({ "name": "Nova", "phoneNumber": "+14155550100" });
    app.admin().post(&assistants).json(nova).send().await.assert_status(201);
    let token = alice.generate_token().await;
    let url = format!("http://{}", app.server().address());
    let integration = Integration { url, token: token.clone(), account: account.clone() };
    let client = app.with_token(&token).in_account(&account);

    let [settings, call] = examples("sh")[..] else { panic!("two blocks for the shell") };
    for name in ["SYMBOLON_URL", "SYMBOLON_TOKEN", "SYMBOLON_ACCOUNT"] {
        assert!(settings.contains(&format!("export {name}=")), "{settings}");
    }
    one_person_is_phoned_once(call, &integration, &client).await;
    prospects_are_added(&integration, &client).await;
    calls_are_listed(&integration, &client).await;
}

async fn one_person_is_phoned_once(example: &str, integration: &Integration, client: &Client) {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut bash = Command::new("bash");
        bash.args(["-eu", "-s"]);
        answers.push(run(bash, example, integration).stdout);
    }
    assert_eq!(answers[0], answers[1], "sent again, the same answer");
    let calls = client.entries("/v1/calls").await;
    let [call] = &calls[..] else { panic!("one call: {calls:?}") };
    assert_eq!(call["to"], "+14155552671");
    assert_eq!(call["data"], json!({ "ticketId": "T12345" }));
    assert!(answers[0].contains(call["id"].as_str().unwrap()), "{answers:?}");
}

async fn prospects_are_added(integration: &Integration, client: &Client) {
    let [example] = examples("python")[..] else { panic!("one block for Python") };
    let mut interpreter = python();
    interpreter.arg("-");
    let said = run(interpreter, example, integration).stdout;
    let campaigns = client.entries("/v1/campaigns").await;
    let [campaign] = &campaigns[..] else { panic!("one campaign: {campaigns:?}") };
    assert_eq!(campaign["name"], "Spring");
    let prospects = client.prospects(campaign["id"].as_str().unwrap()).await;
    let ids: Vec<_> = prospects.iter().rev().map(|it| it["id"].as_str().unwrap()).collect();
    assert_eq!(said, format!("0 added {}\n1 added {}\n", ids[0], ids[1]));
}

async fn calls_are_listed(integration: &Integration, client: &Client) {
    let [example] = examples("javascript")[..] else { panic!("one block for JavaScript") };
    let mut node = Command::new("node");
    node.args(["--input-type=module", "-"]);
    let said = run(node, example, integration).stdout;
    let call = &client.entries("/v1/calls").await[0];
    let created_at = call["createdAt"].as_str().unwrap();
    assert_eq!(said, format!("{created_at} +14155552671 registered\n"));
}

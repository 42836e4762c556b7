//! The service works under a role that may insert and read events and no more, as docs/OPERATIONS.md grants it.

use serde_json::json;
use sqlx::Executor;
use tests::binary::{self, finish};
use tests::postgres::Cluster;
use tests::sql::Connection;
use tests::{Database, EndpointsFile, Ledger, Receiver, Store, TestApp};

const ROLE: &str = "symbolon_app";

/// The grants as operators read them.
fn documented_grants() -> &'static str {
    let text = include_str!("../../docs/OPERATIONS.md");
    let (_, section) = text.split_once("### The role that serves").expect("a section");
    let (_, block) = section.split_once("```sql\n").expect("a block of SQL");
    block.split_once("```").expect("it ends").0
}

/// A database whose tables belong to one role, as another reaches it.
async fn granted() -> (Database, Database) {
    let mut superuser = Cluster::shared().connect("postgres").await;
    superuser.execute(&*format!("CREATE ROLE {ROLE} LOGIN")).await.unwrap();
    let owned = Database::new(Store::Postgres).await;
    let mut migrate = binary::command();
    migrate.arg("migrate").args(owned.arguments());
    let ended = finish(migrate, "");
    assert!(ended.status.success(), "{ended:?}");
    let mut connection = Connection::open(&owned).await;
    connection.execute(documented_grants()).await.unwrap();
    let url = owned.url().unwrap().replace("symbolon@", &format!("{ROLE}@"));
    (owned, Database::at(url))
}

#[tokio::test]
async fn the_service_needs_no_right_to_change_events() {
    let (owned, used) = granted().await;
    let receiver = Receiver::start().await;
    let endpoints =
        EndpointsFile::new("").endpoint("crm", &receiver, r#"events = ["token.regenerated"]"#);
    let settings = endpoints.settings_on_this_machine();
    let mut app = TestApp::with(used, settings).await;
    live(&app).await;
    app.stop().await;
    app.start().await;
    live(&app).await;
    let ledger = Ledger::read(&owned).await;
    ledger.assert_tables_follow_from_events();
    assert!(ledger.rows("event_log").len() > 30, "{}", ledger.rows("event_log").len());
    assert!(!ledger.rows("log_checkpoints").is_empty());

    let rights = "SELECT string_agg(privilege_type, ' ' ORDER BY privilege_type) FROM information_schema.role_table_grants
                  WHERE grantee = 'symbolon_app' AND table_name = ";
    let mut connection = Connection::open(app.database()).await;
    for table in ["events", "event_log", "log_nodes", "log_checkpoints", "token_history"] {
        assert_eq!(
            connection.value(&format!("{rights}'{table}'")).await,
            "INSERT SELECT",
            "{table}"
        );
        for attempt in [
            format!("UPDATE {table} SET {} = {0}", first_column(table)),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
            format!("ALTER TABLE {table} DISABLE TRIGGER ALL"),
            format!("DROP TABLE {table} CASCADE"),
        ] {
            let error = connection.execute(&attempt).await.expect_err(&attempt);
            let code = error.as_database_error().and_then(|error| error.code().map(String::from));
            assert_eq!(code.as_deref(), Some("42501"), "{attempt}: {error}");
            let said = error.to_string();
            assert!(said.contains("permission denied") || said.contains("must be owner"), "{said}");
        }
    }
}

fn first_column(table: &str) -> &'static str {
    match table {
        "events" => "payload",
        "event_log" => "position",
        "log_nodes" => "level",
        "log_checkpoints" => "size",
        _ => "sequence",
    }
}

/// Everything that writes.
async fn live(app: &TestApp) {
    let admin = app.admin();
    let number = admin.get("/v1/admin/users?limit=100").send().await.json()["data"]
        .as_array()
        .unwrap()
        .len();
    let auditor = admin.invite_with_roles(&format!("auditor-{number}"), &["auditor"]).await;
    let auditor = app.accept(&auditor).await;
    let alice = app.integration(&format!("alice-{number}"), "member").await;
    alice.user.regenerate_token().await;
    let token = alice.user.regenerate_token().await;
    let alice = app.with_token(&token);
    alice.whoami().await.assert_status(200);

    let assistant = app.assistant().await;
    let call = json!({ "assistantId": assistant, "name": "Bob", "phoneNumber": "+14155552671" });
    for _ in 0..2 {
        let request =
            alice.post("/v1/assistant/calls").header("idempotency-key", &format!("call-{number}"));
        request.json(call.clone()).send().await.assert_status(200);
    }
    let campaign =
        alice.post("/v1/campaigns").json(json!({ "name": "Spring" })).send().await.string("id");
    let prospects =
        json!({ "data": [{ "email": "ada@example.test" }, { "email": "bob@example.test" }] });
    alice
        .post(&format!("/v1/campaigns/{campaign}/prospects"))
        .json(prospects)
        .send()
        .await
        .assert_status(200);
    let webhook = format!("/v1/campaigns/{campaign}/webhook");
    alice.post(&webhook).send().await.assert_status(201);
    alice.post(&webhook).send().await.assert_status(201);
    alice.delete(&webhook).send().await.assert_status(204);
    alice.post(&format!("/v1/campaigns/{campaign}/archive")).send().await.assert_status(204);
    admin.remove_assistant(app.account_id(), &assistant).await;

    let carol = app.user(&format!("carol-{number}")).await;
    carol.generate_token().await;
    carol.revoke_token().await;
    carol.sign_in().await.assert_status(200);
    admin.put_member(app.account_id(), &carol.id, "viewer").await;
    admin.remove_member(app.account_id(), &carol.id).await;
    admin.lock(&carol.id).await;
    admin.unlock(&carol.id).await;
    carol.sign_out().await;
    auditor.get("/v1/audit/checkpoint?fresh=true").send().await.assert_status(200);
}

//! The tables of names cannot be read: whoever holds a token is told everything else.

use serde_json::{Value, json};
use sqlx::Executor;
use tests::postgres::Cluster;
use tests::{Database, Settings, TestApp};

#[tokio::test]
async fn names_that_cannot_be_had_are_null_and_nobody_is_refused_for_them() {
    let cluster = Cluster::new(&[]);
    for verifier in ["replica", "direct"] {
        let database = Database::on(&cluster).await;
        let app = TestApp::with(database, Settings::new().flag("--verifier", verifier)).await;
        let alice = app.user("alice").await;
        let bearer = app.with_token(&alice.generate_token().await);
        let url = app.database().url().unwrap();
        let mut holder = cluster.connect(url.rsplit_once('/').unwrap().1).await;
        let lock = "BEGIN; LOCK TABLE user_profiles, account_profiles IN ACCESS EXCLUSIVE MODE";
        holder.execute(lock).await.unwrap();

        let nameless = bearer.get("/v1/token").send().await.assert_status(200).json();
        assert_eq!(nameless["active"], true);
        assert_eq!(nameless["user"], json!({ "id": alice.id, "name": null }));
        let account = json!({ "id": app.account_id(), "name": null, "role": "member" });
        assert_eq!(nameless["accounts"], json!([account]));
        let account = bearer.account().await.assert_status(200).json();
        assert_eq!((&account["role"], &account["name"]), (&json!("member"), &Value::Null));

        holder.execute("ROLLBACK").await.unwrap();
        let named = bearer.whoami().await.assert_user("alice").json();
        assert_eq!(
            named["accounts"][0]["name"], "Main",
            "{verifier}: what could not be had is not kept"
        );
    }
}

//! Which token was live at an instant, and what its owner could do.

use serde_json::{Value, json};
use tests::{Client, Store, TestApp, on_both_stores};

on_both_stores!(the_past_is_told_as_it_was_at_any_instant, one_asks_about_ones_own_past,);

const FIELDS: [&str; 9] = [
    "at",
    "locked",
    "memberships",
    "registered",
    "roles",
    "token",
    "tokenAccepted",
    "user",
    "userId",
];

async fn as_of(client: &Client, user: &str, at: &str) -> Value {
    let target = format!("/v1/audit/tokens/as-of?user={user}&at={at}");
    client.get(&target).send().await.assert_status(200).assert_fields(&FIELDS).json()
}

/// When the latest event happened.
async fn latest(app: &TestApp) -> String {
    let ledger = tests::Ledger::read(app.database()).await;
    let times = ledger.events.iter().map(|event| &event.payload[&event.event_type]["at"]);
    times.map(|at| at.as_str().unwrap().to_owned()).max().unwrap()
}

pub(crate) async fn the_past_is_told_as_it_was_at_any_instant(store: Store) {
    let app = TestApp::new(store).await;
    let (audrey, root) = (app.auditor().await, app.admin());
    let alice = app.user_in_no_account("alice").await;
    let account = app.account_id();
    let mut moments = vec![(latest(&app).await, "-", json!([]), false)];
    let mut then = async |generation: &'static str, memberships: Value, locked: bool| {
        moments.push((latest(&app).await, generation, memberships, locked));
    };
    let member = |role: &str| json!([{ "accountId": account, "name": "Main", "role": role }]);
    alice.generate_token().await;
    then("1", json!([]), false).await;
    root.put_member(account, &alice.id, "viewer").await;
    then("1", member("viewer"), false).await;
    alice.regenerate_token().await;
    then("2", member("viewer"), false).await;
    root.put_member(account, &alice.id, "admin").await;
    then("2", member("admin"), false).await;
    root.lock(&alice.id).await;
    then("-", member("admin"), true).await;
    root.unlock(&alice.id).await;
    then("-", member("admin"), false).await;
    alice.sign_in().await.assert_status(200);
    alice.generate_token().await;
    then("3", member("admin"), false).await;
    root.remove_member(account, &alice.id).await;
    then("3", json!([]), false).await;

    for (at, generation, memberships, locked) in &moments {
        let state = as_of(&audrey, &alice.id, at).await;
        assert_eq!((&state["user"], &state["userId"]), (&json!(alice.email), &json!(alice.id)));
        assert_eq!(state["registered"], true);
        assert_eq!(state["memberships"], *memberships, "{at}");
        assert_eq!(state["locked"], *locked, "{at}");
        assert_eq!(state["roles"], json!([]));
        let live = match *generation {
            "-" => Value::Null,
            generation => json!(generation.parse::<u32>().unwrap()),
        };
        assert_eq!(state["token"]["generation"], live, "{at}");
        assert_eq!(state["tokenAccepted"], !live.is_null() && !locked);
    }
    let before = as_of(&audrey, &alice.id, "2001-01-01T00:00:00Z").await;
    assert_eq!((&before["registered"], &before["token"]), (&json!(false), &Value::Null));
    let auditors = as_of(&audrey, &audrey.id, &moments[0].0).await;
    assert_eq!(auditors["roles"], json!(["auditor"]));
    // Without a time it is now; a moment that has not come has no state.
    let target = format!("/v1/audit/tokens/as-of?user={}", alice.id);
    let now = audrey.get(&target).send().await.assert_status(200).json();
    assert_eq!(now["token"]["generation"], 3);
    let future = format!("{target}&at=2999-01-01T00:00:00Z");
    audrey.get(&future).send().await.assert_validation_error();
    let nobody = "/v1/audit/tokens/as-of?user=0198c0de-ffff-7000-8000-000000000001";
    audrey.get(nobody).send().await.assert_not_found();
    for query in ["user=alice", "at=yesterday", "at=2026-01-01", "when=now"] {
        let target = format!("/v1/audit/tokens/as-of?{query}");
        audrey.get(&target).send().await.assert_validation_error();
    }
}

pub(crate) async fn one_asks_about_ones_own_past(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let token = app.with_token(&alice.generate_token().await);
    let own = alice.get("/v1/audit/tokens/as-of").send().await.assert_status(200).json();
    assert_eq!((&own["userId"], &own["token"]["generation"]), (&json!(alice.id), &json!(1)));
    let named = format!("/v1/audit/tokens/as-of?user={}", alice.id);
    alice.get(&named).send().await.assert_status(200);
    bob.get(&named).send().await.assert_forbidden();
    app.admin().get(&named).send().await.assert_forbidden();
    token.get(&named).send().await.assert_forbidden();
}

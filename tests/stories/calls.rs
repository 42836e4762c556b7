//! An integration has an assistant call someone.

use std::slice::from_ref;

use serde_json::{Value, json};
use tests::answer::keys;
use tests::integration::{ASSISTANT_NUMBER, call_to_ada, with};
use tests::{Client, Ledger, Store, TestApp, on_both_stores};

use crate::account_header::UNKNOWN;

pub(crate) const CALL: [&str; 15] = [
    "actor",
    "assistantId",
    "callTransfer",
    "callType",
    "createdAt",
    "data",
    "email",
    "from",
    "id",
    "name",
    "objectType",
    "status",
    "timezone",
    "to",
    "updatedAt",
];

on_both_stores!(
    a_call_is_triggered_and_can_be_looked_up,
    everything_that_is_told_about_a_call_comes_back,
    an_unknown_a_foreign_and_a_removed_assistant_look_alike,
    a_call_of_another_account_is_not_there,
    a_call_names_who_triggered_it_and_with_which_token,
    calls_are_listed_newest_first_while_others_are_added,
    a_viewer_sees_calls_and_triggers_none,
    whoever_loses_the_right_triggers_no_more_calls,
);

pub(crate) async fn a_call_is_triggered_and_can_be_looked_up(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let answer = alice.trigger_call(&assistant).await.assert_status(200).assert_fields(&CALL);
    assert_eq!(answer.header("x-account-id"), Some(app.account_id()));
    let call = answer.json();
    for (field, value) in [
        ("objectType", json!("call")),
        ("callType", json!("outbound")),
        ("status", json!("registered")),
        ("assistantId", json!(assistant)),
        ("from", json!(ASSISTANT_NUMBER)),
        ("to", json!("+14155552671")),
        ("name", json!("Ada")),
        ("email", json!(null)),
        ("timezone", json!(null)),
        ("data", json!(null)),
        ("callTransfer", json!(null)),
        ("updatedAt", call["createdAt"].clone()),
    ] {
        assert_eq!(call[field], value, "{field}");
    }
    let id = answer.string("id");
    id.parse::<uuid::Uuid>().expect("ids are UUIDs");
    assert_eq!(alice.call(&id).await.assert_status(200).json(), call);
    assert_eq!(alice.entries("/v1/calls").await, from_ref(&call));
    let upper = id.to_uppercase();
    assert_eq!(alice.call(&upper).await.assert_status(200).json(), call);
}

pub(crate) async fn everything_that_is_told_about_a_call_comes_back(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let told = json!({
        "name": "Ada Lovelace",
        "email": "ada@analytical.test",
        "timezone": "Europe/London",
        "data": { "ticketId": "T12345", "n": 1.5, "deep": [{ "a": null }, "b"], "": {} },
        "callTransfer": {
            "phoneNumber": "+14085551234",
            "description": "when she asks for a person",
            "message": "One moment.",
            "messageToReceiver": "Ada is on the line.",
        },
    });
    let body = with(call_to_ada(&assistant), &told);
    let answer = alice.post("/v1/assistant/calls").json(body).send().await.assert_status(200);
    let found = alice.call(&answer.string("id")).await.assert_status(200).json();
    assert_eq!(found, answer.json());
    for (field, value) in told.as_object().unwrap() {
        assert_eq!(&found[field], value);
    }

    let shortest = json!({ "phoneNumber": "+14085551234" });
    let body = with(call_to_ada(&assistant), &json!({ "callTransfer": shortest }));
    let answer = alice.post("/v1/assistant/calls").json(body).send().await.assert_status(200);
    let found = alice.call(&answer.string("id")).await.json();
    assert_eq!((&answer.json()["callTransfer"], &found["callTransfer"]), (&shortest, &shortest));

    // Absent and null are the same.
    let absent = with(call_to_ada(&assistant), &json!({}));
    let mut null = absent.clone();
    for field in ["email", "timezone", "data", "callTransfer"] {
        null[field] = Value::Null;
    }
    alice.post("/v1/assistant/calls").json(null).send().await.assert_status(200);
}

pub(crate) async fn an_unknown_a_foreign_and_a_removed_assistant_look_alike(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let other = app.admin().open_account("Other").await;
    let foreign = app.admin().add_assistant(&other).await;
    let removed = app.assistant().await;
    alice.trigger_call(&removed).await.assert_status(200);
    app.admin().remove_assistant(app.account_id(), &removed).await;
    let mut bodies = Vec::new();
    for id in [&foreign, &removed, UNKNOWN, "nonsense", "", "\0", app.account_id()] {
        bodies.push(alice.trigger_call(id).await.assert_not_found().body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    // What the removed one did stays.
    assert_eq!(alice.entries("/v1/calls").await.len(), 1);
}

pub(crate) async fn a_call_of_another_account_is_not_there(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, root) = (app.integration("alice", "member").await, app.admin());
    let other = root.open_account("Other").await;
    root.put_member(&other, &root.id, "admin").await;
    let theirs = root.in_account(&other);
    let foreign = theirs.trigger_call(&root.add_assistant(&other).await).await.string("id");
    theirs.call(&foreign).await.assert_status(200);
    let mut bodies = Vec::new();
    for id in [&foreign, UNKNOWN, "nonsense", "%00", "%ff", "1", &foreign[..35]] {
        bodies.push(alice.call(id).await.assert_not_found().body);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(alice.entries("/v1/calls").await.is_empty());
}

pub(crate) async fn a_call_names_who_triggered_it_and_with_which_token(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let newer = app.with_token(&alice.user.regenerate_token().await);
    let token_id = alice.user.token_state().await.string("tokenId");
    let by_token = newer.trigger_call(&assistant).await.assert_status(200);
    let by_session = alice.user.trigger_call(&assistant).await.assert_status(200);
    for (answer, via, credential) in
        [(&by_token, "token", json!(token_id)), (&by_session, "session", json!(null))]
    {
        let actor = json!({ "userId": alice.user.id, "via": via, "credentialId": credential });
        let found = newer.call(&answer.string("id")).await.json();
        assert_eq!((&answer.json()["actor"], &found["actor"]), (&actor, &actor));
    }

    let ledger = Ledger::read(app.database()).await;
    let metadata = |answer: &tests::Answer| {
        let events = ledger.events_of("call", &answer.string("id"));
        assert_eq!(events.len(), 1, "{events:?}");
        events[0].metadata.clone()
    };
    let of_token = metadata(&by_token);
    assert_eq!(of_token["actor_id"], alice.user.id);
    assert_eq!(of_token["actor_via"], "token");
    assert_eq!(of_token["token_id"], token_id);
    assert_eq!(of_token["token_generation"], "2");
    let of_session = metadata(&by_session);
    assert_eq!(of_session["actor_id"], alice.user.id);
    assert_eq!(of_session["actor_via"], "session");
    assert_eq!(of_session["token_id"], Value::Null);
    assert_eq!(keys(&of_session).len() + 2, keys(&of_token).len());
}

pub(crate) async fn calls_are_listed_newest_first_while_others_are_added(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    for _ in 0..9 {
        alice.trigger_call(&assistant).await.assert_status(200);
    }
    let trigger = async || drop(alice.trigger_call(&assistant).await.assert_status(200));
    crate::paging::assert_newest_first_while_it_grows(&alice, "/v1/calls", trigger).await;
}

pub(crate) async fn a_viewer_sees_calls_and_triggers_none(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let id = alice.trigger_call(&assistant).await.string("id");
    let viewer = app.integration("victor", "viewer").await;
    for client in [&*viewer, &*viewer.user] {
        client.trigger_call(&assistant).await.assert_forbidden();
        client.trigger_call(UNKNOWN).await.assert_forbidden();
        client.call(&id).await.assert_status(200);
        assert_eq!(client.entries("/v1/calls").await.len(), 1);
    }
}

pub(crate) async fn whoever_loses_the_right_triggers_no_more_calls(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, assistant) = (app.integration("alice", "member").await, app.assistant().await);
    let (root, id) = (app.admin(), &alice.user.id);
    let session: &Client = &alice.user;
    let expect = async |status: u16| {
        alice.trigger_call(&assistant).await.assert_status(status);
        session.trigger_call(&assistant).await.assert_status(status);
    };
    expect(200).await;
    root.put_member(app.account_id(), id, "viewer").await;
    expect(403).await;
    root.put_member(app.account_id(), id, "admin").await;
    expect(200).await;
    root.remove_member(app.account_id(), id).await;
    expect(403).await;
    alice.get("/v1/calls").send().await.assert_forbidden();
    root.put_member(app.account_id(), id, "member").await;
    expect(200).await;
    root.lock(id).await;
    alice.trigger_call(&assistant).await.assert_invalid_api_token();
    assert_eq!(root.entries("/v1/calls").await.len(), 6);
}

//! Endpoints are told what happened: signed, in order, until they have it or an administrator must look.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::receiver::{Behaviour, Message};
use tests::sql::Connection;
use tests::{Actor, Database, EndpointsFile, Receiver, Store, TestApp, eventually, on_both_stores};

on_both_stores!(
    what_happens_is_told_signed_and_without_a_secret,
    an_endpoint_is_told_of_what_it_asked_for,
    what_happened_through_a_token_says_so,
    a_triggered_call_is_told_with_whom_it_is_for,
    added_prospects_are_told_with_who_they_are,
    later_messages_of_the_same_token_wait_for_one_that_failed,
    an_endpoint_that_hangs_delays_no_other,
    what_nobody_takes_is_given_up_and_can_be_replayed,
    a_redirect_is_not_followed,
    a_name_that_leads_to_this_machine_is_not_asked,
    what_is_under_way_ends_before_the_server_stops,
    what_a_killed_server_did_not_tell_is_told_by_the_next,
    what_happens_is_told_at_once,
    what_arrived_a_week_ago_is_forgotten,
    the_deliveries_page_shows_what_was_given_up_and_replays_it,
    deliveries_are_listed_by_status_and_endpoint,
);

async fn app(store: Store, file: &EndpointsFile) -> TestApp {
    TestApp::with(Database::new(store).await, file.settings_on_this_machine()).await
}

/// Deliveries as an administrator sees them.
async fn deliveries(app: &TestApp, query: &str) -> Vec<Value> {
    let target = format!("/v1/admin/deliveries?limit=100&{query}");
    let answer = app.admin().get(&target).send().await.assert_status(200);
    answer.json()["data"].as_array().unwrap().clone()
}

/// Waits until so many deliveries have this status.
async fn until(app: &TestApp, status: &str, count: usize) -> Vec<Value> {
    let look = async || {
        let found = deliveries(app, &format!("status={status}")).await;
        let are_all = found.len() == count;
        if are_all { Ok(found) } else { Err(format!("{count} should be {status}: {found:#?}")) }
    };
    eventually(Duration::from_mins(1), look).await
}

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::kind).collect()
}

pub(crate) async fn what_happens_is_told_signed_and_without_a_secret(store: Store) {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let app = app(store, &file).await;
    let alice = app.user("alice").await;
    let mut tokens = vec![alice.generate_token().await];
    let first = alice.token_state().await.json();
    tokens.push(alice.regenerate_token().await);
    let second = alice.token_state().await.json();
    app.admin().revoke_token_of(&alice.id).await;
    app.admin().remove_member(app.account_id(), &alice.id).await;

    let mut messages = receiver.wait_for(4).await;
    let of_account =
        messages.iter().position(|message| message.kind() == "member.removed").unwrap();
    let removed = messages.remove(of_account);
    assert_eq!(kinds(&messages), ["token.generated", "token.regenerated", "token.revoked"]);
    for (sequence, message) in (1..).zip(&messages) {
        assert_eq!(message.id, format!("msg_token_{}_{sequence}", alice.id));
        assert_eq!(message.path, receiver.path());
        assert_eq!(message.headers["content-type"], "application/json");
        assert_eq!(message.headers["user-agent"], "symbolon/0.1.0");
    }
    let session = |user: &Actor| {
        json!({
            "userId": user.id, "via": "session", "credentialId": null, "credentialGeneration": null,
        })
    };
    let expected = [
        json!({ "userId": alice.id, "tokenId": first["tokenId"], "generation": 1, "actor": session(&alice) }),
        json!({
            "userId": alice.id, "tokenId": second["tokenId"], "generation": 2,
            "invalidatedTokenId": first["tokenId"], "actor": session(&alice),
        }),
        json!({
            "userId": alice.id, "tokenId": second["tokenId"], "generation": 2,
            "reason": "administrator", "actor": session(app.admin()),
        }),
    ];
    let history = alice.history().await;
    for ((message, data), line) in messages.iter().zip(expected).zip(history.iter().rev()) {
        let timestamp = &line["occurredAt"];
        assert_eq!(
            message.body,
            json!({ "type": message.kind(), "timestamp": timestamp, "data": data })
        );
    }
    assert!(removed.id.starts_with(&format!("msg_account_{}_", app.account_id())), "{removed:?}");
    let data = json!({
        "accountId": app.account_id(), "userId": alice.id, "actor": session(app.admin()),
    });
    assert_eq!(removed.body["data"], data);
    for message in messages.iter().chain([&removed]) {
        let text = String::from_utf8(message.bytes.to_vec()).unwrap();
        for token in &tokens {
            assert!(!text.contains(token) && !text.contains(&token[token.len() - 4..]), "{text}");
        }
        assert!(!text.contains("digest") && !text.contains("sha256"), "{text}");
    }
    let told = until(&app, "delivered", 4).await;
    assert!(told.iter().all(|delivery| delivery["attempts"] == 1 && delivery["lastStatus"] == 204));
    assert_eq!(receiver.messages().len(), 4, "once is enough");
}

pub(crate) async fn an_endpoint_is_told_of_what_it_asked_for(store: Store) {
    let [revoked, mine] = [Receiver::start().await, Receiver::start().await];
    let mut file =
        EndpointsFile::new("").endpoint("revoked", &revoked, "events = [\"token.revoked\"]");
    let database = Database::new(store).await;
    let mut app = TestApp::with(database, file.settings_on_this_machine()).await;
    let other = app.admin().open_account("Other").await;
    // Accounts have ids once they exist: the operator names this one and starts anew.
    app.stop().await;
    file = file.endpoint("mine", &mine, &format!("accounts = [\"{other}\"]"));
    file.write();
    app.start().await;

    let alice = app.user("alice").await;
    app.admin().put_member(&other, &alice.id, "member").await;
    alice.generate_token().await;
    alice.revoke_token().await;
    app.admin().remove_member(app.account_id(), &alice.id).await;
    app.admin().remove_member(&other, &alice.id).await;
    assert_eq!(kinds(&revoked.wait_for(1).await), ["token.revoked"]);
    let told = mine.wait_for(1).await;
    assert_eq!(told[0].body["data"]["accountId"], other);
    let all = until(&app, "delivered", 2).await;
    assert_eq!(deliveries(&app, "").await, all, "nothing else was put aside");
    assert_eq!((revoked.messages().len(), mine.messages().len()), (1, 1));

    let list = app.admin().get("/v1/admin/endpoints").send().await.assert_status(200);
    let origin = |receiver: &Receiver| format!("http://{}", receiver.address());
    let events = [
        "call.triggered",
        "prospects.added",
        "token.generated",
        "token.regenerated",
        "token.revoked",
        "member.removed",
    ];
    assert_eq!(
        list.json(),
        json!({
            "data": [
                { "name": "revoked", "objectType": "endpoint", "origin": origin(&revoked), "events": ["token.revoked"], "accounts": null },
                { "name": "mine", "objectType": "endpoint", "origin": origin(&mine), "events": events, "accounts": [other] },
            ],
            "hasMore": false, "next": null, "previous": null,
        })
    );
}

pub(crate) async fn what_happened_through_a_token_says_so(store: Store) {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "events = [\"token.revoked\"]");
    let app = app(store, &file).await;
    let alice = app.user("alice").await;
    let token = alice.generate_token().await;
    let id = alice.token_state().await.string("tokenId");
    app.with_token(&token).delete("/v1/token").send().await.assert_status(204);
    let data = receiver.wait_for(1).await[0].body["data"].clone();
    let actor = json!({
        "userId": alice.id, "via": "token", "credentialId": id, "credentialGeneration": 1,
    });
    assert_eq!((&data["actor"], &data["reason"]), (&actor, &json!("bearer")));
}

/// An assistant of the account.
async fn assistant(app: &TestApp, account_id: &str) -> String {
    let body = json!({ "name": "Front desk", "phoneNumber": "+14155550100" });
    let target = format!("/v1/admin/accounts/{account_id}/assistants");
    app.admin().post(&target).json(body).send().await.assert_status(201).string("id")
}

pub(crate) async fn a_triggered_call_is_told_with_whom_it_is_for(store: Store) {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "events = [\"call.triggered\"]");
    let app = app(store, &file).await;
    let alice = app.user("alice").await;
    let token = app.with_token(&alice.generate_token().await);
    let token_id = alice.token_state().await.string("tokenId");
    let assistant_id = assistant(&app, app.account_id()).await;
    let details = json!({
        "assistantId": assistant_id, "name": "Grace Hopper", "phoneNumber": "+14155552671",
        "email": "grace@example.test", "timezone": "America/New_York", "data": { "ticketId": "T12345" },
        "callTransfer": {
            "phoneNumber": "+14085551234", "description": "Sales", "message": "One moment",
            "messageToReceiver": "Grace is calling",
        },
    });
    let call =
        token.post("/v1/assistant/calls").json(details).send().await.assert_status(200).json();
    let least = json!({
        "assistantId": assistant_id, "name": "Ada Lovelace", "phoneNumber": "+14155552672",
    });
    alice.post("/v1/assistant/calls").json(least).send().await.assert_status(200);
    let messages = receiver.wait_for(2).await;
    let of_grace = |message: &&Message| message.body["data"]["callId"] == call["id"];
    let of_grace = messages.iter().find(of_grace).unwrap();
    assert_eq!(of_grace.id, format!("msg_call_{}_1", call["id"].as_str().unwrap()));
    assert_eq!(
        of_grace.body,
        json!({
            "type": "call.triggered",
            "timestamp": call["createdAt"],
            "data": {
                "accountId": app.account_id(), "callId": call["id"], "assistantId": assistant_id,
                "from": "+14155550100", "to": "+14155552671", "name": "Grace Hopper",
                "email": "grace@example.test", "timezone": "America/New_York",
                "data": { "ticketId": "T12345" }, "callTransfer": call["callTransfer"],
                "actor": {
                    "userId": alice.id, "via": "token", "credentialId": token_id,
                    "credentialGeneration": 1,
                },
            },
        })
    );
    assert!(call["callTransfer"].is_object(), "{call}");
    let of_ada = messages.iter().find(|message| message.body["data"]["name"] == "Ada Lovelace");
    let data = &of_ada.unwrap().body["data"];
    assert_eq!((&data["email"], &data["data"]), (&json!(null), &json!(null)));
    assert_eq!(data["actor"]["via"], "session");
}

pub(crate) async fn added_prospects_are_told_with_who_they_are(store: Store) {
    let [all, other] = [Receiver::start().await, Receiver::start().await];
    let database = Database::new(store).await;
    let mut file = EndpointsFile::new("");
    let mut app = TestApp::with(database, file.settings_on_this_machine()).await;
    let second = app.admin().open_account("Second").await;
    app.stop().await;
    let one_of = format!("accounts = [\"{}\", \"{second}\"]", uuid::Uuid::nil());
    file = file
        .endpoint("all", &all, "events = [\"prospects.added\"]")
        .endpoint("other", &other, &one_of);
    file.write();
    app.start().await;
    let alice = app.user("alice").await;
    app.admin().put_member(&second, &alice.id, "member").await;
    let token = alice.generate_token().await;

    let add = async |account: &str, records: Value| {
        let client = app.with_token(&token).in_account(account);
        let body = json!({ "name": "Spring" });
        let campaign = client.post("/v1/campaigns").json(body).send().await.assert_status(201);
        let id = campaign.string("id");
        let target = format!("/v1/campaigns/{id}/prospects");
        let added = client.post(&target).json(json!({ "data": records })).send().await;
        (id, added.assert_status(200).json(), client)
    };
    let grace = json!({
        "firstName": "Grace", "lastName": "Hopper", "company": "Navy", "jobTitle": "Admiral",
        "email": "grace@example.test", "linkedinUrl": "https://www.linkedin.com/in/grace",
        "phone": "+14155552671",
    });
    let records =
        json!([grace, { "email": "GRACE@example.test" }, { "email": "ada@example.test" }]);
    let (campaign, added, client) = add(app.account_id(), records).await;
    let data = all.wait_for(1).await[0].body["data"].clone();
    let nobody = json!({
        "firstName": null, "lastName": null, "company": null, "jobTitle": null, "email": null,
        "linkedinUrl": null, "phone": null,
    });
    let mut ada = nobody.clone();
    ada["email"] = json!("ada@example.test");
    let id_of = |index: usize| added["results"][index]["prospectId"].clone();
    let results = json!([
        { "index": 0, "status": "added", "prospectId": id_of(0), "prospect": grace },
        { "index": 1, "status": "duplicate", "prospectId": id_of(0), "prospect": null },
        { "index": 2, "status": "added", "prospectId": id_of(2), "prospect": ada },
    ]);
    assert_eq!(
        (&data["campaignId"], &data["accountId"]),
        (&json!(campaign), &json!(app.account_id()))
    );
    assert_eq!((&data["added"], &data["duplicates"]), (&json!(2), &json!(1)));
    assert_eq!(data["results"], results);
    assert_eq!(
        (&data["actor"]["userId"], &data["actor"]["via"]),
        (&json!(alice.id), &json!("token"))
    );

    // Through the campaign's own URL: nobody in particular, and exactly that URL.
    let target = format!("/v1/campaigns/{campaign}/webhook");
    let issued = client.post(&target).send().await;
    assert!(issued.status.is_success(), "{issued:?}");
    let url = issued.string("url");
    let path = url.split_once("/v1/").map(|(_, rest)| format!("/v1/{rest}")).unwrap();
    let again = json!({ "data": [{ "email": "ada@example.test" }] });
    let answer = app.anonymous().post(&path).json(again).send().await;
    assert!(answer.status.is_success(), "{answer:?}");
    let second_message = all.wait_for(2).await.remove(1);
    let data = &second_message.body["data"];
    assert_eq!((&data["added"], &data["duplicates"]), (&json!(0), &json!(1)));
    let actor = json!({
        "userId": null, "via": "webhook", "credentialId": data["actor"]["credentialId"],
        "credentialGeneration": 1,
    });
    assert_eq!(data["actor"], actor);
    let secret = path.split('/').nth(3).unwrap();
    let text = String::from_utf8(second_message.bytes.to_vec()).unwrap();
    assert!(data["actor"]["credentialId"].is_string() && !text.contains(secret), "{text}");

    assert_eq!(other.messages().len(), 0, "that happened in another account");
    let (campaign, ..) = add(&second, json!([{ "email": "bob@example.test" }])).await;
    let told = other.wait_for(1).await;
    assert_eq!(told[0].body["data"]["campaignId"], campaign);
    assert_eq!(all.wait_for(3).await[2].id, told[0].id);
}

pub(crate) async fn later_messages_of_the_same_token_wait_for_one_that_failed(store: Store) {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::with_schedule(&[1, 1, 1]).endpoint("crm", &receiver, "");
    let app = app(store, &file).await;
    let (alice, bob) = (app.user("alice").await, app.user("bob").await);
    let of_alice = format!("msg_token_{}_", alice.id);
    let prefix = of_alice.clone();
    receiver.behave(move |message, count| {
        let fails = message.id.starts_with(&prefix) && count < 3;
        Behaviour::Answer(if fails { 503 } else { 200 })
    });
    alice.generate_token().await;
    alice.regenerate_token().await;
    bob.generate_token().await;
    let messages = receiver.wait_for(7).await;
    let numbers: Vec<_> =
        messages.iter().filter_map(|message| message.id.strip_prefix(&of_alice)).collect();
    assert_eq!(numbers, ["1", "1", "1", "2", "2", "2"]);
    let of_bob = messages.iter().position(|message| message.id.ends_with(&format!("{}_1", bob.id)));
    assert!(of_bob.unwrap() < 3, "bob's message waited for alice's: {numbers:?}");
    let told = until(&app, "delivered", 3).await;
    let attempts: Vec<_> = told.iter().map(|delivery| &delivery["attempts"]).collect();
    assert_eq!(attempts, [1, 3, 3]);
    // A second look at the same message, not another.
    assert_eq!(messages[0].bytes, messages[2].bytes);
}

pub(crate) async fn an_endpoint_that_hangs_delays_no_other(store: Store) {
    let [slow, quick] = [Receiver::start().await, Receiver::start().await];
    slow.behave(|_, _| Behaviour::Hang);
    let file = EndpointsFile::new("").endpoint("slow", &slow, "").endpoint("quick", &quick, "");
    let app = app(store, &file).await;
    let mut users = Vec::new();
    for number in 0..10 {
        users.push(app.user(&format!("user-{number}")).await);
    }
    let begun = Instant::now();
    for user in &users {
        user.generate_token().await;
    }
    quick.wait_for(10).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    // Eight at the same time; after 10 seconds there are hands for the other two.
    let mut arrivals: Vec<_> = slow.wait_for(10).await.iter().map(|message| message.at).collect();
    arrivals.sort();
    assert!(arrivals[7] - arrivals[0] < Duration::from_secs(5), "{arrivals:?}");
    assert!(arrivals[8] - arrivals[7] > Duration::from_secs(5), "{arrivals:?}");
    let failed = deliveries(&app, "endpoint=slow&status=pending").await;
    assert_eq!(failed.len(), 10);
    let late = failed.iter().filter(|delivery| delivery["lastError"] == "no answer in time");
    assert!(late.count() >= 2, "{failed:#?}");
}

pub(crate) async fn what_nobody_takes_is_given_up_and_can_be_replayed(store: Store) {
    let receiver = Receiver::start().await;
    receiver.behave(|_, _| Behaviour::Answer(500));
    let file = EndpointsFile::with_schedule(&[1, 1]).endpoint("crm", &receiver, "");
    let app = app(store, &file).await;
    let alice = app.user("alice").await;
    alice.generate_token().await;
    let dead = until(&app, "dead", 1).await.remove(0);
    let id = dead["id"].as_str().unwrap();
    let expected = json!({
        "id": id, "objectType": "delivery", "endpoint": "crm", "type": "token.generated",
        "messageId": format!("msg_token_{}_1", alice.id), "status": "dead", "attempts": 3,
        "nextAttemptAt": null, "lastStatus": 500, "lastError": "the receiver answered 500",
        "createdAt": alice.history().await[0]["occurredAt"], "updatedAt": dead["updatedAt"],
    });
    assert_eq!(dead, expected);
    assert_eq!(receiver.messages().len(), 3);

    let replay = |id: &str| app.admin().post(&format!("/v1/admin/deliveries/{id}/replay")).send();
    for unknown in ["999999", "nonsense", "-1"] {
        replay(unknown).await.assert_not_found();
    }
    let theirs = alice.post(&format!("/v1/admin/deliveries/{id}/replay"));
    theirs.send().await.assert_forbidden();
    receiver.behave(|_, _| Behaviour::Answer(200));
    replay(id).await.assert_status(204);
    assert_eq!(receiver.wait_for(4).await[3].id, receiver.messages()[0].id, "the same message");
    let arrived = until(&app, "delivered", 1).await;
    assert_eq!((&arrived[0]["attempts"], &arrived[0]["lastError"]), (&json!(1), &json!(null)));
    replay(id).await.assert_error(409, "Conflict", "The delivery is not dead.");
    assert_eq!(receiver.messages().len(), 4);
}

pub(crate) async fn a_redirect_is_not_followed(store: Store) {
    let [receiver, elsewhere] = [Receiver::start().await, Receiver::start().await];
    let target = elsewhere.url();
    receiver.behave(move |_, _| Behaviour::Redirect(target.clone()));
    let file = EndpointsFile::with_schedule(&[]).endpoint("crm", &receiver, "");
    let app = app(store, &file).await;
    app.admin().generate_token().await;
    let dead = until(&app, "dead", 1).await;
    assert_eq!(dead[0]["lastStatus"], 307);
    assert_eq!((receiver.messages().len(), elsewhere.connections()), (1, 0));
}

pub(crate) async fn a_name_that_leads_to_this_machine_is_not_asked(store: Store) {
    let receiver = Receiver::start().await;
    let url = format!("https://localhost:{}/hooks", receiver.address().port());
    let file = EndpointsFile::with_schedule(&[]).at("crm", &url, receiver.secret(), "");
    let app = TestApp::with(Database::new(store).await, file.settings()).await;
    app.admin().generate_token().await;
    let dead = until(&app, "dead", 1).await;
    assert_eq!(dead[0]["lastError"], "the name has no public address");
    assert_eq!(receiver.connections(), 0);
}

pub(crate) async fn what_is_under_way_ends_before_the_server_stops(store: Store) {
    let receiver = Receiver::start().await;
    receiver.behave(|_, _| Behaviour::AnswerAfter(Duration::from_secs(2), 200));
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let mut app = app(store, &file).await;
    app.admin().generate_token().await;
    receiver.wait_for(1).await;
    let begun = Instant::now();
    app.stop().await;
    assert!(begun.elapsed() > Duration::from_millis(1_500), "{:?}", begun.elapsed());
    app.start().await;
    let told = until(&app, "delivered", 1).await;
    assert_eq!(told[0]["attempts"], 1);
    assert_eq!(receiver.messages().len(), 1);
}

pub(crate) async fn what_a_killed_server_did_not_tell_is_told_by_the_next(store: Store) {
    let receiver = Receiver::start().await;
    receiver.behave(|_, count| if count == 1 { Behaviour::Hang } else { Behaviour::Answer(200) });
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let mut app = app(store, &file).await;
    app.admin().generate_token().await;
    receiver.wait_for(1).await;
    app.kill();
    app.start().await;
    // The claim of the killed server has to run out first.
    let messages = receiver.wait_for(2).await;
    assert_eq!(messages[0].id, messages[1].id);
    let told = until(&app, "delivered", 1).await;
    assert_eq!(told[0]["attempts"], 1, "an attempt without an outcome does not count");
}

pub(crate) async fn what_happens_is_told_at_once(store: Store) {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let app = app(store, &file).await;
    let mut quickest = Duration::MAX;
    for count in 1..=10 {
        app.admin().post("/v1/user/api-token").send().await.assert_status(201);
        let committed = Instant::now();
        let came = receiver.wait_for(count).await[count - 1].at;
        quickest = quickest.min(came.saturating_duration_since(committed));
        until(&app, "delivered", count).await;
    }
    // Whoever only looks once a second takes most of one each time.
    assert!(quickest < Duration::from_millis(400), "{quickest:?}");
}

pub(crate) async fn what_arrived_a_week_ago_is_forgotten(store: Store) {
    let receiver = Receiver::start().await;
    let file = EndpointsFile::new("").endpoint("crm", &receiver, "");
    let mut app = app(store, &file).await;
    for name in ["alice", "bob"] {
        app.user(name).await.generate_token().await;
    }
    let old = until(&app, "delivered", 2).await[1]["id"].as_str().unwrap().to_owned();
    app.stop().await;
    let mut connection = Connection::open(app.database()).await;
    let aged =
        format!("UPDATE deliveries SET updated_at = '2026-01-01T00:00:00+00:00' WHERE id = {old}");
    connection.execute(&aged).await.unwrap();
    connection.close().await;
    app.start().await;
    let left = until(&app, "delivered", 1).await;
    assert_ne!(left[0]["id"], old);
}

pub(crate) async fn the_deliveries_page_shows_what_was_given_up_and_replays_it(store: Store) {
    let receiver = Receiver::start().await;
    receiver.behave(|_, _| Behaviour::Answer(410));
    let file = EndpointsFile::with_schedule(&[]).endpoint("crm", &receiver, "");
    let app = app(store, &file).await;
    let alice = app.user("alice").await;
    let page = async || app.admin().get("/admin/deliveries").send().await.assert_status(200).text();
    assert!(page().await.contains("Nothing was given up."));
    let admin = app.admin().get("/admin").send().await.text();
    assert!(admin.contains("href=\"/admin/deliveries\""), "{admin}");

    alice.generate_token().await;
    let id = until(&app, "dead", 1).await[0]["id"].as_str().unwrap().to_owned();
    let shown = page().await;
    for text in [
        "token.generated",
        "the receiver answered 410",
        "crm",
        &format!("http://{}", receiver.address()),
    ] {
        assert!(shown.contains(text), "{text} is not in {shown}");
    }
    assert!(!shown.contains(&receiver.path()) && !shown.contains(receiver.secret()), "{shown}");
    let form = format!("/admin/deliveries/{id}/replay");
    assert!(shown.contains(&format!("action=\"{form}\"")), "{shown}");

    alice.get("/admin/deliveries").send().await.assert_status(403);
    alice.post(&form).send().await.assert_status(403);
    receiver.behave(|_, _| Behaviour::Answer(200));
    let answer = app.admin().post(&form).send().await.assert_status(303);
    assert_eq!(answer.header("location"), Some("/admin/deliveries"));
    until(&app, "delivered", 1).await;
    assert!(page().await.contains("Nothing was given up."));
    let again = app.admin().post(&form).send().await.assert_status(400).text();
    assert!(again.contains("The delivery is not dead."), "{again}");
    let signed_out = app.browser().get("/admin/deliveries").send().await.assert_status(303);
    assert_eq!(signed_out.header("location"), Some("/sign-in?next=/admin/deliveries"));
}

pub(crate) async fn deliveries_are_listed_by_status_and_endpoint(store: Store) {
    let [good, bad] = [Receiver::start().await, Receiver::start().await];
    bad.behave(|_, _| Behaviour::Answer(500));
    let file =
        EndpointsFile::with_schedule(&[]).endpoint("good", &good, "").endpoint("bad", &bad, "");
    let mut app = app(store, &file).await;
    for number in 0..3 {
        app.user(&format!("user-{number}")).await.generate_token().await;
    }
    until(&app, "delivered", 3).await;
    until(&app, "dead", 3).await;
    assert_eq!(deliveries(&app, "").await.len(), 6);
    assert_eq!(deliveries(&app, "endpoint=bad").await.len(), 3);
    assert_eq!(deliveries(&app, "endpoint=bad&status=delivered").await.len(), 0);
    assert_eq!(deliveries(&app, "endpoint=good&status=delivered").await.len(), 3);
    assert_eq!(deliveries(&app, "endpoint=nobody").await.len(), 0);
    let mut ids = Vec::new();
    let mut target = "/v1/admin/deliveries?limit=4".to_owned();
    loop {
        let list = app.admin().get(&target).send().await.assert_status(200).json();
        let data = list["data"].as_array().unwrap();
        ids.extend(data.iter().map(|it| it["id"].as_str().unwrap().parse::<i64>().unwrap()));
        let Some(next) = list["next"].as_str() else { break };
        target = format!("/v1/admin/deliveries?limit=4&cursor={next}");
    }
    assert!(ids.len() == 6 && ids.is_sorted_by(|a, b| a > b), "{ids:?}");
    for query in [
        "status=lost",
        "limit=0",
        "limit=101",
        "limit=x",
        "cursor=x",
        "endpoint=A%00",
        "cursor=PmFi",
        "colour=red",
    ] {
        let answer = app.admin().get(&format!("/v1/admin/deliveries?{query}")).send().await;
        answer.assert_validation_error();
    }

    // Without its endpoint a delivery is not replayed: nobody would send it.
    let dead = deliveries(&app, "status=dead").await[0]["id"].as_str().unwrap().to_owned();
    app.stop().await;
    EndpointsFile::new("").write_over(&file);
    app.start().await;
    let replay = app.admin().post(&format!("/v1/admin/deliveries/{dead}/replay")).send().await;
    replay.assert_error(409, "Conflict", "There is no endpoint bad any more.");
}

//! A campaign has a URL that is its own credential: whoever holds it adds prospects, and does nothing else.

use http::Method;
use serde_json::{Value, json};
use tests::answer::keys;
use tests::integration::{path_of, prospect, secret_of};
use tests::{Client, Ledger, Store, TestApp, on_both_stores};

use crate::account_header::UNKNOWN;

const STATE: [&str; 5] = ["active", "createdAt", "generation", "hint", "webhookId"];

on_both_stores!(
    a_webhook_url_is_shown_once,
    a_prospect_comes_by_webhook,
    rotating_kills_the_old_url_at_once,
    a_revoked_url_is_dead_and_the_count_goes_on,
    a_stale_generation_changes_nothing,
    everything_wrong_with_a_url_gets_the_same_answer,
    a_webhook_url_needs_no_other_credential_and_minds_none,
    a_webhook_url_opens_nothing_else,
    a_prospect_by_webhook_names_the_url,
    the_url_of_one_campaign_adds_to_that_one,
    of_many_rotations_at_once_one_url_is_left,
);

pub(crate) async fn a_webhook_url_is_shown_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let none = alice.webhook_state(&id).await.assert_status(200).assert_fields(&STATE);
    assert_eq!(none.header("etag"), Some("\"none\""));
    assert_eq!(none.json()["active"], false);
    for field in ["createdAt", "generation", "hint", "webhookId"] {
        assert_eq!(none.json()[field], Value::Null, "{field}");
    }

    let target = format!("/v1/campaigns/{id}/webhook");
    let shown = alice.post(&target).send().await.assert_status(201);
    let shown = shown.assert_fields(&["createdAt", "generation", "hint", "url", "webhookId"]);
    assert_eq!(shown.header("etag"), Some("\"1\""));
    assert_eq!(shown.header("cache-control"), Some("no-store"));
    assert_eq!(shown.json()["generation"], 1);
    let url = shown.string("url");
    let secret = secret_of(&url);
    assert!(secret.starts_with("alta_whk_") || secret.contains('_'), "{secret}");
    let own = format!("http://{}/v1/webhooks/{secret}/prospects", app.server().address());
    assert_eq!(url, own);
    assert!(secret.ends_with(&shown.string("hint")));

    let state = alice.webhook_state(&id).await.assert_status(200).assert_fields(&STATE);
    assert_eq!(state.header("etag"), Some("\"1\""));
    assert_eq!(state.json()["active"], true);
    for field in ["createdAt", "generation", "hint", "webhookId"] {
        assert_eq!(state.json()[field], shown.json()[field], "{field}");
    }
    let body = &secret[..secret.len() - 4];
    for answer in app.answers().iter().filter(|answer| answer.body != shown.body) {
        let told = answer.everything();
        assert!(!String::from_utf8_lossy(&told).contains(body), "{answer:?}");
    }
}

pub(crate) async fn a_prospect_comes_by_webhook(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let url = alice.rotate_webhook(&id).await;
    let tool = app.anonymous();
    let one = tool.post_to_webhook(&url, &prospect("ada")).await.assert_status(202);
    let several = json!({ "data": [prospect("ada"), prospect("bob")] });
    let several = tool.post_to_webhook(&url, &several).await.assert_status(202);
    let ids: Vec<_> = alice.prospects(&id).await.iter().map(|it| it["id"].clone()).collect();
    let result = |index: usize, status: &str, id: &Value| json!({ "index": index, "status": status, "prospectId": id });
    assert_eq!(
        one.json(),
        json!({ "added": 1, "duplicates": 0, "results": [result(0, "added", &ids[1])] })
    );
    let results = [result(0, "duplicate", &ids[1]), result(1, "added", &ids[0])];
    assert_eq!(several.json(), json!({ "added": 1, "duplicates": 1, "results": results }));
    assert_eq!(one.header("cache-control"), Some("no-store"));
    // Whoever holds the URL does not learn whose campaign it is.
    assert_eq!(one.header("x-account-id"), None);
}

pub(crate) async fn rotating_kills_the_old_url_at_once(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let tool = app.anonymous();
    let mut old: Option<String> = None;
    for generation in 1..=4 {
        let url = alice.rotate_webhook(&id).await;
        if let Some(old) = &old {
            tool.post_to_webhook(old, &prospect("ada")).await.assert_not_found();
        }
        let record = prospect(&format!("person-{generation}"));
        tool.post_to_webhook(&url, &record).await.assert_status(202);
        let state = alice.webhook_state(&id).await.json();
        assert_eq!(state["generation"], generation);
        old = Some(url);
    }
    assert_eq!(alice.prospects(&id).await.len(), 4);
    let ledger = Ledger::read(app.database()).await;
    let events = ledger.events_of("webhook", &id);
    let mut killed = Value::Null;
    for event in &events {
        let issued = &event.payload["WebhookIssued"];
        assert_eq!(issued["invalidated_webhook_id"], killed, "{event:?}");
        killed = issued["webhook_id"].clone();
    }
    assert_eq!(events.len(), 4);
}

pub(crate) async fn a_revoked_url_is_dead_and_the_count_goes_on(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    alice.revoke_webhook(&id).await.assert_status(204);
    let old = alice.rotate_webhook(&id).await;
    assert!(alice.revoke_webhook(&id).await.assert_status(204).body.is_empty());
    alice.revoke_webhook(&id).await.assert_status(204);
    app.anonymous().post_to_webhook(&old, &prospect("ada")).await.assert_not_found();
    let state = alice.webhook_state(&id).await.assert_fields(&STATE);
    assert_eq!((state.header("etag"), &state.json()["active"]), (Some("\"none\""), &json!(false)));

    let new = alice.rotate_webhook(&id).await;
    assert_eq!(alice.webhook_state(&id).await.json()["generation"], 2);
    app.anonymous().post_to_webhook(&old, &prospect("ada")).await.assert_not_found();
    app.anonymous().post_to_webhook(&new, &prospect("ada")).await.assert_status(202);
    let ledger = Ledger::read(app.database()).await;
    assert_eq!(ledger.events_of("webhook", &id).len(), 3);
}

pub(crate) async fn a_stale_generation_changes_nothing(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let target = format!("/v1/campaigns/{id}/webhook");
    let rotate = async |tag: &str| alice.post(&target).header("if-match", tag).send().await;
    let said = "The webhook URL was changed in the meantime.";
    let stale = async |tag: &str| {
        rotate(tag).await.assert_error(412, "PreconditionFailed", said);
    };
    stale("\"1\"").await;
    rotate("*").await.assert_status(201);
    stale("\"2\"").await;
    for tag in ["\"none\"", "\"1-revoked\""] {
        rotate(tag).await.assert_refused(412, "PreconditionFailed");
    }
    let url = rotate("\"1\"").await.assert_status(201).string("url");
    stale("\"1\"").await;
    for tag in ["1", "", "\"1", "W/\"2\"", "\"1\", \"2\""] {
        rotate(tag).await.assert_validation_error();
    }
    let twice = alice.post(&target).header("if-match", "\"2\"").header("if-match", "\"2\"");
    twice.send().await.assert_validation_error();
    app.anonymous().post_to_webhook(&url, &prospect("ada")).await.assert_status(202);
    alice.revoke_webhook(&id).await.assert_status(204);
    stale("\"2\"").await;
}

pub(crate) async fn everything_wrong_with_a_url_gets_the_same_answer(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let dead = alice.rotate_webhook(&id).await;
    let live = alice.rotate_webhook(&id).await;
    let (dead, live) = (secret_of(&dead), secret_of(&live));
    let (prefix, symbols) = live.rsplit_once('_').unwrap();
    let unknown = crate::credentials::well_formed(prefix);
    let upper = format!("{prefix}_{}", symbols.to_uppercase());
    let state = alice.webhook_state(&id).await;
    let (longer, hint, webhook_id) =
        (format!("{live}0"), state.string("hint"), state.string("webhookId"));
    let spaced = format!("%20{live}");
    let mut bodies = Vec::new();
    for secret in [
        dead,
        &unknown,
        &upper,
        &longer,
        &spaced,
        &live[1..],
        &live[..live.len() - 1],
        symbols,
        &hint,
        &webhook_id,
        &id,
        &alice.token,
        UNKNOWN,
        "nonsense",
        "%00",
        "%ff",
        "%2F",
        "..%2f",
        "null",
    ] {
        let target = format!("/v1/webhooks/{secret}/prospects");
        for body in [prospect("ada"), json!({}), json!(null)] {
            bodies.push(app.anonymous().post(&target).json(body).send().await.assert_not_found());
        }
        let empty = app.anonymous().post(&target).send().await;
        bodies.push(empty.assert_not_found());
    }
    let elsewhere = app.anonymous().post("/v1/nothing").json(json!({})).send().await;
    let usual: Vec<_> = elsewhere.headers.keys().collect();
    for answer in &bodies {
        assert_eq!(answer.body, elsewhere.body, "{answer:?}");
        assert_eq!(answer.headers.keys().collect::<Vec<_>>(), usual, "{answer:?}");
    }
    // The same octets, written as a careless client writes them.
    let encoded = live.bytes().flat_map(|byte| format!("%{byte:02x}").into_bytes()).collect();
    let encoded = String::from_utf8(encoded).unwrap();
    let target = format!("/v1/webhooks/{encoded}/prospects");
    app.anonymous().post(&target).json(prospect("ada")).send().await.assert_status(202);
    assert_eq!(alice.prospects(&id).await.len(), 1);
}

pub(crate) async fn a_webhook_url_needs_no_other_credential_and_minds_none(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let other = app.admin().open_account("Other").await;
    let id = alice.create_campaign("Spring").await;
    let url = alice.rotate_webhook(&id).await;
    let nobody = app.anonymous();
    let clients: [Client; 8] = [
        app.with_token("nonsense"),
        (*alice).clone(),
        (*alice.user).clone(),
        app.with_token(&alice.token).with_token(&alice.token),
        nobody.clone().with_header("authorization", "Basic YTpi"),
        nobody.in_account(&other),
        nobody.in_account("nonsense").in_account("nonsense"),
        nobody
            .clone()
            .with_header("origin", "https://n8n.test")
            .with_header("sec-fetch-site", "cross-site"),
    ];
    for (number, client) in clients.iter().enumerate() {
        let answer = client.post_to_webhook(&url, &prospect(&format!("person-{number}"))).await;
        let answer = answer.assert_status(202);
        assert_eq!(answer.header("x-account-id"), None);
        assert_eq!(answer.header("www-authenticate"), None);
    }
    for entry in alice.prospects(&id).await {
        assert_eq!(
            (&entry["actor"]["via"], &entry["actor"]["userId"]),
            (&json!("webhook"), &json!(null))
        );
    }
    // The URL outlives whoever made it, until someone revokes it.
    app.admin().lock(&alice.user.id).await;
    nobody.post_to_webhook(&url, &prospect("late")).await.assert_status(202);
}

pub(crate) async fn a_webhook_url_opens_nothing_else(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let url = alice.rotate_webhook(&id).await;
    let secret = secret_of(&url);
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::PATCH, Method::HEAD] {
        let answer = app.anonymous().request(method.clone(), &path_of(&url)).send().await;
        assert_eq!(answer.header("allow"), Some("POST"), "{answer:?}");
        if method == Method::HEAD {
            answer.assert_status(405);
        } else {
            answer.assert_refused(405, "MethodNotAllowed");
        }
    }
    let holder = app.with_token(secret);
    for path in ["/v1/token", "/v1/account", "/v1/campaigns", "/v1/calls", "/v1/user/api-token"] {
        holder.get(path).send().await.assert_invalid_api_token();
    }
    holder.add_prospects(&id, &[prospect("ada")]).await.assert_invalid_api_token();
    for path in [format!("/v1/webhooks/{secret}"), format!("{}/", path_of(&url))] {
        for method in [Method::GET, Method::POST] {
            app.anonymous().request(method, &path).send().await.assert_not_found();
        }
    }
}

pub(crate) async fn a_prospect_by_webhook_names_the_url(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    alice.rotate_webhook(&id).await;
    let url = alice.rotate_webhook(&id).await;
    let webhook_id = alice.webhook_state(&id).await.string("webhookId");
    let request = app.anonymous().post(&path_of(&url)).header("user-agent", "n8n/1.0");
    request.json(prospect("ada")).send().await.assert_status(202);
    let actor = json!({ "userId": null, "via": "webhook", "credentialId": webhook_id });
    assert_eq!(alice.prospects(&id).await[0]["actor"], actor);

    let ledger = Ledger::read(app.database()).await;
    let metadata = &ledger.events_of("campaign", &id)[1].metadata;
    assert_eq!(
        keys(metadata),
        [
            "actor_via",
            "command_id",
            "origin_sha256",
            "request_id",
            "webhook_generation",
            "webhook_id"
        ]
    );
    assert_eq!(metadata["actor_via"], "webhook");
    assert_eq!(metadata["webhook_id"], webhook_id);
    assert_eq!(metadata["webhook_generation"], "2");
}

pub(crate) async fn the_url_of_one_campaign_adds_to_that_one(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let (spring, autumn) =
        (alice.create_campaign("Spring").await, alice.create_campaign("Autumn").await);
    let (to_spring, to_autumn) =
        (alice.rotate_webhook(&spring).await, alice.rotate_webhook(&autumn).await);
    app.anonymous().post_to_webhook(&to_spring, &prospect("ada")).await.assert_status(202);
    assert_eq!(alice.prospects(&spring).await.len(), 1);
    assert!(alice.prospects(&autumn).await.is_empty());
    alice.rotate_webhook(&spring).await;
    let told = app.anonymous().post_to_webhook(&to_autumn, &prospect("ada")).await;
    assert_eq!(told.assert_status(202).json()["added"], 1);
}

pub(crate) async fn of_many_rotations_at_once_one_url_is_left(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let target = format!("/v1/campaigns/{id}/webhook");
    let requests: Vec<_> = (0..8)
        .map(|_| {
            let (client, target) = ((*alice).clone(), target.clone());
            tokio::spawn(async move { client.post(&target).send().await })
        })
        .collect();
    let mut urls = Vec::new();
    for request in requests {
        let answer = request.await.unwrap();
        match answer.status.as_u16() {
            201 => urls.push(answer.string("url")),
            _ => drop(answer.assert_refused(409, "Conflict")),
        }
    }
    assert_eq!(alice.webhook_state(&id).await.json()["generation"], urls.len());
    let mut live = 0;
    for (number, url) in urls.iter().enumerate() {
        let record = prospect(&format!("person-{number}"));
        let answer = app.anonymous().post_to_webhook(url, &record).await;
        live += usize::from(answer.status == 202);
    }
    assert_eq!(live, 1, "{urls:?}");
}

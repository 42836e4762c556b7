//! An account runs campaigns, until it archives them.

use std::slice::from_ref;

use serde_json::json;
use tests::integration::{prospect, secret_of};
use tests::{Client, Ledger, Store, TestApp, on_both_stores};

use crate::account_header::UNKNOWN;

const CAMPAIGN: [&str; 6] = ["createdAt", "id", "name", "objectType", "status", "updatedAt"];

on_both_stores!(
    a_campaign_is_created_and_can_be_looked_up,
    a_campaign_needs_a_name,
    names_of_campaigns_come_back_as_they_are,
    an_archived_campaign_takes_no_prospects,
    a_campaign_of_another_account_is_not_there,
    campaigns_are_listed_newest_first_while_others_are_added,
    a_viewer_sees_campaigns_and_changes_none,
    whoever_loses_the_right_changes_no_campaign,
    what_was_done_to_a_campaign_names_the_token,
);

pub(crate) async fn a_campaign_is_created_and_can_be_looked_up(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let body = json!({ "name": " Spring " });
    let answer = alice.post("/v1/campaigns").json(body).send().await.assert_status(201);
    let answer = answer.assert_fields(&CAMPAIGN);
    assert_eq!(answer.header("x-account-id"), Some(app.account_id()));
    let campaign = answer.json();
    assert_eq!(campaign["objectType"], "campaign");
    assert_eq!(campaign["name"], "Spring");
    assert_eq!(campaign["status"], "active");
    assert_eq!(campaign["updatedAt"], campaign["createdAt"]);
    let id = answer.string("id");
    id.parse::<uuid::Uuid>().expect("ids are UUIDs");
    assert_eq!(alice.campaign(&id).await.assert_status(200).json(), campaign);
    assert_eq!(alice.entries("/v1/campaigns").await, [campaign]);
}

pub(crate) async fn a_campaign_needs_a_name(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let name = "name must have 1 to 255 characters, none of them a control character";
    for (body, said) in [
        (json!({}), "Invalid request body: missing field `name`"),
        (json!({ "name": 7 }), "Invalid request body: name must be a string"),
        (json!({ "name": null }), "Invalid request body: name must be a string"),
        (json!({ "name": "a", "id": 1 }), "Invalid request body: unknown field `id`"),
        (json!(["a"]), "Invalid request body: expected a JSON object"),
        (json!({ "name": "" }), name),
        (json!({ "name": "  " }), name),
        (json!({ "name": "a\0b" }), name),
        (json!({ "name": "x".repeat(256) }), name),
    ] {
        let answer = alice.post("/v1/campaigns").json(body).send().await;
        answer.assert_error(400, "ValidationError", said);
    }
    assert!(alice.entries("/v1/campaigns").await.is_empty());
}

pub(crate) async fn names_of_campaigns_come_back_as_they_are(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let (long, wide) = ("x".repeat(255), "👩".repeat(255));
    for name in ["شركة \u{202e}abc", "👩‍🚀", "'; DROP TABLE campaigns; --", "<b>&amp;", &long, &wide]
    {
        let id = alice.create_campaign(name).await;
        assert_eq!(alice.campaign(&id).await.string("name"), name);
    }
}

pub(crate) async fn an_archived_campaign_takes_no_prospects(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    let url = alice.rotate_webhook(&id).await;
    alice.add_prospects(&id, &[prospect("ada")]).await.assert_status(200);
    let before = alice.campaign(&id).await.json();
    assert!(alice.archive_campaign(&id).await.assert_status(204).body.is_empty());
    let archived = alice.campaign(&id).await.assert_fields(&CAMPAIGN).json();
    assert_eq!(archived["status"], "archived");
    assert_eq!(archived["createdAt"], before["createdAt"]);
    assert!(archived["updatedAt"].as_str() > before["updatedAt"].as_str(), "{archived}");

    for record in [prospect("ada"), prospect("bob")] {
        let said = "The campaign is archived.";
        let by_token = alice.add_prospects(&id, from_ref(&record)).await;
        by_token.assert_error(409, "Conflict", said);
        let by_url = app.anonymous().post_to_webhook(&url, &record).await;
        by_url.assert_error(409, "Conflict", said);
    }
    // A record that cannot be used is told so even now.
    alice.add_prospects(&id, &[json!({})]).await.assert_validation_error();
    assert_eq!(alice.prospects(&id).await.len(), 1);
    assert_eq!(alice.entries("/v1/campaigns").await, from_ref(&archived));

    alice.archive_campaign(&id).await.assert_status(204);
    assert_eq!(alice.campaign(&id).await.json(), archived);
    let ledger = Ledger::read(app.database()).await;
    assert_eq!(ledger.events_of("campaign", &id).len(), 3);
}

pub(crate) async fn a_campaign_of_another_account_is_not_there(store: Store) {
    let app = TestApp::new(store).await;
    let (alice, root) = (app.integration("alice", "member").await, app.admin());
    let other = root.open_account("Other").await;
    root.put_member(&other, &root.id, "admin").await;
    let theirs = root.in_account(&other);
    let foreign = theirs.create_campaign("Theirs").await;
    let url = theirs.rotate_webhook(&foreign).await;
    let mut bodies = Vec::new();
    for id in [&foreign, UNKNOWN, "nonsense", "%00", secret_of(&url), app.account_id()] {
        let add = alice.add_prospects(id, &[prospect("ada")]).await;
        let list = alice.get(&format!("/v1/campaigns/{id}/prospects")).send().await;
        let rotate = alice.post(&format!("/v1/campaigns/{id}/webhook")).send().await;
        let (show, archive) = (alice.campaign(id).await, alice.archive_campaign(id).await);
        let (state, revoke) = (alice.webhook_state(id).await, alice.revoke_webhook(id).await);
        for answer in [add, list, rotate, show, archive, state, revoke] {
            bodies.push(answer.assert_not_found().body);
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(alice.entries("/v1/campaigns").await.is_empty());
    assert_eq!(theirs.campaign(&foreign).await.string("status"), "active");
    assert!(theirs.prospects(&foreign).await.is_empty());
    app.anonymous().post_to_webhook(&url, &prospect("ada")).await.assert_status(202);
}

pub(crate) async fn campaigns_are_listed_newest_first_while_others_are_added(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    for number in 0..7 {
        alice.create_campaign(&format!("Campaign {number}")).await;
    }
    let create = async || drop(alice.create_campaign("Another").await);
    crate::paging::assert_newest_first_while_it_grows(&alice, "/v1/campaigns", create).await;
}

pub(crate) async fn a_viewer_sees_campaigns_and_changes_none(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    alice.add_prospects(&id, &[prospect("ada")]).await.assert_status(200);
    let viewer = app.integration("victor", "viewer").await;
    for client in [&*viewer, &*viewer.user] {
        client.campaign(&id).await.assert_status(200);
        assert_eq!(client.entries("/v1/campaigns").await.len(), 1);
        assert_eq!(client.prospects(&id).await.len(), 1);
        refuses_every_change(client, &id).await;
        refuses_every_change(client, UNKNOWN).await;
    }
    assert_eq!(alice.campaign(&id).await.string("status"), "active");
    assert_eq!(alice.prospects(&id).await.len(), 1);
}

/// Whether a campaign has a webhook URL is for those who may add prospects.
async fn refuses_every_change(client: &Client, id: &str) {
    let create = client.post("/v1/campaigns").json(json!({ "name": "Mine" })).send().await;
    let rotate = client.post(&format!("/v1/campaigns/{id}/webhook")).send().await;
    let add = client.add_prospects(id, &[prospect("bob")]).await;
    let (archive, revoke) = (client.archive_campaign(id).await, client.revoke_webhook(id).await);
    for answer in [create, rotate, add, archive, revoke, client.webhook_state(id).await] {
        answer.assert_forbidden();
    }
}

pub(crate) async fn whoever_loses_the_right_changes_no_campaign(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let (root, user_id) = (app.admin(), &alice.user.id);
    let id = alice.create_campaign("Spring").await;
    root.put_member(app.account_id(), user_id, "viewer").await;
    refuses_every_change(&alice, &id).await;
    refuses_every_change(&alice.user, &id).await;
    alice.campaign(&id).await.assert_status(200);
    root.remove_member(app.account_id(), user_id).await;
    for client in [&*alice, &*alice.user] {
        refuses_every_change(client, &id).await;
        client.campaign(&id).await.assert_forbidden();
        client.get("/v1/campaigns").send().await.assert_forbidden();
    }
    root.put_member(app.account_id(), user_id, "member").await;
    alice.add_prospects(&id, &[prospect("ada")]).await.assert_status(200);
}

pub(crate) async fn what_was_done_to_a_campaign_names_the_token(store: Store) {
    let app = TestApp::new(store).await;
    let alice = app.integration("alice", "member").await;
    let id = alice.create_campaign("Spring").await;
    alice.add_prospects(&id, &[prospect("ada")]).await.assert_status(200);
    alice.rotate_webhook(&id).await;
    let first = alice.user.token_state().await.string("tokenId");
    let newer = app.with_token(&alice.user.regenerate_token().await);
    let second = alice.user.token_state().await.string("tokenId");
    newer.archive_campaign(&id).await.assert_status(204);
    newer.revoke_webhook(&id).await.assert_status(204);

    let ledger = Ledger::read(app.database()).await;
    let told: Vec<_> = [ledger.events_of("campaign", &id), ledger.events_of("webhook", &id)]
        .concat()
        .iter()
        .map(|event| {
            assert_eq!(event.metadata["actor_id"], alice.user.id);
            assert_eq!(event.metadata["actor_via"], "token");
            let token = event.metadata["token_id"].as_str().unwrap().to_owned();
            (event.event_type.clone(), token, event.metadata["token_generation"].clone())
        })
        .collect();
    let by = |event: &str, token: &str, generation: &str| {
        (event.to_owned(), token.to_owned(), json!(generation))
    };
    assert_eq!(
        told,
        [
            by("CampaignCreated", &first, "1"),
            by("ProspectsAdded", &first, "1"),
            by("CampaignArchived", &second, "2"),
            by("WebhookIssued", &first, "1"),
            by("WebhookRevoked", &second, "2"),
        ]
    );
}

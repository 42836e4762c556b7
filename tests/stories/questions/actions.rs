//! Everything that was done with a token.

use serde_json::json;
use tests::answer::keys;
use tests::{Store, TestApp, on_both_stores};

use super::{column, list, page};

on_both_stores!(everything_that_was_done_with_a_token_is_listed);

const FIELDS: [&str; 10] = [
    "accountId",
    "address",
    "aggregateId",
    "aggregateType",
    "occurredAt",
    "position",
    "requestId",
    "sequence",
    "type",
    "userAgent",
];

pub(crate) async fn everything_that_was_done_with_a_token_is_listed(store: Store) {
    let app = TestApp::new(store).await;
    let audrey = app.auditor().await;
    let alice = app.integration("alice", "admin").await;
    let other = app.integration("bob", "admin").await;
    let assistant = app.assistant().await;
    let client = alice.in_account(app.account_id()).with_header("user-agent", "crm/7");
    let id_of = |answer: tests::Answer| {
        assert!(answer.status.is_success(), "{answer:?}");
        answer.string("id")
    };
    let post = async |target: &str, body| client.post(target).json(body).send().await;

    let call = json!({
        "assistantId": assistant, "name": "Bob", "phoneNumber": "+14155552671",
    });
    let call = id_of(post("/v1/assistant/calls", call).await);
    let campaign = id_of(post("/v1/campaigns", json!({ "name": "Spring" })).await);
    let prospects = json!({ "data": [{ "email": "ada@example.test" }] });
    let target = format!("/v1/campaigns/{campaign}/prospects");
    let added = post(&target, prospects).await;
    assert!(added.status.is_success(), "{added:?}");
    let rotated = post(&format!("/v1/campaigns/{campaign}/webhook"), json!({})).await;
    assert!(rotated.status.is_success(), "{rotated:?}");
    // What others do, by token or in a browser, is not hers.
    other.in_account(app.account_id()).create_campaign("Autumn").await;
    app.admin().create_campaign("Winter").await;
    let target = format!("/v1/campaigns/{campaign}/archive");
    let archived = post(&target, json!({})).await;
    assert!(archived.status.is_success(), "{archived:?}");
    client.delete("/v1/token").send().await.assert_status(204);

    let token = &list(&audrey, &format!("/v1/audit/tokens?user={}", alice.user.id)).await[0];
    let token = token["tokenId"].as_str().unwrap().to_owned();
    let target = format!("/v1/audit/actions?token={token}");
    let actions = list(&audrey, &target).await;
    let user = &*alice.user.id;
    let (call, campaign) = (&*call, &*campaign);
    assert_eq!(
        column(&actions, "type"),
        [
            "TokenRevoked",
            "CampaignArchived",
            "WebhookIssued",
            "ProspectsAdded",
            "CampaignCreated",
            "CallTriggered"
        ]
    );
    assert_eq!(
        column(&actions, "aggregateType"),
        ["token", "campaign", "webhook", "campaign", "campaign", "call"]
    );
    assert_eq!(
        column(&actions, "aggregateId"),
        [user, campaign, campaign, campaign, campaign, call]
    );
    let account = app.account_id();
    assert_eq!(
        column(&actions, "accountId"),
        ["null", account, account, account, account, account]
    );
    let positions = column(&actions, "position");
    for (action, position) in actions.iter().zip(&positions) {
        assert_eq!(keys(action), FIELDS);
        assert_eq!(
            (&action["address"], &action["userAgent"]),
            (&json!("127.0.0.1"), &json!("crm/7"))
        );
        // Each can be proved.
        let target = format!("/v1/audit/proofs/inclusion?position={position}");
        let proof = audrey.get(&target).send().await.assert_status(200).json();
        let event = &proof["event"];
        assert_eq!(event["data"]["eventType"], action["type"]);
        assert_eq!(event["data"]["metadata"]["token_id"], token);
        assert_eq!(event["data"]["metadata"]["request_id"], action["requestId"]);
        assert_eq!(event["time"], action["occurredAt"]);
    }
    let (mut met, mut cursor) = (Vec::new(), None);
    loop {
        let (entries, next) = page(&audrey, &format!("{target}&limit=4"), cursor.as_deref()).await;
        met.extend(entries);
        match next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    assert_eq!(met, actions);

    assert_eq!(list(&alice.user, &target).await, actions, "her own, in a browser");
    let unknown = "/v1/audit/actions?token=0198c0de-ffff-7000-8000-000000000001";
    let foreign = other.user.get(&target).send().await.assert_not_found();
    assert_eq!(foreign.body, other.user.get(unknown).send().await.assert_not_found().body);
    other.get(&target).send().await.assert_forbidden();
    audrey.get(unknown).send().await.assert_not_found();
}

//! The secret of a campaign's URL, where it belongs and where it does not.

use serde_json::json;
use tests::integration::{path_of, prospect, secret_of};
use tests::{Actor, TestApp};

use super::Secrets;

/// Makes three, and uses each rightly and wrongly.
pub(super) async fn use_webhook_urls(app: &TestApp, alice: &Actor, secrets: &mut Secrets) {
    let campaign = alice.create_campaign("Spring").await;
    let target = format!("/v1/campaigns/{campaign}/webhook");
    let tool = app.anonymous().connecting_from([127, 0, 2, 1].into());
    for key in ["first", "second", "third"] {
        let rotate = || alice.post(&target).header("idempotency-key", key).send();
        let url = rotate().await.assert_status(201).string("url");
        rotate().await.assert_refused(409, "Conflict");
        let path = path_of(&url);
        tool.post_to_webhook(&url, &prospect(key)).await.assert_status(202);
        tool.post_to_webhook(&url, &json!({})).await.assert_status(400);
        let repeated = tool.post(&path).header("idempotency-key", key).json(prospect("ada"));
        repeated.send().await.assert_status(202);
        let secret = secret_of(&url);
        secrets.urls.push(secret.to_owned());
        for target in [
            format!("/v1/webhooks/{secret}"),
            format!("/v1/webhooks/{secret}0/prospects"),
            format!("/v1/webhooks/x/prospects?url={url}"),
            format!("/v1/campaigns/{secret}"),
            format!("/v1/calls/{secret}?token={secret}"),
            format!("/v1/campaigns?cursor={secret}"),
            path.clone(),
        ] {
            for client in [&tool, &**alice, &tool.clone().with_token(secret)] {
                client.get(&target).send().await;
                client.delete(&target).send().await;
            }
        }
        // Whoever is not signed in is sent to sign in and back to the address that they came with.
        alice.get(&format!("/accounts/{secret}")).send().await.assert_not_found();
        for body in [json!({ "url": url }), json!({ secret: "ada" }), json!({ "email": url })] {
            tool.post_to_webhook(&url, &body).await.assert_status(400);
            alice.post("/v1/campaigns").json(body).send().await.assert_status(400);
        }
        alice.post(&target).header("if-match", secret).send().await.assert_status(400);
        let careless = alice.post(&target).header("idempotency-key", &format!("{secret} "));
        careless.send().await;
        alice.revoke_webhook(&campaign).await.assert_status(204);
        tool.post_to_webhook(&url, &prospect(key)).await.assert_not_found();
    }
}

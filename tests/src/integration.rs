//! What an integration does in an account: with a token, in a browser session, or with a campaign's URL.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::Client;

/// The number that the assistants of the stories call from.
pub const ASSISTANT_NUMBER: &str = "+14155550100";

/// A call to Ada, with nothing but what it needs.
pub fn call_to_ada(assistant_id: &str) -> Value {
    json!({ "assistantId": assistant_id, "name": "Ada", "phoneNumber": "+14155552671" })
}

/// A prospect of this name, known by an e-mail address.
pub fn prospect(name: &str) -> Value {
    json!({ "firstName": name, "email": format!("{name}@prospects.test") })
}

/// `value` with these fields instead of its own; null takes a field away.
#[must_use]
pub fn with(mut value: Value, fields: &Value) -> Value {
    let object = value.as_object_mut().expect("an object");
    for (name, field) in fields.as_object().expect("an object") {
        if field.is_null() {
            object.remove(name);
        } else {
            object.insert(name.clone(), field.clone());
        }
    }
    value
}

/// The path of a webhook URL, as clients here take it.
pub fn path_of(url: &str) -> String {
    let (_, path) = url.split_once("/v1/").unwrap_or_else(|| panic!("no API path in {url}"));
    format!("/v1/{path}")
}

/// The secret in a webhook URL.
pub fn secret_of(url: &str) -> &str {
    url.split('/').rev().nth(1).unwrap_or_else(|| panic!("no secret in {url}"))
}

impl Client {
    /// `POST /v1/assistant/calls`: has the assistant call Ada.
    pub async fn trigger_call(&self, assistant_id: &str) -> Answer {
        self.post("/v1/assistant/calls").json(call_to_ada(assistant_id)).send().await
    }

    /// `GET /v1/calls/{id}`.
    pub async fn call(&self, call_id: &str) -> Answer {
        self.get(&format!("/v1/calls/{call_id}")).send().await
    }

    /// Creates a campaign and returns its id.
    pub async fn create_campaign(&self, name: &str) -> String {
        let body = json!({ "name": name });
        self.post("/v1/campaigns").json(body).send().await.assert_status(201).string("id")
    }

    /// `GET /v1/campaigns/{id}`.
    pub async fn campaign(&self, campaign_id: &str) -> Answer {
        self.get(&format!("/v1/campaigns/{campaign_id}")).send().await
    }

    /// `POST /v1/campaigns/{id}/archive`.
    pub async fn archive_campaign(&self, campaign_id: &str) -> Answer {
        self.post(&format!("/v1/campaigns/{campaign_id}/archive")).send().await
    }

    /// `POST /v1/campaigns/{id}/prospects`.
    pub async fn add_prospects(&self, campaign_id: &str, records: &[Value]) -> Answer {
        let target = format!("/v1/campaigns/{campaign_id}/prospects");
        self.post(&target).json(json!({ "data": records })).send().await
    }

    /// The campaign's prospects, newest first.
    pub async fn prospects(&self, campaign_id: &str) -> Vec<Value> {
        self.entries(&format!("/v1/campaigns/{campaign_id}/prospects")).await
    }

    /// Gives the campaign a webhook URL in place of any that it had, and returns it.
    pub async fn rotate_webhook(&self, campaign_id: &str) -> String {
        let target = format!("/v1/campaigns/{campaign_id}/webhook");
        self.post(&target).send().await.assert_status(201).string("url")
    }

    /// `GET /v1/campaigns/{id}/webhook`.
    pub async fn webhook_state(&self, campaign_id: &str) -> Answer {
        self.get(&format!("/v1/campaigns/{campaign_id}/webhook")).send().await
    }

    /// `DELETE /v1/campaigns/{id}/webhook`.
    pub async fn revoke_webhook(&self, campaign_id: &str) -> Answer {
        self.delete(&format!("/v1/campaigns/{campaign_id}/webhook")).send().await
    }

    /// Posts to a webhook URL.
    pub async fn post_to_webhook(&self, url: &str, body: &Value) -> Answer {
        self.post(&path_of(url)).json(body.clone()).send().await
    }

    /// The first hundred entries of a list.
    pub async fn entries(&self, list: &str) -> Vec<Value> {
        let answer = self.get(&format!("{list}?limit=100")).send().await.assert_status(200);
        let entries = &answer.json()["data"];
        entries.as_array().unwrap_or_else(|| panic!("no list: {answer:?}")).clone()
    }
}

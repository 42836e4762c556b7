//! The people of the stories. What they do, they do through the public interface.

use std::ops::Deref;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::client::Client;
use crate::integration::ASSISTANT_NUMBER;

/// A person with a browser. Use it as a [`Client`]: requests carry the session cookie.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The user's id.
    pub id: String,
    /// The name, as the server knows it.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The password.
    pub password: String,
    client: Client,
}

impl Deref for Actor {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// Someone's tool with someone's token. Use it as a [`Client`]: requests carry the token.
#[derive(Clone, Debug)]
pub struct Integration {
    /// Whose token it is.
    pub user: Actor,
    /// The token.
    pub token: String,
    pub(crate) client: Client,
}

impl Deref for Integration {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

/// A user who was registered by an administrator and has not come yet.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The user's id.
    pub user_id: String,
    /// The name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The single-use code.
    pub code: String,
}

/// A password for someone of this name. Its URL-encoded form differs from itself.
pub fn password_of(name: &str) -> String {
    format!("{name}: horse+battery/staple")
}

/// An address for someone of this name.
pub fn email_of(name: &str) -> String {
    format!("{name}@example.test")
}

impl Actor {
    pub(crate) async fn first(client: Client, code: &str) -> (Self, String) {
        let (name, email, password) = ("root", email_of("root"), password_of("root"));
        let answer = client
            .post("/v1/setup")
            .json(json!({
                "code": code, "email": email, "name": name, "password": password, "account": "Main",
            }))
            .send()
            .await
            .assert_status(201);
        let actor =
            Self { id: answer.string("id"), name: name.to_owned(), email, password, client };
        (actor, answer.string("accountId"))
    }

    /// Someone who came in by means of the test's own.
    pub fn known(
        client: Client,
        id: String,
        name: String,
        email: String,
        password: String,
    ) -> Self {
        Self { id, name, email, password, client }
    }

    pub(crate) async fn accept(client: Client, invitation: &Invitation) -> Self {
        let Invitation { user_id, name, email, code } = invitation.clone();
        let password = password_of(&name);
        let body = json!({ "code": code, "password": password });
        client.post("/v1/setup").json(body).send().await.assert_status(201);
        Self { id: user_id, name, email, password, client }
    }

    /// `POST /v1/session` with the own address and password.
    pub async fn sign_in(&self) -> Answer {
        let body = json!({ "email": self.email, "password": self.password });
        self.post("/v1/session").json(body).send().await
    }

    /// `DELETE /v1/session`.
    pub async fn sign_out(&self) -> Answer {
        self.delete("/v1/session").send().await
    }

    /// Generates a token and returns it.
    pub async fn generate_token(&self) -> String {
        self.post("/v1/user/api-token").send().await.assert_status(201).string("token")
    }

    /// Replaces the live token and returns the new one.
    pub async fn regenerate_token(&self) -> String {
        self.post("/v1/user/api-token/regenerate").send().await.assert_status(200).string("token")
    }

    /// Revokes the live token, if there is one.
    pub async fn revoke_token(&self) -> Answer {
        self.delete("/v1/user/api-token").send().await.assert_status(204)
    }

    /// `GET /v1/user/api-token`: what is known of the live token.
    pub async fn token_state(&self) -> Answer {
        self.get("/v1/user/api-token").send().await.assert_status(200)
    }

    /// The entries of the token's history, newest first.
    pub async fn history(&self) -> Vec<Value> {
        let answer = self.get("/v1/user/api-token/history?limit=100").send().await;
        let answer = answer.assert_status(200).json();
        answer["data"].as_array().expect("a list").clone()
    }
}

/// What an administrator of the instance does.
impl Actor {
    /// Registers a user.
    pub async fn invite(&self, name: &str) -> Invitation {
        self.invite_with_roles(name, &[]).await
    }

    /// Registers a user with roles across the instance.
    pub async fn invite_with_roles(&self, name: &str, roles: &[&str]) -> Invitation {
        let email = email_of(name);
        let body = json!({ "email": email, "name": name, "roles": roles });
        let answer = self.post("/v1/admin/users").json(body).send().await.assert_status(201);
        Invitation {
            user_id: answer.string("id"),
            name: name.to_owned(),
            email,
            code: answer.string("setupCode"),
        }
    }

    /// Opens an account and returns its id.
    pub async fn open_account(&self, name: &str) -> String {
        let body = json!({ "name": name });
        self.post("/v1/admin/accounts").json(body).send().await.assert_status(201).string("id")
    }

    /// Makes a user a member of an account, or changes the role.
    pub async fn put_member(&self, account_id: &str, user_id: &str, role: &str) {
        let target = format!("/v1/admin/accounts/{account_id}/members/{user_id}");
        self.put(&target).json(json!({ "role": role })).send().await.assert_status(204);
    }

    /// Ends a membership.
    pub async fn remove_member(&self, account_id: &str, user_id: &str) {
        let target = format!("/v1/admin/accounts/{account_id}/members/{user_id}");
        self.delete(&target).send().await.assert_status(204);
    }

    /// Gives an account an assistant and returns its id.
    pub async fn add_assistant(&self, account_id: &str) -> String {
        let body = json!({ "name": "Vera", "phoneNumber": ASSISTANT_NUMBER });
        let target = format!("/v1/admin/accounts/{account_id}/assistants");
        self.post(&target).json(body).send().await.assert_status(201).string("id")
    }

    /// Takes an assistant away.
    pub async fn remove_assistant(&self, account_id: &str, assistant_id: &str) {
        let target = format!("/v1/admin/accounts/{account_id}/assistants/{assistant_id}");
        self.delete(&target).send().await.assert_status(204);
    }

    /// Locks a user.
    pub async fn lock(&self, user_id: &str) {
        self.put(&format!("/v1/admin/users/{user_id}/lock")).send().await.assert_status(204);
    }

    /// Unlocks a user.
    pub async fn unlock(&self, user_id: &str) {
        self.delete(&format!("/v1/admin/users/{user_id}/lock")).send().await.assert_status(204);
    }

    /// Erases everything that tells who a locked user is.
    pub async fn erase(&self, user_id: &str) {
        let target = format!("/v1/admin/users/{user_id}/personal-data");
        self.delete(&target).send().await.assert_status(204);
    }

    /// Revokes the live token of a user.
    pub async fn revoke_token_of(&self, user_id: &str) {
        let target = format!("/v1/admin/users/{user_id}/api-token");
        self.delete(&target).send().await.assert_status(204);
    }
}

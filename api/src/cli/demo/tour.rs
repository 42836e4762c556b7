//! The story itself.

use axum::http::Method;
use serde_json::json;

use super::client::{Client, Fault};
use crate::cli::console::say;

/// The administrator of the tour.
pub(super) const ADMIN_EMAIL: &str = "ada@example.com";
/// Of everyone in the tour, on a database that is deleted afterwards.
pub(super) const PASSWORD: &str = "correct horse battery staple";

const FORBIDDEN: &str = "You do not have permission to access this resource";

fn chapter(title: &str) {
    say(format!("\n== {title}"));
}

/// Tells it from sign-in to history; fails at the first answer that is not as it should be.
pub(super) async fn tell(client: &Client) -> Result<(), Fault> {
    chapter("Ada, an administrator, signs in and invites Grace to two accounts");
    let sign_in = json!({ "email": ADMIN_EMAIL, "password": PASSWORD });
    let answer = client.call(Method::POST, "/v1/session").json(sign_in).expect(200, "Ada").await?;
    let ada = answer.session()?;
    let invite = json!({ "email": "grace@example.com", "name": "Grace" });
    let answer = client
        .call(Method::POST, "/v1/admin/users")
        .cookie(&ada)
        .json(invite)
        .expect(201, "setupUrl")
        .await?;
    let (grace_id, code) = (answer.text("/id")?, answer.text("/setupCode")?);
    let mut accounts = Vec::new();
    for name in ["Navy", "Harvard"] {
        let answer = client
            .call(Method::POST, "/v1/admin/accounts")
            .cookie(&ada)
            .json(json!({ "name": name }))
            .expect(201, name)
            .await?;
        let account = answer.text("/id")?;
        client
            .call(Method::PUT, format!("/v1/admin/accounts/{account}/members/{grace_id}"))
            .cookie(&ada)
            .json(json!({ "role": "member" }))
            .expect(204, "")
            .await?;
        accounts.push(account);
    }
    let [navy, harvard] = accounts.as_slice() else {
        return Err("two accounts were opened".into());
    };

    chapter("Grace chooses a password and generates her token");
    let come_in = json!({ "code": code, "password": PASSWORD });
    let answer = client.call(Method::POST, "/v1/setup").json(come_in).expect(201, "Grace").await?;
    let grace = answer.session()?;
    let answer = client
        .call(Method::POST, "/v1/user/api-token")
        .cookie(&grace)
        .expect(201, "API token created successfully.")
        .await?;
    let first = answer.text("/token")?;

    chapter("Her integration asks who it is, then acts in an account");
    client.call(Method::GET, "/v1/token").token(&first).expect(200, "Grace").await?;
    let account_call = || client.call(Method::GET, "/v1/account");
    account_call().token(&first).expect(400, "Provide the x-account-id header.").await?;
    account_call().token(&first).account(navy).expect(200, "Navy").await?;

    chapter("She regenerates: the old token is dead, the new one works");
    let answer = client
        .call(Method::POST, "/v1/user/api-token/regenerate")
        .cookie(&grace)
        .expect(200, "API token regenerated successfully.")
        .await?;
    let second = answer.text("/token")?;
    account_call().token(&first).account(navy).expect(401, "Invalid API token").await?;
    account_call().token(&second).account(harvard).expect(200, "Harvard").await?;

    chapter("Ada removes her from Harvard: the next call there is refused");
    client
        .call(Method::DELETE, format!("/v1/admin/accounts/{harvard}/members/{grace_id}"))
        .cookie(&ada)
        .expect(204, "")
        .await?;
    account_call().token(&second).account(harvard).expect(403, FORBIDDEN).await?;

    chapter("Ada locks her: the token dies, and stays dead when she is unlocked");
    let lock = format!("/v1/admin/users/{grace_id}/lock");
    client.call(Method::PUT, &*lock).cookie(&ada).expect(204, "").await?;
    client.call(Method::GET, "/v1/token").token(&second).expect(401, "Invalid API token").await?;
    client.call(Method::DELETE, &*lock).cookie(&ada).expect(204, "").await?;
    client.call(Method::GET, "/v1/token").token(&second).expect(401, "Invalid API token").await?;

    chapter("The history knows every token and what ended it");
    let sign_in = json!({ "email": "grace@example.com", "password": PASSWORD });
    let answer =
        client.call(Method::POST, "/v1/session").json(sign_in).expect(200, "Grace").await?;
    let history = client.call(Method::GET, "/v1/user/api-token/history").cookie(&answer.session()?);
    history.expect(200, "user_locked").await?;
    say("\nEvery answer was as it should be.");
    Ok(())
}

//! Everyone who could ask, and how they ask so that a route has something to do and nothing is lost by it.

use std::net::{IpAddr, Ipv4Addr};

use http::Method;
use serde_json::json;
use tests::integration::secret_of;
use tests::{Actor, Answer, Client, TestApp};

use crate::account_header::UNKNOWN;

/// A role in the account that all callers name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Admin,
    Member,
    Viewer,
}

/// What a caller presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Credential {
    Nothing,
    BadToken,
    Token,
    Session,
}

pub(super) struct Caller {
    pub(super) name: String,
    pub(super) credential: Credential,
    pub(super) role: Option<Role>,
    pub(super) is_admin: bool,
    pub(super) is_auditor: bool,
    pub(super) holds_url: bool,
    client: Client,
    actor: Option<Actor>,
}

impl Caller {
    fn new(name: &str, credential: Credential, client: Client) -> Self {
        let name = name.to_owned();
        Self {
            name,
            credential,
            role: None,
            is_admin: false,
            is_auditor: false,
            holds_url: false,
            client,
            actor: None,
        }
    }

    /// Whoever came with a session, and may have lost it to the last request.
    pub(super) async fn sign_in_again(&self) {
        if let (Credential::Session, Some(actor)) = (self.credential, &self.actor) {
            actor.sign_in().await.assert_status(200);
        }
    }
}

/// All callers, and the things that the paths name.
pub(super) struct Scene {
    pub(super) callers: Vec<Caller>,
    account_id: String,
    campaign_id: String,
    call_id: String,
    code: String,
    url_secret: String,
}

impl Scene {
    pub(super) async fn set(app: &TestApp) -> Self {
        let root = app.admin();
        let (campaign_id, other) =
            (root.create_campaign("Spring").await, root.create_campaign("Autumn").await);
        let call_id = root.trigger_call(&app.assistant().await).await.string("id");
        let url = root.rotate_webhook(&other).await;
        let mut scene = Self {
            callers: callers(app, secret_of(&url)).await,
            account_id: app.account_id().to_owned(),
            campaign_id,
            call_id,
            code: root.invite("invited").await.code,
            url_secret: secret_of(&url).to_owned(),
        };
        for (number, caller) in (1..).zip(&mut scene.callers) {
            // Refused credentials are counted by address.
            let address = IpAddr::V4(Ipv4Addr::new(127, 0, 1, number));
            caller.client = caller.client.in_account(app.account_id()).connecting_from(address);
        }
        scene
    }

    /// Sends a request that changes nothing that a later one needs: what it names is real where it only
    /// looks or adds, and unknown where something would be lost.
    pub(super) async fn ask(&self, caller: &Caller, method: &str, path: &str) -> Answer {
        let id = match path {
            "/v1/calls/{id}" => &self.call_id,
            path if path.starts_with("/v1/campaigns/") => &self.campaign_id,
            path if path.starts_with("/accounts/") => &self.account_id,
            _ => UNKNOWN,
        };
        let secret = if caller.holds_url { &self.url_secret } else { "unknown" };
        let mut target = path
            .replace("{id}", id)
            .replace("{campaignId}", &self.campaign_id)
            .replace("{userId}", UNKNOWN)
            .replace("{assistantId}", UNKNOWN)
            .replace("{secret}", secret)
            .replace("{name}", "unknown");
        if (method, path) == ("GET", "/setup") {
            target = format!("/setup?code={}", self.code);
        }
        let method: Method = method.parse().expect("a method");
        let reads = [Method::GET, Method::DELETE].contains(&method);
        let request = caller.client.request(method, &target);
        let request = match path {
            "/v1/user/api-token" => {
                request.header("if-none-match", "*").header("if-match", "\"999\"")
            }
            "/v1/user/api-token/regenerate" => request.header("if-match", "\"999\""),
            _ => request,
        };
        match reads {
            true => request.send().await,
            false if path.starts_with("/v1/") => request.json(json!({})).send().await,
            false => request.form(&[]).send().await,
        }
    }
}

async fn callers(app: &TestApp, url_secret: &str) -> Vec<Caller> {
    let root = app.admin();
    let unknown = crate::credentials::well_formed("alta_pat");
    let locked = app.integration("locked", "admin").await;
    root.lock(&locked.user.id).await;
    let mut holder =
        Caller::new("the holder of a URL", Credential::BadToken, app.with_token(url_secret));
    holder.holds_url = true;
    let mut all = vec![
        Caller::new("nobody in particular", Credential::Nothing, app.anonymous()),
        Caller::new("an unknown token", Credential::BadToken, app.with_token(&unknown)),
        Caller::new("a locked user's token", Credential::BadToken, (*locked).clone()),
        Caller::new("a locked user's session", Credential::Nothing, (*locked.user).clone()),
        holder,
    ];
    let foreign = root.open_account("Foreign").await;
    for (name, role, instance_role) in [
        ("a viewer", Some(Role::Viewer), None),
        ("a member", Some(Role::Member), None),
        ("an account's admin", Some(Role::Admin), None),
        ("a member of another account", None, None),
        ("a member of no account", None, None),
        ("an administrator", None, Some("admin")),
        ("an auditor", None, Some("auditor")),
    ] {
        let invitation =
            root.invite_with_roles(&name.replace(' ', "-"), instance_role.as_slice()).await;
        let actor = app.accept(&invitation).await;
        let role_name = match role {
            Some(Role::Admin) => Some((app.account_id(), "admin")),
            Some(Role::Member) => Some((app.account_id(), "member")),
            Some(Role::Viewer) => Some((app.account_id(), "viewer")),
            None if name.contains("another") => Some((&*foreign, "member")),
            None => None,
        };
        if let Some((account, role)) = role_name {
            root.put_member(account, &actor.id, role).await;
        }
        let token = actor.generate_token().await;
        for (credential, client, by) in [
            (Credential::Token, app.with_token(&token), "token"),
            (Credential::Session, (*actor).clone(), "session"),
        ] {
            let mut caller = Caller::new(&format!("{name} by {by}"), credential, client);
            caller.role = role;
            caller.is_admin = instance_role == Some("admin");
            caller.is_auditor = instance_role == Some("auditor");
            caller.actor = Some(actor.clone());
            all.push(caller);
        }
    }
    all
}

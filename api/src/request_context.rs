//! Who asks, from where, in which request: what a command takes along.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use projections::{Actor, IdempotencyKey, Origin, Particulars, Submission, Via};

use crate::app::App;
use crate::auth::Caller;
use crate::client_address::ClientAddress;
use crate::router::REQUEST_ID;

/// Longer names of clients are cut.
const USER_AGENT_LENGTH: usize = 256;

/// The circumstances of one request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// As in the reply header and the logs.
    pub request_id: String,
    /// The client's address; `None` outside a real connection.
    pub address: Option<ClientAddress>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// Who asks.
    pub actor: Actor,
    /// Under which what is asked for is done once. A request that carries one gives one command.
    pub idempotency_key: Option<IdempotencyKey>,
}

impl RequestContext {
    /// The circumstances of something done on this machine, without a request.
    pub fn local(via: Via) -> Self {
        Self {
            request_id: "local".to_owned(),
            address: None,
            user_agent: None,
            actor: Actor { user_id: None, via },
            idempotency_key: None,
        }
    }

    /// The same circumstances with another actor.
    #[must_use]
    pub fn acting_as(mut self, actor: Actor) -> Self {
        self.actor = actor;
        self
    }

    /// What a command takes along.
    pub fn submission(&self, app: &App) -> Submission {
        Submission {
            command_id: app.new_command_id(),
            request_id: self.request_id.clone(),
            actor: self.actor,
            origin: Origin {
                salt: app.random_bytes(),
                address: self.address.map(|address| address.to_string()),
                user_agent: self.user_agent.clone(),
            },
            particulars: None,
            idempotency_key: self.idempotency_key.clone(),
            subscribers: app.endpoints.subscribers(),
        }
    }

    /// The same with rows that belong to the command.
    pub fn submission_with(&self, app: &App, particulars: Particulars) -> Submission {
        Submission { particulars: Some(particulars), ..self.submission(app) }
    }
}

/// Whoever the auth middleware or the page knows; else someone with a set-up code, at best.
fn actor(extensions: &Extensions) -> Actor {
    let caller = extensions.get::<Caller>().map(Caller::actor);
    let visitor = extensions.get::<Actor>().copied();
    caller.or(visitor).unwrap_or(Actor { user_id: None, via: Via::Setup })
}

impl FromRequestParts<App> for RequestContext {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let text = |name| {
            let value = parts.headers.get(name)?;
            Some(
                String::from_utf8_lossy(value.as_bytes()).chars().take(USER_AGENT_LENGTH).collect(),
            )
        };
        Ok(Self {
            request_id: text(REQUEST_ID).unwrap_or_default(),
            address: parts.extensions.get().copied(),
            user_agent: text(USER_AGENT),
            actor: actor(&parts.extensions),
            idempotency_key: parts.extensions.get::<IdempotencyKey>().cloned(),
        })
    }
}

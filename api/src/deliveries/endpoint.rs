//! Who is told, of what, and with which key.
//!
//! **Invariant:** the key is in the operator's files and in memory: never in a table, a log or an answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::AccountId;
use projections::{Announcement, Subscriber, Subscribers};
use standardwebhooks::{Webhook, WebhookError};
use url::Url;

use super::address::Reach;
use super::schedule::Schedule;

/// Lengths of names.
const NAME_LENGTH: std::ops::RangeInclusive<usize> = 1..=40;

/// Whether an endpoint can have this name.
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    NAME_LENGTH.contains(&text.len()) && text.chars().all(plain)
}

/// One receiver. No `Debug`: its URL and its key are secrets.
pub struct Endpoint {
    name: String,
    url: Url,
    events: BTreeSet<Announcement>,
    accounts: Option<BTreeSet<AccountId>>,
    key: Webhook,
}

/// What an endpoint is made of.
pub struct EndpointParts {
    /// Names it in tables and in the API.
    pub name: String,
    /// Where to post. The path may be a secret.
    pub url: Url,
    /// What it is told of.
    pub events: BTreeSet<Announcement>,
    /// In which accounts; `None` = in all, and what happens in none.
    pub accounts: Option<BTreeSet<AccountId>>,
    /// Signs what it is told.
    pub key: Vec<u8>,
}

impl Endpoint {
    /// An endpoint of these parts.
    ///
    /// # Errors
    /// When the key is none.
    pub fn try_new(parts: EndpointParts) -> Result<Self, WebhookError> {
        let EndpointParts { name, url, events, accounts, key } = parts;
        Ok(Self { name, url, events, accounts, key: Webhook::from_bytes(key)? })
    }

    /// Names it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where to post. Not for logs.
    pub(super) const fn url(&self) -> &Url {
        &self.url
    }

    /// Where it is, without the path: `https://example.com`.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// What it is told of.
    pub const fn events(&self) -> &BTreeSet<Announcement> {
        &self.events
    }

    /// In which accounts; `None` = in all.
    pub const fn accounts(&self) -> Option<&BTreeSet<AccountId>> {
        self.accounts.as_ref()
    }

    /// Signs one attempt at a message.
    ///
    /// # Errors
    /// When the message is not text.
    pub(super) fn sign(&self, id: &str, at: i64, body: &str) -> Result<String, WebhookError> {
        self.key.sign(id, at, body.as_bytes())
    }

    /// Whether it may be reached, as far as it can be told without looking its name up.
    ///
    /// # Errors
    /// Why not.
    pub fn within(&self, reach: Reach) -> Result<(), String> {
        reach.permits(&self.url)
    }

    fn subscriber(&self) -> Subscriber {
        Subscriber {
            endpoint: self.name.clone(),
            events: self.events.clone(),
            accounts: self.accounts.clone(),
        }
    }
}

/// Every endpoint, and what holds for all of them.
pub struct Endpoints {
    all: Vec<Arc<Endpoint>>,
    schedule: Schedule,
    reach: Reach,
    subscribers: Arc<Subscribers>,
}

impl Endpoints {
    /// These.
    pub fn new(all: Vec<Endpoint>, schedule: Schedule, reach: Reach) -> Self {
        let subscribers = Subscribers::new(all.iter().map(Endpoint::subscriber).collect());
        let all = all.into_iter().map(Arc::new).collect();
        Self { all, schedule, reach, subscribers: Arc::new(subscribers) }
    }

    /// Each of them, in the order of the file.
    pub fn all(&self) -> &[Arc<Endpoint>] {
        &self.all
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.all.iter().any(|endpoint| endpoint.name == name)
    }

    /// When to try again.
    pub const fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// What may be reached.
    pub const fn reach(&self) -> Reach {
        self.reach
    }

    /// As the outbox knows them.
    pub fn subscribers(&self) -> Arc<Subscribers> {
        self.subscribers.clone()
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self::new(Vec::new(), Schedule::default(), Reach::Public)
    }
}

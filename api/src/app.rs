//! What every handler can reach.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::token::{FreshToken, Prefix, TokenSecret};
use domain::{AccountId, CommandId, TokenId, UserId};
use projections::{ReadModels, Verifier};
use rand::Rng;
use uuid::Uuid;

use crate::audit::Notary;
use crate::auth::oidc::Provider;
use crate::auth::password::Passwords;
use crate::auth::throttle::{FailedCredentials, SignInThrottle};
use crate::auth::trusted_proxy::TrustedProxy;
use crate::chance::Chance;
use crate::clock::Clock;
use crate::commands::Commands;
use crate::deliveries::Endpoints;
use crate::limits::Limits;
use crate::names::Names;
use crate::networks::Networks;
use crate::readiness::Readiness;
use crate::settings::PublicUrl;
use crate::usage::UsageRecorder;

/// The running service. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What it is made of.
pub struct Parts {
    /// Changes things.
    pub commands: Arc<dyn Commands>,
    /// Says whose a token is.
    pub verifier: Arc<dyn Verifier>,
    /// What that is called.
    pub verifier_kind: &'static str,
    /// Says what people and accounts are called, if that is quick.
    pub names: Names,
    /// Answers every other question.
    pub store: Arc<dyn ReadModels>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes generators.
    pub chance: Arc<dyn Chance>,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Slows down guessing.
    pub throttle: Arc<SignInThrottle>,
    /// Counts credentials that were no good.
    pub failures: Arc<FailedCredentials>,
    /// Counts what is done in each account.
    pub limits: Arc<Limits>,
    /// Remembers when tokens were used, and what their bearers were told.
    pub usage: UsageRecorder,
    /// What every token begins with.
    pub token_prefix: Prefix,
    /// How browsers reach the server.
    pub public_url: PublicUrl,
    /// Where people sign in with OpenID Connect, if anywhere.
    pub oidc: Option<Arc<Provider>>,
    /// The proxy that names people, if there is one.
    pub trusted_proxy: Option<TrustedProxy>,
    /// The machines that say for which client they speak.
    pub gateways: Networks,
    /// Who is told what happens here.
    pub endpoints: Arc<Endpoints>,
    /// Signs what the log is.
    pub notary: Notary,
    /// Whether more requests are welcome.
    pub readiness: Readiness,
}

/// A token on its way to its owner: the secret, and what the aggregate needs to know.
pub struct MintedToken {
    /// For the one answer that shows it.
    pub secret: TokenSecret,
    /// For the command.
    pub fresh: FreshToken,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl App {
    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Makes a token. Nobody knows it until a command commits it.
    pub fn mint(&self) -> MintedToken {
        let secret = TokenSecret::generate(&self.token_prefix, &mut self.chance.rng());
        let fresh = FreshToken {
            id: TokenId::new(self.new_uuid()),
            digest: secret.digest(),
            hint: secret.hint(),
        };
        MintedToken { secret, fresh }
    }

    /// A new user's id.
    pub fn new_user_id(&self) -> UserId {
        UserId::new(self.new_uuid())
    }

    /// A new account's id.
    pub fn new_account_id(&self) -> AccountId {
        AccountId::new(self.new_uuid())
    }

    /// A new command's id.
    pub fn new_command_id(&self) -> CommandId {
        CommandId::new(self.new_uuid())
    }

    /// A version 7 UUID (RFC 9562): in order of time, with 74 random bits.
    pub fn new_uuid(&self) -> Uuid {
        let milliseconds = u64::try_from(self.now().timestamp_millis()).unwrap_or_default();
        let mut random = [0; 10];
        self.chance.fill(&mut random);
        uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
    }

    /// Fresh random bytes.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.chance.rng().fill_bytes(&mut bytes);
        bytes
    }
}

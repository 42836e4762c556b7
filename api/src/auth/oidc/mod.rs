//! Sign-in with OpenID Connect: code flow with PKCE, state and nonce.
//!
//! The session remembers what a sign-in began with; the browser carries only what the protocol makes
//! it carry. **Invariant:** a person is who issuer and subject say, whatever the e-mail address.

mod provider;
mod transport;

use chrono::{DateTime, TimeDelta, Utc};
use rand::distr::{Alphanumeric, SampleString};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tower_sessions::Session;

pub use self::provider::{Provider, ProviderError};
use crate::app::App;
use crate::enrolment::CodeDigest;
use crate::error::ApiError;
use crate::extract::LocalPath;

/// Where the provider sends people back to.
pub const CALLBACK_PATH: &str = "/sign-in/oidc/callback";

/// Under this name the session remembers sign-ins.
const ATTEMPTS: &str = "oidc.attempts";
/// Someone who takes longer begins again.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);
/// Tabs in which one browser can sign in at the same time.
const AT_ONCE: usize = 5;
/// 256 bits of chance; also the least that PKCE allows (RFC 7636, section 4.1).
const RANDOM_LENGTH: usize = 43;

/// A sign-in whose browser is at the provider. No `Debug`: it holds what proves that the browser is ours.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    pkce_verifier: String,
    begun_at: DateTime<Utc>,
    /// Where to go afterwards.
    pub next: LocalPath,
    /// For someone who comes for the first time.
    pub invitation: Option<CodeDigest>,
}

/// What the provider sends back by way of the browser (RFC 6749, section 4.1.2, and RFC 9207).
#[derive(Deserialize)]
pub struct Callback {
    #[serde(default)]
    state: String,
    code: Option<SecretString>,
    error: Option<String>,
    iss: Option<String>,
}

impl Attempt {
    /// A sign-in that begins now.
    pub fn new(app: &App, next: LocalPath, invitation: Option<CodeDigest>) -> Self {
        let random = || Alphanumeric.sample_string(&mut app.chance.rng(), RANDOM_LENGTH);
        Self {
            state: random(),
            nonce: random(),
            pkce_verifier: random(),
            begun_at: app.now(),
            next,
            invitation,
        }
    }

    /// Keeps it in the session until the browser comes back.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be asked.
    pub async fn remember(self, session: &Session) -> Result<(), ApiError> {
        let mut attempts = Self::waiting(session, self.begun_at).await?;
        let surplus = (attempts.len() + 1).saturating_sub(AT_ONCE);
        attempts.drain(..surplus);
        attempts.push(self);
        session.insert(ATTEMPTS, attempts).await.map_err(ApiError::session_store)
    }

    /// Takes out of the session what the browser that comes back set out with. Once only: that is
    /// stored before anything else happens.
    ///
    /// # Errors
    /// `SignInRefused` when this session did not begin it, or too long ago; `Unavailable` when the
    /// store cannot be asked.
    pub async fn take(
        session: &Session,
        callback: &Callback,
        at: DateTime<Utc>,
    ) -> Result<Self, ApiError> {
        let mut attempts = Self::waiting(session, at).await?;
        let position = attempts.iter().position(|attempt| attempt.state == callback.state);
        let taken = position.map(|position| attempts.swap_remove(position)).ok_or(
            ApiError::SignInRefused(
                "This sign-in did not begin in this browser, or was used or has expired. Please sign \
                 in again.",
            ),
        )?;
        session.insert(ATTEMPTS, attempts).await.map_err(ApiError::session_store)?;
        session.save().await.map_err(ApiError::session_store)?;
        Ok(taken)
    }

    async fn waiting(session: &Session, at: DateTime<Utc>) -> Result<Vec<Self>, ApiError> {
        let attempts = session.get::<Vec<Self>>(ATTEMPTS).await.map_err(ApiError::session_store)?;
        let mut attempts = attempts.unwrap_or_default();
        attempts.retain(|attempt| at - attempt.begun_at < PATIENCE);
        Ok(attempts)
    }
}

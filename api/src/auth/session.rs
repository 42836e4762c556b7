//! Browser sessions, by axum-login over tower-sessions.

use std::sync::Arc;

use axum_login::{AuthManagerLayer, AuthManagerLayerBuilder, AuthUser, AuthnBackend};
use domain::UserId;
use projections::{ReadModels, Registration, StoreError};
use secrecy::SecretString;
use sha2::{Digest, Sha256};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, SessionManagerLayer, SessionStore};

use super::password::Passwords;
use crate::error::ApiError;
use crate::settings::PublicUrl;

/// A session ends this long after sign-in.
const LIFETIME: Duration = Duration::hours(12);

/// The session of a request.
pub type AuthSession = axum_login::AuthSession<SignInBackend>;

/// Checks passwords and finds the people behind sessions.
#[derive(Clone)]
pub struct SignInBackend {
    store: Arc<dyn ReadModels>,
    passwords: Passwords,
}

impl SignInBackend {
    /// A backend on `store`.
    pub fn new(store: Arc<dyn ReadModels>, passwords: Passwords) -> Self {
        Self { store, passwords }
    }
}

impl std::fmt::Debug for SignInBackend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignInBackend")
    }
}

/// What someone signs in with.
pub struct SignInCredentials {
    /// Lower case.
    pub email: String,
    /// As typed.
    pub password: SecretString,
}

/// Someone who is signed in.
#[derive(Clone, Debug)]
pub struct SignedInUser {
    /// Who.
    pub registration: Registration,
    session_hash: [u8; 32],
}

impl From<Registration> for SignedInUser {
    /// A session holds a digest of the password's hash and the epoch: another password and another
    /// epoch each end every session.
    fn from(registration: Registration) -> Self {
        let session_hash = Sha256::new()
            .chain_update(registration.session_epoch.to_be_bytes())
            .chain_update(registration.password_hash.as_deref().unwrap_or_default())
            .finalize()
            .into();
        Self { registration, session_hash }
    }
}

impl AuthUser for SignedInUser {
    type Id = UserId;

    fn id(&self) -> UserId {
        self.registration.user_id
    }

    fn session_auth_hash(&self) -> &[u8] {
        &self.session_hash
    }
}

/// Why a sign-in could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// The store cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password cannot be checked.
    #[error(transparent)]
    Check(#[from] ApiError),
}

impl From<SignInFault> for ApiError {
    fn from(fault: SignInFault) -> Self {
        match fault {
            SignInFault::Store(error) => error.into(),
            SignInFault::Check(error) => error,
        }
    }
}

impl From<axum_login::Error<SignInBackend>> for ApiError {
    fn from(error: axum_login::Error<SignInBackend>) -> Self {
        match error {
            axum_login::Error::Session(error) => Self::session_store(error),
            axum_login::Error::Backend(fault) => fault.into(),
        }
    }
}

impl AuthnBackend for SignInBackend {
    type User = SignedInUser;
    type Credentials = SignInCredentials;
    type Error = SignInFault;

    async fn authenticate(
        &self,
        credentials: SignInCredentials,
    ) -> Result<Option<SignedInUser>, SignInFault> {
        let found = self.store.find_registration_by_email(&credentials.email).await?;
        let stored = found.as_ref().and_then(|registration| registration.password_hash.clone());
        let matches = self.passwords.matches(credentials.password, stored).await?;
        Ok(found.filter(|_| matches).map(SignedInUser::from))
    }

    async fn get_user(&self, user_id: &UserId) -> Result<Option<SignedInUser>, SignInFault> {
        Ok(self.store.find_registration(*user_id).await?.map(SignedInUser::from))
    }
}

/// Signs `user` in, whoever was before. The session gets a new id in any case (axum-login gives one only
/// to a session that nobody was signed in to): one that someone planted must not become the visitor's.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn begin(session: &mut AuthSession, user: &SignedInUser) -> Result<(), ApiError> {
    session.session.cycle_id().await.map_err(ApiError::session_store)?;
    Ok(session.login(user).await?)
}

/// The layer that gives requests their session. The cookie is `Lax`, so that it survives the way back
/// from an identity provider; on https it is `Secure` and bound to this host by its name.
pub fn layer<S: SessionStore + Clone>(
    store: S,
    backend: SignInBackend,
    public_url: &PublicUrl,
) -> AuthManagerLayer<SignInBackend, S> {
    let name = if public_url.is_https() { "__Host-symbolon_session" } else { "symbolon_session" };
    let sessions = SessionManagerLayer::new(store)
        .with_name(name)
        .with_secure(public_url.is_https())
        .with_same_site(SameSite::Lax)
        .with_http_only(true)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(LIFETIME));
    AuthManagerLayerBuilder::new(backend, sessions).build()
}

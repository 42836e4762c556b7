//! Passwords: argon2id, a few at a time, and never the reason why one did not match.

use std::sync::Arc;

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Semaphore;

use crate::error::ApiError;

/// Shortest and longest password, in characters (NIST SP 800-63B, section 3.1.1.2, asks for 15 or more
/// where nothing else protects; ours is behind a throttle).
pub(crate) const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;
/// Hashes computed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;

/// Hashes and checks passwords.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    /// Checked when there is no such user, so that the answer takes as long.
    decoy: Arc<str>,
}

impl Passwords {
    /// Ready for use. `salt` is of the decoy.
    ///
    /// # Errors
    /// When argon2 refuses its default parameters, which it does not.
    pub fn try_new(salt: &[u8; 16]) -> Result<Self, ApiError> {
        let decoy = hash("no password of anyone", salt)?;
        Ok(Self { permits: Arc::new(Semaphore::new(AT_ONCE)), decoy: decoy.into() })
    }

    /// The PHC text of `password`.
    ///
    /// # Errors
    /// `Validation` when it is too short or too long.
    pub async fn hash(&self, password: SecretString, salt: [u8; 16]) -> Result<String, ApiError> {
        if !LENGTH.contains(&password.expose_secret().chars().count()) {
            return Err(ApiError::Validation(format!(
                "password must have {} to {} characters",
                LENGTH.start(),
                LENGTH.end()
            )));
        }
        self.compute(move || hash(password.expose_secret(), &salt)).await?
    }

    /// Whether `password` is the one that `stored` was made from; `None` = there is no such user, which
    /// takes as long to find out.
    ///
    /// # Errors
    /// `Internal` when `stored` is no PHC text.
    pub async fn matches(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool, ApiError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.to_string());
        let matches = self
            .compute(move || {
                let password = password.expose_secret().as_bytes();
                match Argon2::default().verify_password(password, stored.as_str()) {
                    Ok(()) => Ok(true),
                    Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
                    Err(error) => Err(ApiError::Internal(error.into())),
                }
            })
            .await??;
        Ok(matches && known)
    }

    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let _permit =
            self.permits.acquire().await.map_err(|closed| ApiError::Internal(closed.into()))?;
        tokio::task::spawn_blocking(work).await.map_err(|panic| ApiError::Internal(panic.into()))
    }
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, ApiError> {
    Argon2::default()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|error| ApiError::Internal(error.into()))
}

//! Stands where the provider is in builds that have one. There is no value of this type.

use chrono::{DateTime, Utc};
use projections::Identity;

use super::{Attempt, Callback};
use crate::error::ApiError;
use crate::settings::{OidcSettings, PublicUrl};

/// No provider.
pub enum Provider {}

/// This build has no OpenID Connect.
#[derive(Debug, thiserror::Error)]
#[error("this symbolon was built without OpenID Connect (cargo feature oidc)")]
pub struct ProviderError;

impl Provider {
    /// Never one.
    ///
    /// # Errors
    /// Always.
    pub fn try_new(_: &OidcSettings, _: &PublicUrl) -> Result<Self, ProviderError> {
        Err(ProviderError)
    }

    /// Cannot be called.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "as in builds that have a provider")]
    pub async fn authorization_url(
        &self,
        _: &Attempt,
        _: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        match *self {}
    }

    /// Cannot be called.
    ///
    /// # Errors
    /// None.
    #[expect(clippy::unused_async, reason = "as in builds that have a provider")]
    pub async fn identify(
        &self,
        _: &Attempt,
        _: Callback,
        _: DateTime<Utc>,
    ) -> Result<Identity, ApiError> {
        match *self {}
    }
}

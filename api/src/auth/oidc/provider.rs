//! The identity provider: what it says of itself, and whom it says that someone is.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreIdToken,
    CoreIdTokenClaims, CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreTokenResponse,
};
use openidconnect::{
    AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, SignatureVerificationError, TokenResponse,
};
use projections::Identity;
use secrecy::ExposeSecret;

use super::transport::Transport;
use super::{Attempt, CALLBACK_PATH, Callback};
use crate::error::ApiError;
use crate::settings::{OidcSettings, PublicUrl};

/// What the provider said of itself is asked anew after this long.
const BELIEVED_FOR: TimeDelta = TimeDelta::hours(1);

/// Signatures that only the provider can make: its public key checks them.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

const NOT_AS_AGREED: ApiError = ApiError::SignInRefused(
    "The identity provider's answer does not belong to this sign-in. Please sign in again.",
);

type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why the provider cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// Of the issuer or of this service.
    #[error("oidc_issuer or public_url is no URL: {0}")]
    Url(#[from] openidconnect::url::ParseError),
    /// TLS cannot be had.
    #[error("cannot prepare OpenID Connect: {0}; does this machine have CA certificates?")]
    Transport(#[from] reqwest::Error),
}

/// An identity provider. It is first asked when someone signs in.
pub struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect_url: RedirectUrl,
    transport: Transport,
    known: RwLock<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    client: Arc<Client>,
    since: DateTime<Utc>,
}

impl Provider {
    /// Ready to be asked.
    ///
    /// # Errors
    /// When it cannot be used as it is configured.
    pub fn try_new(settings: &OidcSettings, public_url: &PublicUrl) -> Result<Self, ProviderError> {
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.clone())?,
            client_id: ClientId::new(settings.client_id.clone()),
            client_secret: ClientSecret::new(settings.client_secret.expose_secret().to_owned()),
            redirect_url: RedirectUrl::new(format!("{}{CALLBACK_PATH}", public_url.as_str()))?,
            transport: Transport::try_new()?,
            known: RwLock::new(None),
        })
    }

    /// Where the browser goes to sign in.
    ///
    /// # Errors
    /// `ProviderUnavailable` when the provider cannot be asked.
    pub async fn authorization_url(
        &self,
        attempt: &Attempt,
        at: DateTime<Utc>,
    ) -> Result<String, ApiError> {
        let state = CsrfToken::new(attempt.state.clone());
        let nonce = Nonce::new(attempt.nonce.clone());
        let verifier = PkceCodeVerifier::new(attempt.pkce_verifier.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let client = self.client(at).await?;
        let code_flow = CoreAuthenticationFlow::AuthorizationCode;
        let request = client.authorize_url(code_flow, move || state, move || nonce);
        let (url, _, _) = request.set_pkce_challenge(challenge).url();
        Ok(url.into())
    }

    /// Who came back.
    ///
    /// # Errors
    /// `SignInRefused` when the person or the provider declined, or the answer is not to this attempt;
    /// `ProviderUnavailable` when the provider cannot be asked.
    pub async fn identify(
        &self,
        attempt: &Attempt,
        callback: Callback,
        at: DateTime<Utc>,
    ) -> Result<Identity, ApiError> {
        let code = self.code(callback)?;
        let client = self.client(at).await?;
        let tokens = self.redeem(&client, code, attempt).await?;
        let token = tokens.id_token().ok_or_else(|| unavailable("its answer has no ID token"))?;
        let nonce = Nonce::new(attempt.nonce.clone());
        let claims = match claims(&client, token, &nonce, at) {
            Err(ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey,
            )) => claims(&*self.ask(at).await?, token, &nonce, at).cloned(),
            result => result.cloned(),
        };
        let claims = claims.map_err(|error| {
            tracing::warn!(%error, "refused an ID token of {}: {error}", self.issuer.as_str());
            NOT_AS_AGREED
        })?;
        Ok(Identity { issuer: claims.issuer().to_string(), subject: claims.subject().to_string() })
    }

    fn code(&self, callback: Callback) -> Result<AuthorizationCode, ApiError> {
        if callback.iss.is_some_and(|issuer| issuer != self.issuer.as_str()) {
            return Err(NOT_AS_AGREED);
        }
        match (callback.error.as_deref(), callback.code) {
            (None, Some(code)) => Ok(AuthorizationCode::new(code.expose_secret().to_owned())),
            (None, None) => Err(NOT_AS_AGREED),
            (Some("access_denied"), _) => {
                Err(ApiError::SignInRefused("The sign-in was cancelled at the identity provider."))
            }
            (Some(error), _) => Err(unavailable(format!("it answered the browser {error:?}"))),
        }
    }

    async fn redeem(
        &self,
        client: &Client,
        code: AuthorizationCode,
        attempt: &Attempt,
    ) -> Result<CoreTokenResponse, ApiError> {
        let request = client.exchange_code(code).map_err(unavailable)?;
        let verifier = PkceCodeVerifier::new(attempt.pkce_verifier.clone());
        let answer = request.set_pkce_verifier(verifier).request_async(&self.transport).await;
        answer.map_err(|error| match &error {
            RequestTokenError::ServerResponse(refusal)
                if *refusal.error() == CoreErrorResponseType::InvalidGrant =>
            {
                NOT_AS_AGREED
            }
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Request(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => unavailable(error),
        })
    }

    async fn client(&self, at: DateTime<Utc>) -> Result<Arc<Client>, ApiError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(known) if at - known.since < BELIEVED_FOR => Ok(known.client),
            Some(_) | None => self.ask(at).await,
        }
    }

    /// Asks the provider for its addresses and keys.
    async fn ask(&self, at: DateTime<Utc>) -> Result<Arc<Client>, ApiError> {
        let metadata =
            CoreProviderMetadata::discover_async(self.issuer.clone(), &self.transport).await;
        let metadata = metadata.map_err(unavailable)?;
        let auth_type = auth_type(&metadata);
        let secret = Some(self.client_secret.clone());
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), secret)
            .set_auth_type(auth_type)
            .set_redirect_uri(self.redirect_url.clone());
        let known = Known { client: Arc::new(client), since: at };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known.client)
    }
}

/// HTTP Basic unless the provider takes the secret only in the body.
fn auth_type(metadata: &CoreProviderMetadata) -> AuthType {
    let methods = metadata.token_endpoint_auth_methods_supported();
    let takes = |method| methods.is_some_and(|methods| methods.contains(&method));
    if takes(CoreClientAuthMethod::ClientSecretPost)
        && !takes(CoreClientAuthMethod::ClientSecretBasic)
    {
        AuthType::RequestBody
    } else {
        AuthType::BasicAuth
    }
}

fn claims<'t>(
    client: &Client,
    token: &'t CoreIdToken,
    nonce: &Nonce,
    at: DateTime<Utc>,
) -> Result<&'t CoreIdTokenClaims, ClaimsVerificationError> {
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(move || at);
    token.claims(&verifier, nonce)
}

fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ApiError {
    ApiError::ProviderUnavailable(cause.into())
}

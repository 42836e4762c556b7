//! How we speak to the provider: over TLS with the machine's certificate authorities, briefly, and with
//! nobody it redirects to.

use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

use crate::http_client;

/// For a whole exchange. Someone is waiting in front of a browser.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer answer is none of the protocol's.
const ANSWER_BYTES: usize = 1024 * 1024;

/// An HTTP client for one provider.
pub(super) struct Transport(reqwest::Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum TransportError {
    /// Not reached, not in time, or not understood.
    #[error("the identity provider did not answer")]
    Exchange(#[from] reqwest::Error),
    /// Not HTTP as we know it.
    #[error("the identity provider's answer cannot be read")]
    Answer(#[from] axum::http::Error),
    /// Longer than any that makes sense.
    #[error("the identity provider's answer has more than {ANSWER_BYTES} bytes")]
    TooLong,
}

impl Transport {
    /// Ready for use.
    ///
    /// # Errors
    /// When the machine has no certificate authorities.
    pub(super) fn try_new() -> Result<Self, reqwest::Error> {
        Ok(Self(http_client::builder().timeout(PATIENCE).build()?))
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES {
                return Err(TransportError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = axum::http::Response::builder().status(answer.status()).body(body)?;
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

impl<'c> AsyncHttpClient<'c> for Transport {
    type Error = TransportError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, TransportError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.exchange(request))
    }
}

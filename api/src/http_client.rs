//! How this service speaks to others: over TLS with the machine's certificate authorities, and with
//! nobody it is redirected to.

use reqwest::ClientBuilder;
use reqwest::redirect::Policy;

/// An HTTP client to be, without a time limit yet.
pub fn builder() -> ClientBuilder {
    // It may be installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .redirect(Policy::none())
        .user_agent(concat!("symbolon/", env!("CARGO_PKG_VERSION")))
}

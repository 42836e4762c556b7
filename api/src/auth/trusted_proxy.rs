//! A reverse proxy that signs people in and names them in a header.
//!
//! **Invariant:** the header means nothing unless a listed machine sent it, and reaches no handler.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;

use super::session::SignedInUser;
use crate::app::App;
use crate::client_address::Peer;
use crate::error::ApiError;
use crate::networks::Networks;

/// Which header, and from where.
#[derive(Clone, Debug)]
pub struct TrustedProxy {
    header: HeaderName,
    networks: Networks,
}

/// What a listed machine said in the header.
#[derive(Clone, Debug)]
pub(super) enum NamedByProxy {
    /// An e-mail address in lower case, perhaps nobody's.
    One(String),
    /// Who counts is not ours to guess.
    Several,
}

impl TrustedProxy {
    /// A proxy in one of `networks` that names people in `header`.
    pub fn new(header: HeaderName, networks: Networks) -> Self {
        Self { header, networks }
    }

    fn read(&self, headers: &HeaderMap) -> Option<NamedByProxy> {
        let mut values = headers.get_all(&self.header).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return Some(NamedByProxy::Several);
        }
        let email = String::from_utf8_lossy(value.as_bytes()).trim().to_lowercase();
        Some(NamedByProxy::One(email))
    }
}

impl NamedByProxy {
    /// The unlocked user of that name.
    ///
    /// # Errors
    /// `InvalidRequest` when there are several names; `Forbidden` when there is no such user.
    pub(super) async fn find_user(&self, app: &App) -> Result<SignedInUser, ApiError> {
        match self {
            Self::Several => {
                Err(ApiError::InvalidRequest("The proxy must name the user in exactly one header."))
            }
            Self::One(email) => {
                let found = app.store.find_registration_by_email(email).await?;
                found.map(SignedInUser::from).ok_or(ApiError::Forbidden)
            }
        }
    }
}

/// Takes the header off every request, and remembers what it said when a listed machine sent it.
pub async fn take_header(State(app): State<App>, mut request: Request, next: Next) -> Response {
    if let Some(proxy) = &app.trusted_proxy {
        let peer = request.extensions().get::<Peer>().and_then(|peer| peer.address());
        let is_listed = peer.is_some_and(|address| proxy.networks.contain(address));
        let named = proxy.read(request.headers()).filter(|_| is_listed);
        request.headers_mut().remove(&proxy.header);
        if let Some(named) = named {
            request.extensions_mut().insert(named);
        }
    }
    next.run(request).await
}

//! The layers that stand before the handlers.
//!
//! **Invariant:** nothing here answers 200, and nothing answers 401 when the store could not be asked.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::token::TokenDigest;
use domain::{AccountId, UserId};
use projections::{LiveToken, Membership, StoreError};

use super::bearer::{Presented, presented, refuse_token_in_query};
use super::signed_in::signed_in_user;
use super::{AccountInForce, Caller, Credential};
use crate::app::App;
use crate::client_address::ClientAddress;
use crate::error::ApiError;
use crate::usage::Client;

/// Names the account to act in; echoed when one is in force.
pub const ACCOUNT_ID: HeaderName = HeaderName::from_static("x-account-id");

/// Lets only known callers pass, with a [`Caller`] in the request's extensions.
///
/// # Errors
/// The credential's, in the order of docs/ARCHITECTURE.md: contradiction 400, credential 401 (429 when too
/// many failed from there), account header 400; 503 when the store cannot be asked.
pub async fn authenticate(
    State(app): State<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    refuse_token_in_query(request.uri().query(), &app.token_prefix)?;
    let address = request.extensions().get::<ClientAddress>().copied();
    let caller = match know_at_once(&app, request.headers(), address)? {
        Known::Token(live) => bearer_of(live),
        Known::ToBeFound(digest) => {
            let found = app.verifier.find_live_token(&digest).await?;
            bearer_of(settle(&app, &digest, found, request.headers(), address)?)
        }
        Known::NoCredential => {
            let user = signed_in_user(&app, request.extensions()).await?;
            let user = user.ok_or(ApiError::InvalidToken { sent: false })?;
            by_session(&app, user.registration.user_id).await?
        }
    };
    account_header(request.headers())?;
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

/// What is known about whoever sent a request, before anybody is asked.
pub(crate) enum Known {
    /// It carries this live token.
    Token(LiveToken),
    /// It carries a token with this digest; the store has to be asked.
    ToBeFound(TokenDigest),
    /// It carries no token.
    NoCredential,
}

/// Reads the credential, and finds the token if that needs no waiting.
///
/// # Errors
/// The credential's, as [`authenticate`] has them.
pub(crate) fn know_at_once(
    app: &App,
    headers: &HeaderMap,
    address: Option<ClientAddress>,
) -> Result<Known, ApiError> {
    match presented(headers, &app.token_prefix)? {
        Presented::Token(secret) => {
            let digest = secret.digest();
            match app.verifier.find_live_token_at_once(&digest) {
                Some(found) => settle(app, &digest, found, headers, address).map(Known::Token),
                None => Ok(Known::ToBeFound(digest)),
            }
        }
        Presented::Malformed { bearer } => {
            Err(app.failures.answer(address, ApiError::InvalidToken { sent: bearer }))
        }
        Presented::Nothing => Ok(Known::NoCredential),
    }
}

/// Takes note of how it ended.
fn settle(
    app: &App,
    digest: &TokenDigest,
    found: Option<LiveToken>,
    headers: &HeaderMap,
    address: Option<ClientAddress>,
) -> Result<LiveToken, ApiError> {
    let Some(live) = found else {
        let answer = app.failures.answer(address, ApiError::InvalidToken { sent: true });
        let is_limited = matches!(answer, ApiError::TooManyRequests { .. });
        app.usage.refused(digest, || Client::new(address, headers), app.now(), is_limited);
        return Err(answer);
    };
    app.usage.used(live.token_id, app.now());
    Ok(live)
}

fn bearer_of(live: LiveToken) -> Caller {
    let LiveToken { token_id, generation, access } = live;
    Caller { credential: Credential::Token { token_id, generation }, access, account: None }
}

async fn by_session(app: &App, user_id: UserId) -> Result<Caller, ApiError> {
    let access = app.verifier.find_access(user_id).await?;
    let access = access.ok_or(ApiError::InvalidToken { sent: false })?;
    Ok(Caller { credential: Credential::Session, access, account: None })
}

/// The text of the one `x-account-id` header, if there is one.
pub(crate) fn account_header(headers: &HeaderMap) -> Result<Option<&HeaderValue>, ApiError> {
    let mut values = headers.get_all(ACCOUNT_ID).iter();
    let value = values.next();
    if values.next().is_some() {
        return Err(ApiError::InvalidRequest("Send at most one x-account-id header."));
    }
    Ok(value)
}

/// Settles which account the request acts in, and says so in the reply. Never guesses between two.
///
/// # Errors
/// `AccountRequired` when the caller has several and named none; `Forbidden`, in the same bytes, for an
/// account that is unknown, closed or someone else's, and for a caller who has none.
pub async fn select_account(mut request: Request, next: Next) -> Result<Response, ApiError> {
    let named = account_header(request.headers())?.cloned();
    let caller = request.extensions_mut().get_mut::<Caller>();
    let caller = caller.ok_or(ApiError::InvalidToken { sent: false })?;
    let membership = match named {
        Some(value) => named_membership(&caller.access.memberships, &value),
        None => only_membership(&caller.access.memberships)?,
    };
    let Membership { account_id, role } = membership.ok_or(ApiError::Forbidden)?;
    caller.account = Some(AccountInForce { account_id, role });
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&account_id.to_string()) {
        response.headers_mut().insert(ACCOUNT_ID, value);
    }
    Ok(response)
}

fn named_membership(memberships: &[Membership], value: &HeaderValue) -> Option<Membership> {
    let named: AccountId = value.to_str().ok()?.parse().ok()?;
    memberships.iter().copied().find(|membership| membership.account_id == named)
}

fn only_membership(memberships: &[Membership]) -> Result<Option<Membership>, ApiError> {
    match memberships {
        [] => Ok(None),
        [only] => Ok(Some(*only)),
        [_, _, ..] => Err(ApiError::AccountRequired),
    }
}

/// The session layers answer a store that cannot be asked with a bare 500; that is a 503.
pub async fn session_store_fault(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let bare = response.headers().get(axum::http::header::CONTENT_TYPE).is_none();
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && bare {
        let cause = "the session store cannot be asked; the session layer logged why";
        return ApiError::Unavailable(StoreError::Unavailable(cause.into())).into_response();
    }
    response
}

//! The person in front of the browser: whoever a trusted proxy names, otherwise the session's user.

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;

use super::session::{AuthSession, SignedInUser};
use super::trusted_proxy::NamedByProxy;
use crate::app::App;
use crate::error::ApiError;

/// Who is signed in; `None` = nobody. Routes without a session layer know nobody: only behind it does
/// the cross-site check stand, and a proxy's word needs that check as much as a cookie does.
///
/// # Errors
/// When a trusted proxy names nobody or several; `Unavailable` when the store cannot be asked.
pub async fn signed_in_user(
    app: &App,
    extensions: &Extensions,
) -> Result<Option<SignedInUser>, ApiError> {
    let Some(session) = extensions.get::<AuthSession>() else { return Ok(None) };
    match extensions.get::<NamedByProxy>() {
        Some(named) => named.find_user(app).await.map(Some),
        None => Ok(session.user.clone()),
    }
}

/// [`signed_in_user`] as an argument of a handler.
#[derive(Clone, Debug)]
pub struct SignedIn(pub Option<SignedInUser>);

impl FromRequestParts<App> for SignedIn {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        signed_in_user(app, &parts.extensions).await.map(Self)
    }
}

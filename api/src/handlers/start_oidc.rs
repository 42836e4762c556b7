//! `GET /sign-in/oidc`: off to the identity provider.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Redirect;
use secrecy::SecretString;
use serde::Deserialize;
use tower_sessions::Session;

use crate::app::App;
use crate::auth::oidc::Attempt;
use crate::enrolment::CodeDigest;
use crate::error::ApiError;
use crate::extract::LocalPath;
use crate::request_context::RequestContext;

/// Where to go afterwards, and the invitation of someone who comes for the first time.
#[derive(Deserialize)]
pub struct StartOidc {
    next: Option<String>,
    code: Option<SecretString>,
}

/// Answers 303 to the provider.
///
/// # Errors
/// `NotFound` without a provider; `Validation` when `next` leads elsewhere; `Forbidden` when another
/// site brings the invitation; `ProviderUnavailable` when the provider cannot be asked.
pub async fn start_oidc(
    State(app): State<App>,
    session: Session,
    headers: HeaderMap,
    context: RequestContext,
    query: Result<Query<StartOidc>, QueryRejection>,
) -> Result<Redirect, ApiError> {
    app.throttle.try_address(context.address)?;
    let provider = app.oidc.as_ref().ok_or(ApiError::NotFound)?;
    let Query(query) =
        query.map_err(|_| ApiError::Validation("next and code must be plain text".to_owned()))?;
    let next = query.next.as_deref().map(LocalPath::parse).transpose()?.unwrap_or_default();
    if query.code.is_some() && comes_from_elsewhere(&headers) {
        return Err(ApiError::Forbidden);
    }
    let attempt = Attempt::new(&app, next, query.code.as_ref().map(CodeDigest::of));
    let url = provider.authorization_url(&attempt, app.now()).await?;
    attempt.remember(&session).await?;
    Ok(Redirect::to(&url))
}

/// Another site could have a visitor's identity linked to a user of its choice.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}

//! `POST /v1/session`: sign in with e-mail and password.

use axum::Json;
use axum::extract::State;
use secrecy::SecretString;
use serde::Deserialize;

use super::user_reply::MyselfReply;
use crate::app::App;
use crate::auth::session::{self, AuthSession, SignInCredentials};
use crate::error::ApiError;
use crate::extract::Body;
use crate::request_context::RequestContext;

/// What someone signs in with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    email: String,
    password: SecretString,
}

/// Answers 200 with the user and a session cookie.
///
/// # Errors
/// `InvalidSignIn` without saying which half was wrong; `TooManyRequests` for too many tries.
pub async fn create_session(
    State(app): State<App>,
    mut session: AuthSession,
    context: RequestContext,
    Body(body): Body<SignIn>,
) -> Result<Json<MyselfReply>, ApiError> {
    let email = body.email.trim().to_lowercase();
    app.throttle.try_address(context.address.as_deref())?;
    app.throttle.try_email(&email)?;
    let credentials = SignInCredentials { email, password: body.password };
    let user = session.authenticate(credentials).await?.ok_or(ApiError::InvalidSignIn)?;
    session::begin(&mut session, &user).await?;
    Ok(Json(user.registration.into()))
}

//! `POST /v1/session`: sign in with e-mail and password.

use axum::Json;
use axum::extract::State;
use projections::Registration;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::user_reply::MyselfReply;
use crate::app::App;
use crate::auth::session::{AuthSession, SignInCredentials, begin};
use crate::error::ApiError;
use crate::extract::{self, Body};
use crate::openapi::refusals::{BadRequest, InvalidSignIn, TooManyRequests, Visitor};
use crate::request_context::RequestContext;

/// What someone signs in with.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// In any case.
    #[schema(examples("ada@example.com"))]
    pub(crate) email: String,
    /// As it was chosen.
    #[schema(value_type = String, format = Password)]
    pub(crate) password: SecretString,
}

/// Signs in with e-mail and password.
///
/// The session lasts 12 hours. Whoever was signed in before in this browser no longer is.
///
/// # Errors
/// `Unauthorized` without saying which half was wrong; `TooManyRequests` for too many tries.
#[utoipa::path(
    post,
    path = "/v1/session",
    tag = "Coming in",
    request_body = SignIn,
    responses(
        (status = 200, description = "Signed in.", body = MyselfReply, headers(
            ("Set-Cookie" = String, description = "The session."),
        )),
        BadRequest, InvalidSignIn, TooManyRequests, Visitor,
    ),
)]
pub async fn create_session(
    State(app): State<App>,
    session: AuthSession,
    context: RequestContext,
    Body(body): Body<SignIn>,
) -> Result<Json<MyselfReply>, ApiError> {
    Ok(Json(sign_in(&app, session, &context, body).await?.into()))
}

/// Checks the password and begins a session.
pub(crate) async fn sign_in(
    app: &App,
    mut session: AuthSession,
    context: &RequestContext,
    body: SignIn,
) -> Result<Registration, ApiError> {
    // A text that is no e-mail address is nobody's.
    let email = extract::email(&body.email).map_err(|_| ApiError::InvalidSignIn)?;
    app.throttle.try_address(context.address)?;
    app.throttle.try_email(&email)?;
    let credentials = SignInCredentials { email, password: body.password };
    let user = session.authenticate(credentials).await?.ok_or(ApiError::InvalidSignIn)?;
    begin(&mut session, &user).await?;
    Ok(user.registration)
}

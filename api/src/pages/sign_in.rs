//! `/sign-in`

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::SecretString;
use serde::Deserialize;

use super::frame::{Frame, page, with_status};
use super::{assets, text};
use crate::app::App;
use crate::auth::session::AuthSession;
use crate::auth::signed_in::SignedIn;
use crate::error::ApiError;
use crate::extract::{FormBody, LocalPath};
use crate::handlers::create_session::{SignIn, sign_in};
use crate::request_context::RequestContext;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame,
    alert: Option<Cow<'static, str>>,
    next: &'a str,
    email: &'a str,
    has_provider: bool,
}

fn sign_in_page<'a>(
    app: &App,
    next: &'a str,
    email: &'a str,
    alert: Option<Cow<'static, str>>,
) -> SignInPage<'a> {
    SignInPage { frame: Frame::anonymous(), alert, next, email, has_provider: app.oidc.is_some() }
}

/// Where to go afterwards.
#[derive(Deserialize)]
pub struct SignInQuery {
    #[serde(default)]
    next: String,
}

/// What the form sends.
#[derive(Deserialize)]
pub struct SignInForm {
    #[serde(default)]
    next: String,
    email: String,
    password: SecretString,
}

/// Answers 200 with the form; whoever is signed in is sent on.
///
/// # Errors
/// `Internal` when the page cannot be rendered.
pub async fn show_sign_in(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    Query(query): Query<SignInQuery>,
) -> Result<Response, ApiError> {
    let next = LocalPath::parse(&query.next).unwrap_or_default();
    if user.is_some() {
        return Ok(Redirect::to(next.as_str()).into_response());
    }
    page(&sign_in_page(&app, next.as_str(), "", None))
}

/// Answers 303 to where the visitor was going, or the form again with what was wrong.
///
/// # Errors
/// `Validation` for a form that cannot be read; `Unavailable` when the store cannot be asked.
pub async fn submit_sign_in(
    State(app): State<App>,
    session: AuthSession,
    context: RequestContext,
    FormBody(form): FormBody<SignInForm>,
) -> Result<Response, ApiError> {
    let next = LocalPath::parse(&form.next).unwrap_or_default();
    let credentials = SignIn { email: form.email.clone(), password: form.password };
    match sign_in(&app, session, &context, credentials).await {
        Ok(_) => Ok(Redirect::to(next.as_str()).into_response()),
        Err(refusal @ ApiError::InvalidSignIn) => {
            let alert = Some(refusal.message());
            let page = page(&sign_in_page(&app, next.as_str(), &form.email, alert))?;
            Ok(with_status(StatusCode::UNAUTHORIZED, page))
        }
        Err(error) => Err(error),
    }
}

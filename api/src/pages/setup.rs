//! `/setup`: the page behind a set-up link.

use std::borrow::Cow;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::error_page::MessagePage;
use super::frame::{Frame, secret_page, with_status};
use super::{assets, text};
use crate::app::App;
use crate::auth::session::AuthSession;
use crate::enrolment;
use crate::error::ApiError;
use crate::extract::FormBody;
use crate::handlers::set_up::{SetUp, come_in};
use crate::request_context::RequestContext;

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    frame: Frame,
    first: bool,
    alert: Option<Cow<'static, str>>,
    code: &'a str,
    email: &'a str,
    name: &'a str,
    account: &'a str,
    has_provider: bool,
}

/// What the form shows again after a refusal.
#[derive(Clone, Default)]
struct Entered {
    email: String,
    name: String,
    account: String,
}

/// The code in the link.
#[derive(Deserialize)]
pub struct SetupQuery {
    code: Option<SecretString>,
}

/// Answers 200 with the form that the code is for, or 403 when the code does not work.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_setup(
    State(app): State<App>,
    Query(query): Query<SetupQuery>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    app.throttle.try_address(context.address)?;
    form(&app, &query.code.unwrap_or_default(), &Entered::default(), None).await
}

/// Answers 303 to the token's page, signed in, or the form again with what was wrong.
///
/// # Errors
/// `Validation` for a form that cannot be read; `Unavailable` when the store cannot be asked.
pub async fn submit_setup(
    State(app): State<App>,
    session: AuthSession,
    context: RequestContext,
    FormBody(body): FormBody<SetUp>,
) -> Result<Response, ApiError> {
    let entered = Entered {
        email: body.email.clone().unwrap_or_default(),
        name: body.name.clone().unwrap_or_default(),
        account: body.account.clone().unwrap_or_default(),
    };
    let code = body.code.clone();
    match come_in(&app, session, context, body).await {
        Ok(_) => Ok(Redirect::to("/user/settings/api-tokens").into_response()),
        Err(refusal @ (ApiError::Validation(_) | ApiError::Conflict(_))) => {
            let page = form(&app, &code, &entered, Some(refusal.message())).await?;
            Ok(with_status(StatusCode::BAD_REQUEST, page))
        }
        Err(ApiError::Forbidden) => refused(),
        Err(error) => Err(error),
    }
}

async fn form(
    app: &App,
    code: &SecretString,
    entered: &Entered,
    alert: Option<Cow<'static, str>>,
) -> Result<Response, ApiError> {
    let found = match enrolment::find_code(app, code).await {
        Ok(found) => found,
        Err(ApiError::Forbidden) => return refused(),
        Err(error) => return Err(error),
    };
    secret_page(&SetupPage {
        frame: Frame::anonymous(),
        first: found.user_id.is_none(),
        alert,
        code: code.expose_secret(),
        email: &entered.email,
        name: &entered.name,
        account: &entered.account,
        has_provider: app.oidc.is_some(),
    })
}

fn refused() -> Result<Response, ApiError> {
    let page = secret_page(&MessagePage {
        frame: Frame::anonymous(),
        title: text::LINK_REFUSED,
        message: text::LINK_REFUSED_TEXT,
        back: Some("/"),
    })?;
    Ok(with_status(StatusCode::FORBIDDEN, page))
}

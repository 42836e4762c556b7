//! `/setup`: the page behind a set-up link.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::html::{escape, page};
use crate::app::App;
use crate::auth::session::AuthSession;
use crate::enrolment;
use crate::error::ApiError;
use crate::handlers::set_up::{SetUp, come_in};
use crate::request_context::RequestContext;

/// The code in the link.
#[derive(Deserialize)]
pub struct SetupQuery {
    code: Option<SecretString>,
}

const PASSWORD_FIELD: &str = "<p><label>Password (12 characters or more)<br>
<input type=\"password\" name=\"password\" minlength=\"12\" maxlength=\"128\" autocomplete=\"new-password\" required></label></p>";

const FIRST_USER_FIELDS: &str = "<p><label>E-mail<br>
<input type=\"email\" name=\"email\" autocomplete=\"email\" required></label></p>
<p><label>Name<br>
<input name=\"name\" autocomplete=\"name\" required></label></p>
<p><label>Name of the first account<br>
<input name=\"account\" autocomplete=\"organization\" required></label></p>";

/// Answers 200 with the form that the code is for, or 403 when the code does not work.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_setup(
    State(app): State<App>,
    Query(query): Query<SetupQuery>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    app.throttle.try_address(context.address.as_deref())?;
    let code = query.code.unwrap_or_default();
    form(&app, &code, None).await
}

/// Answers 303 to the home page, signed in, or the form again with what was wrong.
///
/// # Errors
/// `Validation` for a form that cannot be read; `Unavailable` when the store cannot be asked.
pub async fn submit_setup(
    State(app): State<App>,
    session: AuthSession,
    context: RequestContext,
    body: Result<Form<SetUp>, FormRejection>,
) -> Result<Response, ApiError> {
    let Form(body) = body.map_err(|rejection| ApiError::Validation(rejection.body_text()))?;
    let code = body.code.clone();
    match come_in(&app, session, context, body).await {
        Ok(_) => Ok(Redirect::to("/").into_response()),
        Err(refusal @ (ApiError::Validation(_) | ApiError::Conflict(_))) => {
            form(&app, &code, Some(&refusal)).await
        }
        Err(ApiError::Forbidden) => Ok(refused()),
        Err(error) => Err(error),
    }
}

async fn form(
    app: &App,
    code: &SecretString,
    refusal: Option<&ApiError>,
) -> Result<Response, ApiError> {
    let found = match enrolment::find_code(app, code).await {
        Ok(found) => found,
        Err(ApiError::Forbidden) => return Ok(refused()),
        Err(error) => return Err(error),
    };
    let fields = if found.user_id.is_some() { "" } else { FIRST_USER_FIELDS };
    let alert = refusal.map_or_else(String::new, |refusal| {
        format!("<p role=\"alert\">{}</p>", escape(&refusal.message()))
    });
    let status = if refusal.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let body: Html<String> = page(
        "Set up",
        &format!(
            "{alert}<form method=\"post\" action=\"/setup\">
<input type=\"hidden\" name=\"code\" value=\"{}\">
{fields}
{PASSWORD_FIELD}
<p><button>Continue</button></p>
</form>",
            escape(code.expose_secret())
        ),
    );
    Ok((status, body).into_response())
}

fn refused() -> Response {
    let body = page(
        "This link does not work",
        "<p>It was used, has expired, or is not complete. Ask whoever sent it for a new one; for the \
         first user, restart the server.</p>
<p><a href=\"/\">Home</a></p>",
    );
    (StatusCode::FORBIDDEN, body).into_response()
}

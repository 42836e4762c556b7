//! What surrounds every page, and who looks at it.

use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::header::REFERER;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use domain::InstanceRole;
use projections::{Actor, Registration, Via};

use crate::app::App;
use crate::auth::signed_in::signed_in_user;
use crate::error::ApiError;

/// The part of a page that is the same everywhere.
pub(super) struct Frame {
    pub(super) visitor: Option<Visitor>,
}

/// Who is signed in, as the head of the page says.
pub(super) struct Visitor {
    pub(super) name: String,
    pub(super) is_admin: bool,
    pub(super) is_auditor: bool,
}

impl Frame {
    pub(super) const fn anonymous() -> Self {
        Self { visitor: None }
    }

    pub(super) fn of(person: &Registration) -> Self {
        let holds = |role| person.roles.contains(&role);
        Self {
            visitor: Some(Visitor {
                name: person.name.clone(),
                is_admin: holds(InstanceRole::Admin),
                is_auditor: holds(InstanceRole::Auditor),
            }),
        }
    }
}

/// Someone who is signed in, and from here on the actor of the request. Anyone else is sent to sign in,
/// and back here afterwards.
pub struct PageUser(pub Registration);

impl FromRequestParts<App> for PageUser {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match signed_in_user(app, &parts.extensions).await {
            Ok(Some(user)) => {
                let actor = Actor { user_id: Some(user.registration.user_id), via: Via::Session };
                parts.extensions.insert(actor);
                Ok(Self(user.registration))
            }
            Ok(None) => Err(Redirect::to(&sign_in_url(parts)).into_response()),
            Err(error) => Err(error.into_response()),
        }
    }
}

/// Where to sign in so as to come back. Only the path: a query may be part of an action. A form leads
/// back to the page that it stands on, because its own address may not be one to look at.
fn sign_in_url(parts: &Parts) -> String {
    let form_page = || -> Option<Uri> { parts.headers.get(REFERER)?.to_str().ok()?.parse().ok() };
    let next = if parts.method.is_safe() { Some(parts.uri.clone()) } else { form_page() };
    format!("/sign-in?next={}", next.as_ref().map_or("/", Uri::path))
}

macro_rules! page_role {
    ($($(#[$doc:meta])* $name:ident: $role:ident),+ $(,)?) => {$(
        $(#[$doc])*
        pub struct $name(pub Registration);

        impl FromRequestParts<App> for $name {
            type Rejection = Response;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
                let PageUser(person) = PageUser::from_request_parts(parts, app).await?;
                if person.roles.contains(&InstanceRole::$role) {
                    Ok(Self(person))
                } else {
                    Err(ApiError::Forbidden.into_response())
                }
            }
        }
    )+};
}

page_role! {
    /// Someone who is signed in and holds the instance role `admin`.
    PageAdmin: Admin,
    /// Someone who is signed in and holds the instance role `auditor`.
    PageAuditor: Auditor,
}

/// A page that may wait in the back-forward cache, because its text holds no secret.
pub(super) fn page(template: &impl Template) -> Result<Response, ApiError> {
    let mut response = secret_page(template)?;
    let value = HeaderValue::from_static("private, no-cache");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    Ok(response)
}

/// A page that nothing may keep.
pub(super) fn secret_page(template: &impl Template) -> Result<Response, ApiError> {
    let text = template.render().map_err(|error| ApiError::Internal(error.into()))?;
    let mut response = Html(text).into_response();
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    Ok(response)
}

/// The same with another status.
pub(super) fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}

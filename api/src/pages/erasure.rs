//! `/admin/users/{id}/erase`: the question whether to forget who someone is, and the deed.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::UserId;

use super::admin_actions::back;
use super::frame::{Frame, PageAdmin, secret_page};
use super::{assets, text};
use crate::app::App;
use crate::erasing;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

#[derive(Template)]
#[template(path = "erase.html")]
struct ErasePage {
    frame: Frame,
    id: String,
    name: String,
    email: String,
}

/// Answers 200 with the question, or leads back when there is nothing to ask.
///
/// # Errors
/// `Forbidden` without the role; `NotFound` for an unknown user.
pub async fn confirm_erase(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(user_id): Ids<UserId>,
) -> Result<Response, ApiError> {
    let user = app.store.find_user(user_id).await?.ok_or(ApiError::NotFound)?;
    let (true, Some(name), Some(email)) = (user.is_locked, user.name, user.email) else {
        return Ok(Redirect::to("/admin").into_response());
    };
    let (frame, id) = (Frame::of(&person), user_id.to_string());
    secret_page(&ErasePage { frame, id, name, email })
}

/// Answers 303 to the page.
///
/// # Errors
/// `Forbidden` without the role.
pub async fn erase(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    back(&app, &person, erasing::erase(&app, user_id, &context).await).await
}

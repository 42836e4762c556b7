//! The card without a script: each button is a form, and the token is shown on a page of its own.
//!
//! A form carries the tag of the state that its page showed. Sending it again, by reload or by a second
//! tab, meets another state and changes nothing.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::token::{Generation, RevocationReason, TokenSecret};
use domain::{TokenCommand, TokenEvent};
use projections::Registration;
use serde::Deserialize;

use super::frame::{Frame, PageUser, page, secret_page};
use super::time::last_used;
use super::{assets, text};
use crate::app::App;
use crate::commands::Receipt;
use crate::error::ApiError;
use crate::extract::FormBody;
use crate::handlers::token_reply::tag;
use crate::request_context::RequestContext;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage {
    frame: Frame,
    title: &'static str,
    explanation: &'static str,
    confirm: &'static str,
    action: &'static str,
    last_used: String,
    tag: String,
}

#[derive(Template)]
#[template(path = "shown.html")]
struct ShownPage {
    frame: Frame,
    message: &'static str,
    secret: TokenSecret,
}

/// The state that the form's page showed.
#[derive(Deserialize)]
pub struct Tagged {
    tag: String,
}

impl Tagged {
    fn generation(&self) -> Result<Generation, ApiError> {
        self.tag.parse().map_err(|_| changed())
    }
}

fn changed() -> ApiError {
    ApiError::PreconditionFailed(text::CHANGED_ELSEWHERE.to_owned())
}

/// `POST …/generate`. Answers 200 with the token.
///
/// # Errors
/// `PreconditionFailed` when the state is no longer the one that the form's page showed.
pub async fn generate(
    State(app): State<App>,
    PageUser(person): PageUser,
    context: RequestContext,
    FormBody(form): FormBody<Tagged>,
) -> Result<Response, ApiError> {
    if form.tag != tag(app.store.find_token(person.user_id).await?.as_ref()) {
        return Err(changed());
    }
    mint(&app, &person, &context, text::CREATED, |fresh, at| TokenCommand::Generate {
        replace: false,
        fresh,
        at,
    })
    .await
}

/// `POST …/regenerate`. Answers 200 with the token.
///
/// # Errors
/// `PreconditionFailed` when the state is no longer the one that the form's page showed.
pub async fn regenerate(
    State(app): State<App>,
    PageUser(person): PageUser,
    context: RequestContext,
    FormBody(form): FormBody<Tagged>,
) -> Result<Response, ApiError> {
    let expected_generation = Some(form.generation()?);
    mint(&app, &person, &context, text::REGENERATED, |fresh, at| TokenCommand::Regenerate {
        expected_generation,
        fresh,
        at,
    })
    .await
}

async fn mint(
    app: &App,
    person: &Registration,
    context: &RequestContext,
    message: &'static str,
    command: impl FnOnce(domain::token::FreshToken, chrono::DateTime<chrono::Utc>) -> TokenCommand,
) -> Result<Response, ApiError> {
    let minted = app.mint();
    let command = command(minted.fresh, app.now());
    let receipt = submit(app, person, context, command).await?;
    if receipt.expect_first()?.is_empty() {
        return Err(ApiError::Internal("the command put no token in force".into()));
    }
    secret_page(&ShownPage { frame: Frame::of(person), message, secret: minted.secret })
}

/// `POST …/delete`. Answers 303 to the page.
///
/// # Errors
/// `PreconditionFailed` when the state is no longer the one that the form's page showed.
pub async fn delete(
    State(app): State<App>,
    PageUser(person): PageUser,
    context: RequestContext,
    FormBody(form): FormBody<Tagged>,
) -> Result<Redirect, ApiError> {
    let command = TokenCommand::Revoke {
        expected_generation: Some(form.generation()?),
        reason: RevocationReason::Owner,
        at: app.now(),
    };
    submit(&app, &person, &context, command).await?;
    Ok(Redirect::to("/user/settings/api-tokens"))
}

/// Carries out the command; a stale tag is refused in the card's own words.
async fn submit(
    app: &App,
    person: &Registration,
    context: &RequestContext,
    command: TokenCommand,
) -> Result<Receipt<TokenEvent>, ApiError> {
    let submission = context.submission(app);
    let done = app.commands.token(person.user_id, command, submission).await;
    done.map_err(ApiError::from).map_err(|error| {
        if matches!(error, ApiError::PreconditionFailed(_)) { changed() } else { error }
    })
}

/// `GET …/regenerate`. Answers 200 with the question.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn confirm_regenerate(
    State(app): State<App>,
    PageUser(person): PageUser,
) -> Result<Response, ApiError> {
    confirm(&app, &person, |tag, last_used| ConfirmPage {
        frame: Frame::of(&person),
        title: text::SURE,
        explanation: text::SURE_TEXT,
        confirm: text::REGENERATE_CONFIRM,
        action: "/user/settings/api-tokens/regenerate",
        last_used,
        tag,
    })
    .await
}

/// `GET …/delete`. Answers 200 with the question.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn confirm_delete(
    State(app): State<App>,
    PageUser(person): PageUser,
) -> Result<Response, ApiError> {
    confirm(&app, &person, |tag, last_used| ConfirmPage {
        frame: Frame::of(&person),
        title: text::DELETE_SURE,
        explanation: text::DELETE_TEXT,
        confirm: text::DELETE_CONFIRM,
        action: "/user/settings/api-tokens/delete",
        last_used,
        tag,
    })
    .await
}

/// The question, or the card when there is nothing to ask about.
async fn confirm(
    app: &App,
    person: &Registration,
    question: impl FnOnce(String, String) -> ConfirmPage,
) -> Result<Response, ApiError> {
    let state = app.store.find_token(person.user_id).await?;
    match state.as_ref().and_then(|state| state.live.as_ref()) {
        Some(live) => {
            let used = last_used(live.last_used_at, app.now());
            page(&question(tag(state.as_ref()), used))
        }
        None => Ok(Redirect::to("/user/settings/api-tokens").into_response()),
    }
}

//! The forms of `/audit`.
//!
//! **Invariant: what a form says of a person or a token goes no further than the question it is for.**

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::token::TokenHint;
use projections::{PageRequest, TokenFilter};
use serde::Deserialize;

use super::filters::Filters;
use super::tokens::{Shown, render};
use super::{overview, tokens};
use crate::app::App;
use crate::audit::NotaryError;
use crate::audit::reading;
use crate::error::ApiError;
use crate::extract::FormBody;
use crate::handlers::audit_query::hint;
use crate::pages::frame::{PageAuditor, with_status};
use crate::pages::text;
use crate::pages::turns::Turns;

/// As many as are shown of those with the same last four characters.
const SHOWN: u32 = 100;

/// `POST /audit/tokens`: leads to the list, whose address names a user by id. Answers 303, or the page with
/// what was wrong.
///
/// # Errors
/// `Forbidden` without the role; `Unavailable` when the store cannot be asked.
pub async fn filter_tokens(
    State(app): State<App>,
    PageAuditor(person): PageAuditor,
    FormBody(form): FormBody<Filters>,
) -> Result<Response, ApiError> {
    let said = form.clone();
    let read = match form.resolve(&app).await {
        Ok(filters) => filters.read(app.now()).map(|_| filters),
        Err(error) => Err(error),
    };
    match read {
        Ok(filters) => {
            let query = filters.query();
            let mark = if query.is_empty() { "" } else { "?" };
            Ok(Redirect::to(&format!("/audit/tokens{mark}{query}#tokens")).into_response())
        }
        Err(refusal @ ApiError::Validation(_)) => {
            let shown = Shown {
                filters: said,
                clue: None,
                entries: Vec::new(),
                query: String::new(),
                turns: Turns::none(),
            };
            let page = render(&app, &person, shown, Some(&refusal.message())).await?;
            Ok(with_status(StatusCode::BAD_REQUEST, page))
        }
        Err(error) => Err(error),
    }
}

/// The last four characters.
#[derive(Deserialize)]
pub struct HintForm {
    hint: String,
}

/// `POST /audit/identify`: the tokens that end like this. Answers 200. The record of reads says how it was
/// asked, not for what.
///
/// # Errors
/// `Forbidden` without the role; `Unavailable` when the store cannot be asked.
pub async fn identify(
    State(app): State<App>,
    PageAuditor(person): PageAuditor,
    FormBody(form): FormBody<HintForm>,
) -> Result<Response, ApiError> {
    let Ok(hint) = hint(form.hint.trim().to_owned()) else {
        return overview::refusal(&app, &person, StatusCode::BAD_REQUEST, text::NO_HINT).await;
    };
    let filter = TokenFilter { hint: Some(TokenHint::new(hint.clone())), ..TokenFilter::default() };
    let request = PageRequest { limit: SHOWN, cursor: None };
    let entries = app.store.list_audit_tokens(&filter, &request).await?.data;
    let clue = format!("{} {hint}", text::ENDING_IN);
    let shown = Shown {
        filters: Filters::default(),
        clue: Some(&clue),
        entries,
        query: String::new(),
        turns: Turns::none(),
    };
    let page = tokens::render(&app, &person, shown, None).await?;
    Ok((Extension(reading::Asked("by", "hint")), page).into_response())
}

/// `POST /audit/checkpoint`: signs what the log is now. Comes back to the page, or says that the history was
/// changed.
///
/// # Errors
/// `Forbidden` without the role; `Unavailable` when the store cannot be asked.
pub async fn sign_checkpoint(
    State(app): State<App>,
    PageAuditor(person): PageAuditor,
) -> Result<Response, ApiError> {
    match app.notary.sign_everything(&*app.store, app.now()).await {
        Ok(_) => Ok(Redirect::to("/audit#proof").into_response()),
        Err(error @ NotaryError::Broken { .. }) => {
            tracing::error!(%error, "no checkpoint was signed: {error}");
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            overview::refusal(&app, &person, status, text::LOG_BROKEN).await
        }
        Err(error) => Err(error.into()),
    }
}

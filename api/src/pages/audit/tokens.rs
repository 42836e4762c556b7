//! `/audit/tokens`: every token ever issued, or those that one looks for.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use projections::{PageRequest, Registration, TokenEntry};
use serde::Deserialize;

use super::filters::{Filters, MADE, ONLY, REASONS, STATUSES};
use super::reader::Asked;
use super::telling::TokenView;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::identified;
use crate::pages::frame::{Frame, PageAuditor, secret_page};
use crate::pages::turns::{Turns, page_of};
use crate::pages::{assets, text};

#[derive(Template)]
#[template(path = "audit_tokens.html")]
struct TokensPage<'a> {
    frame: Frame,
    alert: Option<&'a str>,
    filters: Filters,
    /// What was looked for, when it was not by the form.
    clue: Option<&'a str>,
    tokens: Vec<TokenView>,
    query: String,
    turns: Turns,
}

/// Which tokens, and which part of the list.
#[derive(Deserialize)]
pub struct TokensQuery {
    #[serde(flatten)]
    filters: Filters,
    cursor: Option<String>,
}

/// What is shown of a list.
pub(super) struct Shown<'a> {
    pub(super) filters: Filters,
    pub(super) clue: Option<&'a str>,
    pub(super) entries: Vec<TokenEntry>,
    pub(super) query: String,
    pub(super) turns: Turns,
}

/// Answers 200.
///
/// # Errors
/// `Forbidden` without the role; `Validation` for a filter or a cursor that cannot be used; `Unavailable` when
/// the store cannot be asked.
pub async fn show_tokens(
    State(app): State<App>,
    PageAuditor(person): PageAuditor,
    Asked(TokensQuery { mut filters, cursor }): Asked<TokensQuery>,
) -> Result<Response, ApiError> {
    let filter = filters.read(app.now())?;
    let request: PageRequest = identified(page_of(cursor.as_deref())?)?;
    let page = app.store.list_audit_tokens(&filter, &request).await?;
    let query = filters.query();
    if let Some(user_id) = filter.user_id {
        // The form shows the address, which the path does not.
        let known = app.store.find_known_user(user_id).await?;
        filters.user = known.and_then(|known| known.email).unwrap_or(filters.user);
    }
    let turns = Turns::newest_first(&page);
    let shown = Shown { filters, clue: None, entries: page.data, query, turns };
    render(&app, &person, shown, None).await
}

/// The page with this list.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub(super) async fn render(
    app: &App,
    person: &Registration,
    shown: Shown<'_>,
    alert: Option<&str>,
) -> Result<Response, ApiError> {
    secret_page(&TokensPage {
        frame: Frame::of(person),
        alert,
        filters: shown.filters,
        clue: shown.clue,
        tokens: TokenView::all(app, shown.entries).await?,
        query: shown.query,
        turns: shown.turns,
    })
}

//! Lists, page by page.

use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use projections::{Cursor, Page, PageRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::error::ApiError;

/// Entries in a page.
pub(crate) const LIMIT: RangeInclusive<u32> = 1..=100;
/// Entries in a page when the client names no number.
pub(crate) const DEFAULT_LIMIT: u32 = 10;

/// `?limit=&cursor=` of a list.
#[derive(Clone, Debug)]
pub struct Paging(pub PageRequest);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PagingQuery {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl FromRequestParts<App> for Paging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Query(query) =
            Query::<PagingQuery>::from_request_parts(parts, app).await.map_err(|_| {
                ApiError::Validation(
                    "this list takes limit and cursor only, limit as a number".to_owned(),
                )
            })?;
        page_request(query.limit, query.cursor.as_deref()).map(Self)
    }
}

/// The page that `?limit=&cursor=` asks for.
///
/// # Errors
/// `Validation` for a limit or cursor that cannot be used.
pub fn page_request(limit: Option<u32>, cursor: Option<&str>) -> Result<PageRequest, ApiError> {
    let limit = limit.unwrap_or(DEFAULT_LIMIT);
    if !LIMIT.contains(&limit) {
        return Err(ApiError::Validation("limit must be between 1 and 100".to_owned()));
    }
    Ok(PageRequest { limit, cursor: cursor.map(decode).transpose()? })
}

/// The same for a list whose keys are numbers.
#[derive(Clone, Debug)]
pub struct HistoryPaging(pub PageRequest);

impl FromRequestParts<App> for HistoryPaging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Paging(request) = Paging::from_request_parts(parts, app).await?;
        numeric(request).map(Self)
    }
}

fn is_number(key: &str) -> bool {
    key.len() <= 18 && key.bytes().all(|byte| byte.is_ascii_digit())
}

/// The same request, if its cursor is that of a list whose keys are numbers.
///
/// # Errors
/// `Validation` for any other cursor.
pub fn numeric(request: PageRequest) -> Result<PageRequest, ApiError> {
    match &request.cursor {
        Some(cursor) if !is_number(&cursor.key) => Err(foreign_cursor()),
        Some(_) | None => Ok(request),
    }
}

/// The same request, if its cursor is that of a list whose keys are identifiers.
///
/// # Errors
/// `Validation` for any other cursor.
pub fn identified(request: PageRequest) -> Result<PageRequest, ApiError> {
    match &request.cursor {
        Some(cursor) if !is_identifier(&cursor.key) => Err(foreign_cursor()),
        Some(_) | None => Ok(request),
    }
}

fn is_identifier(key: &str) -> bool {
    uuid::Uuid::parse_str(key).is_ok_and(|id| id.to_string() == key)
}

fn foreign_cursor() -> ApiError {
    ApiError::Validation("cursor is not one that this list gave out".to_owned())
}

/// Reads a cursor that [`encode`] wrote.
///
/// # Errors
/// `Validation` for any other text.
pub fn decode(text: &str) -> Result<Cursor, ApiError> {
    let (direction, key) = text.split_at_checked(1).ok_or_else(foreign_cursor)?;
    let well_formed = !key.is_empty() && key.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    match direction {
        "n" | "p" if well_formed => Ok(Cursor { key: key.to_owned(), backward: direction == "p" }),
        _other => Err(foreign_cursor()),
    }
}

/// Writes a cursor for the outside.
pub fn encode(cursor: &Cursor) -> String {
    let direction = if cursor.backward { 'p' } else { 'n' };
    format!("{direction}{}", cursor.key)
}

/// A page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct List<T> {
    /// The entries, in the order of the list.
    data: Vec<T>,
    /// Whether there is a page after this one.
    has_more: bool,
    /// The `cursor` of the page after this one; null on the last.
    #[schema(required)]
    next: Option<String>,
    /// The `cursor` of the page before this one; null on the first.
    #[schema(required)]
    previous: Option<String>,
}

impl<T> From<Page<T>> for List<T> {
    fn from(page: Page<T>) -> Self {
        Self {
            has_more: page.next.is_some(),
            next: page.next.as_ref().map(encode),
            previous: page.previous.as_ref().map(encode),
            data: page.data,
        }
    }
}

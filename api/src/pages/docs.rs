//! The API's description to read and to try, by Swagger UI. It comes from this origin, as everything
//! else does.

use askama::Template;
use axum::response::Response;

use super::frame::page;
use super::{assets, text};
use crate::error::ApiError;

/// Not in the frame of the other pages: their style and Swagger UI's are for the same elements.
#[derive(Template)]
#[template(path = "docs.html")]
struct DocsPage;

/// `GET /docs`.
///
/// # Errors
/// `Internal` when the page cannot be written.
pub async fn show_docs() -> Result<Response, ApiError> {
    page(&DocsPage)
}

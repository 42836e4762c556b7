//! `GET /openapi.json`: what this API is, for programs.

use std::sync::LazyLock;

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::openapi::document;

/// The document as it is sent.
struct Published {
    text: String,
    /// Of this text and no other.
    tag: String,
}

/// The same for the life of the process.
static PUBLISHED: LazyLock<Result<Published, String>> = LazyLock::new(|| {
    let text = document().to_pretty_json().map_err(|error| error.to_string())?;
    let digest = hex::encode(Sha256::digest(&text));
    Ok(Published { text, tag: format!("\"{}\"", digest.get(..16).unwrap_or_default()) })
});

/// Answers 200, or 304 to whoever has it. It changes with the version of the server only.
///
/// # Errors
/// `Internal` when the document cannot be written.
pub async fn show_openapi(headers: HeaderMap) -> Result<Response, ApiError> {
    let Published { text, tag } =
        PUBLISHED.as_ref().map_err(|error| ApiError::Internal(error.clone().into()))?;
    let caching = [(ETAG, tag.as_str()), (CACHE_CONTROL, "no-cache")];
    if headers.get_all(IF_NONE_MATCH).iter().any(|known| known == tag.as_str()) {
        return Ok((StatusCode::NOT_MODIFIED, caching).into_response());
    }
    Ok((caching, [(CONTENT_TYPE, "application/json")], text.as_str()).into_response())
}

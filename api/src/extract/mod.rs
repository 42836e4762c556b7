//! Reads what clients send, and says in the error table's words what is wrong with it.

mod body;
mod headers;
mod paging;
mod text;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

pub(crate) use body::reason;
pub use body::{Body, FormBody, Object};
pub(crate) use headers::single;
pub use headers::{IfMatchGeneration, IfNoneMatch};
pub(crate) use paging::{DEFAULT_LIMIT, LIMIT};
pub use paging::{HistoryPaging, List, Paging, decode, encode, identified, numeric, page_request};
pub(crate) use text::NAME_LENGTH;
pub use text::{LocalPath, TEXT_LENGTH, contact, email, name, text};

use crate::app::App;
use crate::error::ApiError;

/// An identifier in the path. One that is not well-formed names nothing.
#[derive(Clone, Debug)]
pub struct Ids<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Ids<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        match Path::from_request_parts(parts, app).await {
            Ok(Path(ids)) => Ok(Self(ids)),
            Err(_) => Err(ApiError::NotFound),
        }
    }
}

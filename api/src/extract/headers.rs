//! Headers that a request has at most once.

use axum::extract::FromRequestParts;
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use domain::token::Generation;

use crate::app::App;
use crate::error::ApiError;

/// The generation in `If-Match: "<generation>"`; `*` and an absent header expect none in particular.
#[derive(Clone, Copy, Debug)]
pub struct IfMatchGeneration(pub Option<Generation>);

impl FromRequestParts<App> for IfMatchGeneration {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        let Some(text) = single(&parts.headers, &IF_MATCH)? else { return Ok(Self(None)) };
        if text == "*" {
            return Ok(Self(None));
        }
        let tag = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let tag = tag.filter(|tag| !tag.contains('"')).ok_or_else(|| malformed(&IF_MATCH))?;
        match tag.parse() {
            Ok(generation) => Ok(Self(Some(generation))),
            // The tag of a state without a live token: well-formed, and never the live generation.
            Err(_) => {
                Err(ApiError::PreconditionFailed("This was changed in the meantime.".to_owned()))
            }
        }
    }
}

/// Whether the request carries `If-None-Match: *`: act only when there is nothing yet.
#[derive(Clone, Copy, Debug)]
pub struct IfNoneMatch(pub bool);

impl FromRequestParts<App> for IfNoneMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        match single(&parts.headers, &IF_NONE_MATCH)? {
            None => Ok(Self(false)),
            Some("*") => Ok(Self(true)),
            Some(_) => Err(malformed(&IF_NONE_MATCH)),
        }
    }
}

pub(crate) fn single<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, ApiError> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(malformed(name));
    }
    value.to_str().map(Some).map_err(|_| malformed(name))
}

fn malformed(name: &HeaderName) -> ApiError {
    ApiError::Validation(format!("the {name} header cannot be understood"))
}

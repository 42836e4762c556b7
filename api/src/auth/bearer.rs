//! Reads the credential of a request: exactly one `Authorization: Bearer <token>`, or nothing that counts.

use std::borrow::Cow;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use domain::TokenId;
use domain::token::{Prefix, TokenSecret};

use crate::error::ApiError;

/// With the one space that follows it.
const SCHEME: &[u8] = b"bearer ";
/// Query parameters in which clients are known to send tokens (RFC 6750, section 2.3, advises against).
const QUERY_PARAMETERS: [&str; 2] = ["access_token", "token"];
/// Of a UUID as it is usually written, with hyphens.
const ID_LENGTH: usize = 36;

/// What a request presents.
#[derive(Debug)]
pub enum Presented {
    /// No `Authorization` header.
    Nothing,
    /// Something that cannot be a token of this service.
    Malformed {
        /// Whether it was meant as a bearer token.
        bearer: bool,
    },
    /// A well-formed token, which may or may not be live.
    Token(TokenSecret),
}

/// Reads the `Authorization` header. The scheme is case-insensitive (RFC 9110, section 11.1); everything
/// after it must be one space and a token, to the byte.
///
/// # Errors
/// `InvalidRequest` when there are several: which one counts is not ours to guess (RFC 6750, section 2).
pub fn presented(headers: &HeaderMap, prefix: &Prefix) -> Result<Presented, ApiError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(Presented::Nothing) };
    if values.next().is_some() {
        return Err(ApiError::InvalidRequest("Send exactly one Authorization header."));
    }
    let Some((scheme, rest)) = value.as_bytes().split_at_checked(SCHEME.len()) else {
        return Ok(Presented::Malformed { bearer: false });
    };
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return Ok(Presented::Malformed { bearer: false });
    }
    let secret = str::from_utf8(rest).ok().and_then(|text| TokenSecret::parse(prefix, text));
    Ok(secret.map_or(Presented::Malformed { bearer: true }, Presented::Token))
}

/// A token in the URL ends up in logs and histories; it is refused whether or not it is live. A token may be
/// named by its id, which is no secret: `?token=` with a UUID.
///
/// # Errors
/// `InvalidRequest` when the query names a token parameter or holds something that looks like a token.
pub fn refuse_token_in_query(query: Option<&str>, prefix: &Prefix) -> Result<(), ApiError> {
    let looks_like_a_token =
        |text: &str| text.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with('_'));
    let suspicious = |(name, value): (Cow<'_, str>, Cow<'_, str>)| {
        if name == "token" && is_id(&value) {
            return false;
        }
        QUERY_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known))
            || looks_like_a_token(&name)
            || looks_like_a_token(&value)
    };
    let query = query.unwrap_or_default().as_bytes();
    if form_urlencoded::parse(query).any(suspicious) {
        return Err(ApiError::InvalidRequest(
            "Send the API token in the Authorization header, never in the URL.",
        ));
    }
    Ok(())
}

/// Whether the text can be nothing but an id: of a token, a user, whatever has one.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == ID_LENGTH && text.parse::<TokenId>().is_ok()
}

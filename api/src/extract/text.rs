//! Texts that must be of a kind.

use std::ops::RangeInclusive;

use domain::contact::{EmailAddress, InvalidContact};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;

/// Length of a [`name`], in characters.
pub(crate) const NAME_LENGTH: RangeInclusive<usize> = 1..=255;
/// A path on this site, query and all, to send a browser to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalPath(String);

impl LocalPath {
    /// What every browser takes for a path on the same site: one slash, then no second and no backslash
    /// anywhere (browsers read `\\` as `/`), and only visible ASCII (they drop tabs and line breaks).
    ///
    /// # Errors
    /// `Validation` for anything else.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let local = text.strip_prefix('/').is_some_and(|rest| !rest.starts_with('/'));
        if local && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ApiError::Validation("next must be a path on this site".to_owned()))
        }
    }

    /// As it goes into a `Location` header.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LocalPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

/// A name that people give to something: 1 to 255 characters, none of them a control character, and
/// trimmed.
///
/// # Errors
/// `Validation`, naming the field.
pub fn name(field: &str, text: &str) -> Result<String, ApiError> {
    let usable = NAME_LENGTH.contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let text = text.trim();
    if usable && !text.is_empty() {
        Ok(text.to_owned())
    } else {
        Err(ApiError::Validation(format!(
            "{field} must have 1 to 255 characters, none of them a control character"
        )))
    }
}

/// An e-mail address in lower case. Checked for shape only: whether it arrives, only a mail can tell.
///
/// # Errors
/// `Validation`.
pub fn email(text: &str) -> Result<String, ApiError> {
    contact("email", EmailAddress::parse(text)).map(|email| email.as_str().to_owned())
}

/// A contact that was read, or which field is none.
///
/// # Errors
/// `Validation`, naming the field.
pub fn contact<T>(field: &str, read: Result<T, InvalidContact>) -> Result<T, ApiError> {
    read.map_err(|error| ApiError::Validation(format!("{field} {error}")))
}

/// Characters of what someone would say.
pub const TEXT_LENGTH: RangeInclusive<usize> = 1..=2000;

/// A text of 1 to 2,000 characters, as someone would say it.
///
/// # Errors
/// `Validation`, naming the field.
pub fn text(field: &str, text: &str) -> Result<(), ApiError> {
    if TEXT_LENGTH.contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(ApiError::Validation(format!("{field} must have 1 to 2000 characters")))
    }
}

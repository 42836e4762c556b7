//! Reads what clients send, and says in the error table's words what is wrong with it.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{IF_MATCH, IF_NONE_MATCH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use axum::{Form, Json};
use domain::contact::{EmailAddress, InvalidContact};
use domain::token::Generation;
use projections::{Cursor, Page, PageRequest};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::error::ApiError;

/// Length of a [`name`], in characters.
pub(crate) const NAME_LENGTH: RangeInclusive<usize> = 1..=255;
/// Entries in a page.
pub(crate) const LIMIT: RangeInclusive<u32> = 1..=100;
/// Entries in a page when the client names no number.
pub(crate) const DEFAULT_LIMIT: u32 = 10;

/// A JSON object as body.
#[derive(Clone, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        match Json::from_request(request, app).await {
            Ok(Json(Object(body))) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(ApiError::Validation(
                "Invalid request body: send JSON with Content-Type: application/json".to_owned(),
            )),
            Err(JsonRejection::JsonDataError(error)) => Err(unusable_body(&error)),
            Err(JsonRejection::JsonSyntaxError(_)) => {
                Err(ApiError::Validation("Invalid request body: not JSON".to_owned()))
            }
            Err(rejection) => Err(ApiError::Validation(format!(
                "Invalid request body: {}",
                rejection.status().canonical_reason().unwrap_or("cannot be read")
            ))),
        }
    }
}

/// A `T` written as a JSON object. Serde's own reading of a struct takes a list of its fields, too, which
/// no client means.
#[derive(Clone, Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

/// Says what is wrong by naming fields, never by repeating a value: it may be a secret in the wrong place.
fn unusable_body(error: &(dyn Error + 'static)) -> ApiError {
    let cause = std::iter::successors(Some(error), |error| (*error).source())
        .map(ToString::to_string)
        .last()
        .unwrap_or_default();
    ApiError::Validation(format!("Invalid request body: {}", reason(&cause)))
}

/// What serde says (a missing field, an unknown field, or a path with what was expected there), without
/// what the client wrote.
pub(crate) fn reason(cause: &str) -> String {
    let cause = cause.split_once(" at line ").map_or(cause, |(before, _)| before);
    let path = cause.split_once(": ").map(|(path, _)| path).filter(|path| is_field_name(path));
    for what in ["missing field", "unknown field", "duplicate field"] {
        let name =
            cause.split_once(&format!("{what} `")).and_then(|(_, rest)| rest.split('`').next());
        if let Some(name) = name.filter(|name| is_field_name(name)) {
            return format!("{what} `{}`", whole_name(path, name));
        }
    }
    let expected = cause.rsplit_once("expected ").map(|(_, expected)| expected);
    match (path, expected) {
        (Some(path), Some(expected)) => format!("{path} must be {expected}"),
        (Some(path), None) => format!("{path} cannot be used"),
        (None, Some(expected)) => format!("expected {expected}"),
        (None, None) => "it is not what this route takes".to_owned(),
    }
}

/// The field with where it is. Serde's path ends in it, or before it when it is not there.
fn whole_name(path: Option<&str>, name: &str) -> String {
    match path {
        None => name.to_owned(),
        Some(path) if path.rsplit('.').next() == Some(name) => path.to_owned(),
        Some(path) => format!("{path}.{name}"),
    }
}

/// Whether the text can be nothing but the name of a field: too short for a secret, and plain.
fn is_field_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.[]".contains(c))
}

/// A form body.
#[derive(Clone, Debug)]
pub struct FormBody<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for FormBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        match Form::from_request(request, app).await {
            Ok(Form(body)) => Ok(Self(body)),
            Err(FormRejection::FailedToDeserializeFormBody(error)) => Err(unusable_body(&error)),
            Err(_) => Err(ApiError::Validation("the form cannot be read".to_owned())),
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_body_names_the_field_and_never_the_value() {
        for (cause, said) in [
            ("missing field `email` at line 1 column 20", "missing field `email`"),
            (
                "surprise: unknown field `surprise`, expected `email` or `name`",
                "unknown field `surprise`",
            ),
            (
                "password: invalid type: integer `831290775523194`, expected a string at line 1 column 4",
                "password must be a string",
            ),
            (
                "role: unknown variant `hunter2hunter2`, expected one of `admin`, `member`, `viewer`",
                "role must be one of `admin`, `member`, `viewer`",
            ),
            (
                "unknown field `alta_pat_00000000000000000000000000000000000000`, expected `role`",
                "expected `role`",
            ),
            ("invalid type: string \"secret\", expected struct SignIn", "expected struct SignIn"),
            ("name: duplicate field `name` at line 1 column 9", "duplicate field `name`"),
            (
                "callTransfer: missing field `phoneNumber`",
                "missing field `callTransfer.phoneNumber`",
            ),
            (
                "data[3].surprise: unknown field `surprise`, expected `email`",
                "unknown field `data[3].surprise`",
            ),
            (
                "data[3].alta_pat_00000000000000000000000000000000000000: unknown field \
                 `alta_pat_00000000000000000000000000000000000000`, expected `email`",
                "expected `email`",
            ),
        ] {
            assert_eq!(reason(cause), said);
        }
    }
}

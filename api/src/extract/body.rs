//! Bodies, and what is wrong with one that cannot be used.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{FromRequest, Request};
use axum::{Form, Json};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::app::App;
use crate::error::ApiError;

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

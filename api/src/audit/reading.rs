//! Every read of the history is itself recorded: who, by what right, when, from where, what was asked.
//!
//! **Invariant:** no answer leaves before its read is recorded; when it cannot be, the answer is 503.
//! **Invariant:** no secret is recorded: no body, and of the query nothing that could be one.

use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use domain::token::RevocationReason;
use projections::{AuditRead, TokenStatus};

use super::export::ExportFormat;
use super::export::selection::EVENT_TYPES;
use crate::app::App;
use crate::auth::bearer::is_id;
use crate::auth::{Caller, Credential};
use crate::error::ApiError;
use crate::request_context::RequestContext;
use crate::router::ROUTES;

/// Of what is kept of a token to recognise it.
const HINT_LENGTH: usize = 4;
/// No route takes as many parameters.
const PARAMETERS: usize = 32;

/// What a handler wants to be recorded of a question that came in a body, in the extensions of its reply.
#[derive(Clone, Debug)]
pub struct Asked(pub &'static str, pub &'static str);

/// Lets an answer leave once it is recorded that it was asked for. Stands behind `authenticate`.
///
/// # Errors
/// `Unavailable` when it cannot be recorded.
pub async fn record_read(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::from_request_parts(&mut parts, &app).await?;
    let Ok(context) = RequestContext::from_request_parts(&mut parts, &app).await;
    let route = parts.extensions.get::<MatchedPath>().map_or("none", MatchedPath::as_str);
    let mut read = AuditRead {
        at: app.now(),
        request_id: context.request_id,
        reader_id: caller.user_id(),
        token_id: match caller.credential {
            Credential::Token { token_id, .. } => Some(token_id),
            Credential::Session => None,
        },
        address: context.address.map(|address| address.to_string()),
        user_agent: context.user_agent,
        method: parts.method.to_string(),
        route: route.to_owned(),
        parameters: Vec::new(),
        status: 0,
    };
    let ids = ids(RawPathParams::from_request_parts(&mut parts, &app).await.ok().as_ref());
    let query = parts.uri.query().unwrap_or_default().to_owned();

    let response = next.run(Request::from_parts(parts, body)).await;

    // Whoever asks again and again for what they may not see fills no table with it.
    if response.status() == StatusCode::FORBIDDEN
        && let slow_down @ ApiError::TooManyRequests { .. } =
            app.failures.answer(context.address, ApiError::Forbidden)
    {
        return Err(slow_down);
    }
    read.status = response.status().as_u16();
    read.parameters = ids;
    read.parameters.extend(parameters(&query, response.status()));
    if let Some(Asked(name, value)) = response.extensions().get() {
        read.parameters.push(((*name).to_owned(), Some((*value).to_owned())));
    }
    app.store.record_read(&read).await.map_err(ApiError::Unavailable)?;
    Ok(response)
}

/// What the path names. What is no id there names nothing.
fn ids(path: Option<&RawPathParams>) -> Vec<(String, Option<String>)> {
    let pairs = path.into_iter().flatten();
    let ids = pairs.filter(|(_, value)| uuid::Uuid::parse_str(value).is_ok());
    ids.map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).collect()
}

/// Names and values of the query. A value is kept when it has the form of one that some route takes: anything
/// else may be a person's name or a secret, and these records are for ever.
fn parameters(query: &str, status: StatusCode) -> Vec<(String, Option<String>)> {
    form_urlencoded::parse(query.as_bytes())
        .take(PARAMETERS)
        .map(|(name, value)| {
            let keep = status != StatusCode::BAD_REQUEST && is_value(&name, &value);
            let name = if is_name(&name) { name.into_owned() } else { "unknown".to_owned() };
            (name, keep.then(|| value.into_owned()))
        })
        .collect()
}

/// Whether it has the form of an id, a number, a time, a number of days, or a word that routes know.
fn is_value(name: &str, text: &str) -> bool {
    let days = text.strip_suffix('d').unwrap_or(text);
    let is_number = days.len() <= 16 && days.bytes().all(|byte| byte.is_ascii_digit());
    let is_time = || {
        DateTime::parse_from_rfc3339(text).is_ok()
            || ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].iter().any(|form| {
                NaiveDateTime::parse_and_remainder(text, form).is_ok_and(|it| it.1.is_empty())
                    || NaiveDate::parse_from_str(text, form).is_ok()
            })
    };
    let is_hint = || {
        name == "hint"
            && text.len() == HINT_LENGTH
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    is_number || is_id(text) || is_time() || is_hint() || is_word(text)
}

fn is_word(text: &str) -> bool {
    ["true", "false", "generated", "regenerated", "leavers", "stale"].contains(&text)
        || TokenStatus::parse(text).is_some()
        || RevocationReason::ALL.iter().any(|reason| reason.as_str() == text)
        || ExportFormat::parse(text).is_some()
        || EVENT_TYPES.contains(&text)
        || ROUTES.iter().any(|(_, route)| *route == text)
}

/// Whether it can be the name of a parameter.
fn is_name(text: &str) -> bool {
    (1..=32).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "alta_pat_0123456789abcdefghijABCDEFGHIJ012345678901";
    const HOOK: &str = "alta_hook_0123456789abcdefghijABCDEFGHIJ012345678901";

    fn recorded(query: &str, status: StatusCode) -> Vec<(String, Option<String>)> {
        parameters(query, status)
    }

    fn pair(name: &str, value: Option<&str>) -> (String, Option<String>) {
        (name.to_owned(), value.map(str::to_owned))
    }

    #[test]
    fn what_was_asked_is_kept_in_order_and_twice_when_it_was_said_twice() {
        let query = "user=1&at=2026-01-02T03%3A04%3A05Z&user=2&empty=&bare";
        assert_eq!(
            recorded(query, StatusCode::OK),
            [
                pair("user", Some("1")),
                pair("at", Some("2026-01-02T03:04:05Z")),
                pair("user", Some("2")),
                pair("empty", Some("")),
                pair("bare", Some("")),
            ]
        );
        assert_eq!(recorded("", StatusCode::OK), []);
    }

    #[test]
    fn whatever_a_route_takes_is_kept() {
        for (name, value) in [
            ("user", "01980000-0000-7000-8000-000000000001"),
            ("olderThan", "90d"),
            ("hint", "E0B7"),
            ("status", "live"),
            ("reason", "owner"),
            ("format", "ocsf"),
            ("type", "TokenRevoked"),
            ("fresh", "true"),
            ("route", "/v1/audit/tokens"),
            ("since", "2026-01-02T03:04:05.678901Z"),
            ("from", "2026-01-02"),
            ("at", "2026-01-02T03:04"),
            ("at", "2026-01-02T03:04:05"),
            ("position", "9007199254740991"),
        ] {
            let query = format!("{name}={value}");
            let kept = [pair(name, Some(value))];
            assert_eq!(recorded(&query, StatusCode::OK), kept);
            assert_eq!(recorded(&query, StatusCode::FORBIDDEN), kept);
        }
    }

    #[test]
    fn what_may_be_a_person_or_a_secret_is_not_kept() {
        for value in [SECRET, HOOK, "grace@example.test", "Grace", "hunter2", "2026-01-02x", "E0B7"]
        {
            for value in [value.to_owned(), format!("%20{value}"), format!("x{value}x")] {
                let query = format!("q={value}");
                for status in [StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST] {
                    assert_eq!(recorded(&query, status), [pair("q", None)], "{query}");
                }
            }
            assert_eq!(recorded(&format!("hint=x{value}"), StatusCode::OK), [pair("hint", None)]);
        }
        let as_name = recorded(&format!("{SECRET}=1"), StatusCode::FORBIDDEN);
        assert_eq!(as_name, [pair("unknown", Some("1"))]);
    }

    #[test]
    fn what_was_not_understood_is_kept_by_name_only() {
        let expected = [pair("user", None), pair("passWord", None)];
        assert_eq!(recorded("user=1&passWord=2", StatusCode::BAD_REQUEST), expected);
    }

    #[test]
    fn what_is_too_long_or_too_much_is_not_kept() {
        let long = "a".repeat(129);
        assert_eq!(recorded(&format!("a={}", "1".repeat(17)), StatusCode::OK), [pair("a", None)]);
        assert_eq!(recorded(&"a=1&".repeat(100), StatusCode::OK).len(), PARAMETERS);
        assert_eq!(recorded(&format!("{long}=1"), StatusCode::OK), [pair("unknown", Some("1"))]);
    }
}

//! Every read of the history is itself recorded: who, by what right, when, from where, what was asked.
//!
//! **Invariant:** no answer leaves before its read is recorded; when it cannot be, the answer is 503.
//! **Invariant:** no secret is recorded: no body, and of the query nothing that could be one.

use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use domain::token::Prefix;
use projections::AuditRead;

use crate::app::App;
use crate::auth::{Caller, Credential};
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Longer values mean nothing to any route; what they hold is not kept.
const VALUE_LENGTH: usize = 128;
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
    let query = parts.uri.query().unwrap_or_default().to_owned();

    let response = next.run(Request::from_parts(parts, body)).await;

    read.status = response.status().as_u16();
    read.parameters = parameters(&query, response.status(), &app.token_prefix);
    if let Some(Asked(name, value)) = response.extensions().get() {
        read.parameters.push(((*name).to_owned(), Some((*value).to_owned())));
    }
    app.store.record_read(&read).await.map_err(ApiError::Unavailable)?;
    Ok(response)
}

/// Names and values of the query. What was not understood may be anything, and of what was, nothing that
/// looks like a secret is kept.
fn parameters(query: &str, status: StatusCode, prefix: &Prefix) -> Vec<(String, Option<String>)> {
    let secrets = [prefix, &Prefix::webhook()].map(|prefix| format!("{}_", prefix.as_str()));
    let harmless = |text: &str| {
        text.chars().count() <= VALUE_LENGTH && !secrets.iter().any(|secret| text.contains(secret))
    };
    form_urlencoded::parse(query.as_bytes())
        .take(PARAMETERS)
        .map(|(name, value)| {
            let keep = status != StatusCode::BAD_REQUEST && harmless(&value);
            let name = if is_name(&name) { name.into_owned() } else { "unknown".to_owned() };
            (name, keep.then(|| value.into_owned()))
        })
        .collect()
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
        parameters(query, status, &Prefix::default())
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
    fn nothing_that_looks_like_a_secret_is_kept() {
        for secret in [SECRET, HOOK] {
            for value in [secret.to_owned(), format!("%20{secret}"), format!("x{secret}x")] {
                let query = format!("hint={value}");
                for status in [StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::BAD_REQUEST] {
                    assert_eq!(recorded(&query, status), [pair("hint", None)], "{query}");
                }
            }
            let as_name = recorded(&format!("{secret}=1"), StatusCode::FORBIDDEN);
            assert_eq!(as_name, [pair("unknown", Some("1"))]);
        }
    }

    #[test]
    fn what_was_not_understood_is_kept_by_name_only() {
        let query = "user=hunter2&passWord=hunter2";
        let expected = [pair("user", None), pair("passWord", None)];
        assert_eq!(recorded(query, StatusCode::BAD_REQUEST), expected);
    }

    #[test]
    fn what_is_too_long_or_too_much_is_not_kept() {
        let long = "a".repeat(VALUE_LENGTH + 1);
        assert_eq!(recorded(&format!("a={long}"), StatusCode::OK), [pair("a", None)]);
        assert_eq!(recorded(&"a=1&".repeat(100), StatusCode::OK).len(), PARAMETERS);
        assert_eq!(recorded(&format!("{long}=1"), StatusCode::OK), [pair("unknown", Some("1"))]);
    }
}

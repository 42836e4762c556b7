//! Refusals and failures, readable, with a way back, for whoever asks for HTML.

use askama::Template;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::frame::{Frame, secret_page};
use super::{assets, text};
use crate::error::Refusal;

#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct MessagePage<'a> {
    pub(super) frame: Frame,
    pub(super) title: &'a str,
    pub(super) message: &'a str,
    pub(super) back: Option<&'a str>,
}

/// Turns JSON refusals into pages for browsers. The API under `/v1` answers JSON to everyone.
pub async fn for_browsers(request: Request, next: Next) -> Response {
    let readable = wants_html(request.headers()) && !request.uri().path().starts_with("/v1/");
    let response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<Refusal>().filter(|_| readable) else {
        return response;
    };
    let title = title(response.status());
    let template = MessagePage {
        frame: Frame::anonymous(),
        title,
        message: &refusal.message,
        back: Some("/"),
    };
    match secret_page(&template) {
        Ok(page) => dressed(response, page),
        Err(_) => response,
    }
}

/// `original` with the body of `page`; status and other headers stay.
fn dressed(original: Response, page: Response) -> Response {
    let (mut parts, _) = original.into_parts();
    let (page_parts, body) = page.into_parts();
    parts.headers.remove(CONTENT_LENGTH);
    if let Some(content_type) = page_parts.headers.get(CONTENT_TYPE) {
        parts.headers.insert(CONTENT_TYPE, content_type.clone());
    }
    Response::from_parts(parts, body)
}

fn wants_html(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

fn title(status: StatusCode) -> &'static str {
    match status {
        StatusCode::NOT_FOUND => "There is no such page",
        StatusCode::FORBIDDEN => "You may not do that",
        StatusCode::UNAUTHORIZED => "Please sign in",
        StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => {
            "This was changed in the meantime"
        }
        StatusCode::TOO_MANY_REQUESTS => "Too many tries",
        StatusCode::SERVICE_UNAVAILABLE => "The service cannot answer right now",
        status if status.is_server_error() => "Something went wrong",
        _ => "That cannot be done",
    }
}

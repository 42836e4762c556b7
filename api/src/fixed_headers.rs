//! What every answer says, so that a browser makes of it what it is and no more.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

type Said = (HeaderName, &'static str);

const OF_ALL: &[Said] = &[(CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];

/// Pages load nothing from elsewhere, send forms home, and cannot be framed.
const OF_PAGES: &[Said] = &[
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "same-origin"),
];

/// Whatever else is shown as a page can do nothing at all.
const OF_OTHERS: &[Said] =
    &[(CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'")];

/// Adds what an answer says, unless it says otherwise.
pub(crate) fn put_fixed_headers(headers: &mut HeaderMap) {
    let of_its_kind = if is_page(headers) { OF_PAGES } else { OF_OTHERS };
    for (name, value) in OF_ALL.iter().chain(of_its_kind) {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The same as a layer, around whatever makes an answer a page.
pub(crate) async fn with_fixed_headers(mut response: Response) -> Response {
    put_fixed_headers(response.headers_mut());
    response
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|it| it.as_bytes().starts_with(b"text/html"))
}

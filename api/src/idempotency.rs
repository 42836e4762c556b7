//! `Idempotency-Key`: whoever is not sure whether a request was carried out sends it again with the same
//! key, and it is carried out once (draft-ietf-httpapi-idempotency-key-header).
//!
//! Here the key is read; it is used up in the command's own transaction, and what is answered to a
//! repeated request is made from the events of the first.

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, Method};
use axum::middleware::Next;
use axum::response::Response;
use projections::{IdempotencyKey, LiveWebhook};
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::extract::single;
use crate::router::BODY_LIMIT_BYTES;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Longer keys are refused.
const KEY_LENGTH: usize = 255;

/// Reads the key of a `POST`, so that the command that the request gives is carried out once. Stands
/// behind authentication: one caller's keys mean nothing to another.
///
/// # Errors
/// `Validation` for a key that is not 1 to 255 visible ASCII characters, and for several.
pub async fn read_key(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.method() != Method::POST {
        return Ok(next.run(request).await);
    }
    let Some(text) = single(request.headers(), &IDEMPOTENCY_KEY)? else {
        return Ok(next.run(request).await);
    };
    let well_formed =
        (1..=KEY_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    if !well_formed {
        return Err(ApiError::Validation(
            "the idempotency-key header must have 1 to 255 visible ASCII characters".to_owned(),
        ));
    }
    let sender = Sender::of(&request).ok_or(ApiError::InvalidToken { sent: false })?;
    let digest = digest(&[&sender.name, text]);
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_LIMIT_BYTES)
        .await
        .map_err(|_| ApiError::Validation("Invalid request body: Payload Too Large".to_owned()))?;
    let request_digest = Sha256::new()
        .chain_update(self::digest(&[parts.method.as_str(), &sender.path, &sender.account]))
        .chain_update(&body)
        .finalize()
        .into();
    parts.extensions.insert(IdempotencyKey { digest, request_digest, at: app.now() });
    Ok(next.run(Request::from_parts(parts, Body::from(body))).await)
}

/// Who sends, to which path, in which account.
struct Sender {
    name: String,
    path: String,
    account: String,
}

impl Sender {
    fn of(request: &Request) -> Option<Self> {
        let extensions = request.extensions();
        if let Some(webhook) = extensions.get::<LiveWebhook>() {
            // The route, not the path: a retry after the URL was replaced is still a retry.
            let path = extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
            return Some(Self {
                name: format!("webhook {}", webhook.campaign_id),
                path: path.to_owned(),
                account: String::new(),
            });
        }
        let caller = extensions.get::<Caller>()?;
        Some(Self {
            name: format!("user {}", caller.user_id()),
            path: request.uri().path().to_owned(),
            account: caller
                .account
                .map(|account| account.account_id.to_string())
                .unwrap_or_default(),
        })
    }
}

/// SHA-256 over texts, each with its length before it.
fn digest(texts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for text in texts {
        hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

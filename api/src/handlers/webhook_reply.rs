//! How a campaign's webhook URL is shown: once whole, ever after without its secret.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::WebhookId;
use domain::token::{Generation, TokenHint, TokenSecret};
use projections::WebhookState;
use serde::Serialize;

use super::token_reply::etag;

/// The one answer that holds the URL. Its own type, so that no list and no state can include one.
pub struct UrlShownOnce {
    /// What goes before the secret.
    pub public_url: String,
    /// The secret in the URL.
    pub secret: TokenSecret,
    /// What is known of it from now on.
    pub state: WebhookState,
}

impl IntoResponse for UrlShownOnce {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct WithSecret {
            url: String,
            webhook_id: WebhookId,
            generation: Generation,
            hint: TokenHint,
            created_at: DateTime<Utc>,
        }
        let tag = etag(&self.state.generation.to_string());
        let body = Json(WithSecret {
            url: format!("{}/v1/webhooks/{}/prospects", self.public_url, self.secret.expose()),
            webhook_id: self.state.webhook_id,
            generation: self.state.generation,
            hint: self.state.hint,
            created_at: self.state.created_at,
        });
        (axum::http::StatusCode::CREATED, [(header::ETAG, tag)], body).into_response()
    }
}

/// A campaign's webhook URL without its secret.
pub struct WebhookStateReply(pub Option<WebhookState>);

impl IntoResponse for WebhookStateReply {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct WithoutSecret {
            active: bool,
            webhook_id: Option<WebhookId>,
            generation: Option<Generation>,
            hint: Option<TokenHint>,
            created_at: Option<DateTime<Utc>>,
        }
        let state = self.0.as_ref();
        let tag = state.map_or("none".to_owned(), |state| state.generation.to_string());
        let body = Json(WithoutSecret {
            active: state.is_some(),
            webhook_id: state.map(|state| state.webhook_id),
            generation: state.map(|state| state.generation),
            hint: state.map(|state| state.hint.clone()),
            created_at: state.map(|state| state.created_at),
        });
        ([(header::ETAG, etag(&tag))], body).into_response()
    }
}

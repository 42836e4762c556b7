//! How a campaign's webhook URL is shown: once whole, ever after without its secret.

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::WebhookId;
use domain::token::{Generation, TokenHint, TokenSecret};
use projections::WebhookState;
use serde::Serialize;
use utoipa::ToSchema;

use super::token_reply::etag;
use crate::openapi::values;

/// The one answer that holds the URL. Its own type, so that no list and no state can include one.
pub struct UrlShownOnce {
    /// What goes before the secret.
    pub public_url: String,
    /// The secret in the URL.
    pub secret: TokenSecret,
    /// What is known of it from now on.
    pub state: WebhookState,
}

/// A webhook URL with its secret, in the one answer that shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShownWebhook)]
pub(super) struct WebhookWithSecret {
    /// Send records here. Keep it like a token: it is not shown again.
    url: String,
    /// Names the URL without revealing it.
    #[schema(value_type = Uuid)]
    webhook_id: WebhookId,
    /// Which of the campaign's URLs.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// The last four characters of its secret.
    #[schema(value_type = values::Hint)]
    hint: TokenHint,
    /// When it was made.
    created_at: DateTime<Utc>,
}

impl IntoResponse for UrlShownOnce {
    fn into_response(self) -> Response {
        let tag = etag(&self.state.generation.to_string());
        let body = Json(WebhookWithSecret {
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

/// The state of a campaign's webhook URL.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = WebhookState)]
pub(super) struct WebhookWithoutSecret {
    /// Whether a URL is live. If not, everything else is null.
    active: bool,
    /// Names the URL without revealing it.
    #[schema(value_type = Option<Uuid>, required)]
    webhook_id: Option<WebhookId>,
    /// Which of the campaign's URLs.
    #[schema(value_type = Option<values::Generation>, required)]
    generation: Option<Generation>,
    /// The last four characters of its secret.
    #[schema(value_type = Option<values::Hint>, required)]
    hint: Option<TokenHint>,
    /// When it was made.
    #[schema(required)]
    created_at: Option<DateTime<Utc>>,
}

impl IntoResponse for WebhookStateReply {
    fn into_response(self) -> Response {
        let state = self.0.as_ref();
        let tag = state.map_or("none".to_owned(), |state| state.generation.to_string());
        let body = Json(WebhookWithoutSecret {
            active: state.is_some(),
            webhook_id: state.map(|state| state.webhook_id),
            generation: state.map(|state| state.generation),
            hint: state.map(|state| state.hint.clone()),
            created_at: state.map(|state| state.created_at),
        });
        ([(header::ETAG, etag(&tag))], body).into_response()
    }
}

//! How a token is shown: once with its secret, ever after without.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint, TokenSecret};
use domain::{TokenEvent, TokenId};
use projections::tokens::LiveState;
use projections::{Straggler, TokenState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::MintedToken;
use crate::commands::Receipt;
use crate::error::ApiError;
use crate::openapi::values;

/// The one answer that holds a secret. Its own type, so that no list and no state can include one.
pub struct SecretShownOnce {
    status: StatusCode,
    message: &'static str,
    secret: TokenSecret,
    token_id: TokenId,
    generation: Generation,
    hint: TokenHint,
    created_at: DateTime<Utc>,
}

impl SecretShownOnce {
    /// The reply to *generate*.
    ///
    /// # Errors
    /// As [`Self::regenerated`].
    pub fn created(minted: MintedToken, receipt: Receipt<TokenEvent>) -> Result<Self, ApiError> {
        Self::new(StatusCode::CREATED, "API token created successfully.", minted, receipt)
    }

    /// The reply to *regenerate*.
    ///
    /// # Errors
    /// `Conflict` when the request was carried out before; `Internal` when the command did not put a token
    /// in force, which it always does.
    pub fn regenerated(
        minted: MintedToken,
        receipt: Receipt<TokenEvent>,
    ) -> Result<Self, ApiError> {
        Self::new(StatusCode::OK, "API token regenerated successfully.", minted, receipt)
    }

    fn new(
        status: StatusCode,
        message: &'static str,
        minted: MintedToken,
        receipt: Receipt<TokenEvent>,
    ) -> Result<Self, ApiError> {
        let secret = minted.secret;
        match receipt.expect_first()?.pop() {
            Some(
                TokenEvent::TokenGenerated { token_id, generation, hint, at, .. }
                | TokenEvent::TokenRegenerated { token_id, generation, hint, at, .. },
            ) => Ok(Self { status, message, secret, token_id, generation, hint, created_at: at }),
            Some(TokenEvent::TokenRevoked { .. }) | None => {
                Err(ApiError::Internal("the command put no token in force".into()))
            }
        }
    }
}

/// A token with its secret, in the one answer that shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ShownToken)]
pub(super) struct WithSecret<'a> {
    /// The token. Keep it: it is not shown again.
    #[schema(examples("YOUR_API_TOKEN"))]
    token: &'a str,
    /// Names the token without revealing it.
    #[schema(value_type = Uuid)]
    token_id: TokenId,
    /// Which of the user's tokens.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// Its last four characters.
    #[schema(value_type = values::Hint)]
    hint: &'a TokenHint,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Null: it is new.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
    /// For people.
    #[schema(examples("API token created successfully."))]
    message: &'static str,
}

impl IntoResponse for SecretShownOnce {
    fn into_response(self) -> Response {
        let body = Json(WithSecret {
            token: self.secret.expose(),
            token_id: self.token_id,
            generation: self.generation,
            hint: &self.hint,
            created_at: self.created_at,
            last_used_at: None,
            message: self.message,
        });
        (self.status, [(header::ETAG, etag(&self.generation.to_string()))], body).into_response()
    }
}

/// A user's token without its secret, and who still sends those before it.
pub struct StateReply {
    /// The latest token, live or dead.
    pub token: Option<TokenState>,
    /// Latest first.
    pub stragglers: Vec<Straggler>,
}

/// A client that still sends a dead token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Straggler)]
struct StragglerReply {
    /// The dead token.
    #[schema(value_type = Uuid)]
    token_id: TokenId,
    /// Which of the user's tokens.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// The client's network address; null when unknown.
    #[schema(required)]
    address: Option<String>,
    /// What the client calls itself, 256 characters of it at most; null when it does not.
    #[schema(required)]
    user_agent: Option<String>,
    /// When it was refused first.
    first_refused_at: DateTime<Utc>,
    /// When it was refused last, at most a minute late.
    last_refused_at: DateTime<Utc>,
    /// How often.
    #[schema(minimum = 1)]
    requests: i64,
}

impl From<Straggler> for StragglerReply {
    fn from(straggler: Straggler) -> Self {
        Self {
            token_id: straggler.token_id,
            generation: straggler.generation,
            address: straggler.address,
            user_agent: straggler.user_agent,
            first_refused_at: straggler.first_at,
            last_refused_at: straggler.last_at,
            requests: straggler.requests,
        }
    }
}

/// The state of a user's token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenState)]
pub(super) struct WithoutSecret {
    /// Whether a token is in force. If not, everything else but the generation is null.
    active: bool,
    /// Names the token without revealing it.
    #[schema(value_type = Option<Uuid>, required)]
    token_id: Option<TokenId>,
    /// Of the active token or the last one; null before the first.
    #[schema(value_type = Option<values::Generation>, required)]
    generation: Option<Generation>,
    /// Its last four characters.
    #[schema(value_type = Option<values::Hint>, required)]
    hint: Option<TokenHint>,
    /// When it was made.
    #[schema(required)]
    created_at: Option<DateTime<Utc>>,
    /// At most a minute late; null before its first use.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
    /// Who still sends a token of the user's that is dead, latest first: at most 100, of which 20 send the same
    /// token. Without those that the user has hidden on the settings page and that sent none since.
    stragglers: Vec<StragglerReply>,
}

impl IntoResponse for StateReply {
    fn into_response(self) -> Response {
        let tag = tag(self.token.as_ref());
        let stragglers = self.stragglers.into_iter().map(StragglerReply::from).collect();
        let generation = self.token.as_ref().map(|state| state.generation);
        let live = self.token.and_then(|state| state.live.map(|live| (state.token_id, live)));
        let body = match live {
            Some((token_id, LiveState { hint, created_at, last_used_at })) => WithoutSecret {
                active: true,
                token_id: Some(token_id),
                generation,
                hint: Some(hint),
                created_at: Some(created_at),
                last_used_at,
                stragglers,
            },
            None => WithoutSecret {
                active: false,
                token_id: None,
                generation,
                hint: None,
                created_at: None,
                last_used_at: None,
                stragglers,
            },
        };
        ([(header::ETAG, etag(&tag))], Json(body)).into_response()
    }
}

/// Names the state of a user's token: `none`, `<generation>`, or `<generation>-revoked`.
pub(crate) fn tag(state: Option<&TokenState>) -> String {
    match state {
        None => "none".to_owned(),
        Some(TokenState { generation, live: Some(_), .. }) => generation.to_string(),
        Some(TokenState { generation, live: None, .. }) => format!("{generation}-revoked"),
    }
}

/// A strong entity tag. The tags made here are plain ASCII.
pub(crate) fn etag(tag: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

//! `GET /v1/user/api-token/history`: every token of mine, and what ended it.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{TokenId, UserId};
use projections::TokenHistoryEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::{HistoryPaging, List};
use crate::openapi::values;

/// One thing that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HistoryEntry)]
pub struct HistoryReply {
    /// What happened.
    #[schema(value_type = values::TokenEventType)]
    r#type: &'static str,
    /// The token that was made or revoked.
    #[schema(value_type = Uuid)]
    token_id: TokenId,
    /// Which of the user's tokens.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// Null when revoked.
    #[schema(value_type = Option<values::Hint>, required)]
    hint: Option<TokenHint>,
    /// The token that this rotation killed.
    #[schema(value_type = Option<Uuid>, required)]
    invalidated_token_id: Option<TokenId>,
    /// Why it was revoked.
    #[schema(value_type = Option<values::RevocationReason>, required)]
    reason: Option<String>,
    /// When.
    occurred_at: DateTime<Utc>,
    /// Who did it.
    actor: ActorReply,
    /// The client's network address; null when unknown or erased.
    #[schema(required)]
    address: Option<String>,
    /// What the client called itself; null when unknown or erased.
    #[schema(required)]
    user_agent: Option<String>,
    /// When the token that was made was last used, at most a minute late; null before its first use, and when
    /// revoked.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
}

/// Who did something, and by what right.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = HistoryActor)]
struct ActorReply {
    /// Null = the system.
    #[schema(value_type = Option<Uuid>, required)]
    user_id: Option<UserId>,
    /// By what right.
    #[schema(value_type = values::Via)]
    via: String,
}

impl From<TokenHistoryEntry> for HistoryReply {
    fn from(entry: TokenHistoryEntry) -> Self {
        Self {
            r#type: entry.kind.event_type(),
            token_id: entry.token_id,
            generation: entry.generation,
            hint: entry.hint,
            invalidated_token_id: entry.invalidated_token_id,
            reason: entry.reason,
            occurred_at: entry.occurred_at,
            actor: ActorReply { user_id: entry.actor_id, via: entry.actor_via },
            address: entry.address,
            user_agent: entry.user_agent,
            last_used_at: entry.last_used_at,
        }
    }
}

/// Lists every token one ever had and what ended it, newest first.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/user/api-token/history",
    tag = "One's own token",
    security(("session" = [])),
    params(HistoryPaging),
    responses((status = 200, description = "A page of the history.", body = List<HistoryReply>), SessionUser),
)]
pub async fn list_token_history(
    State(app): State<App>,
    user: SessionUser,
    HistoryPaging(request): HistoryPaging,
) -> Result<Json<List<HistoryReply>>, ApiError> {
    let page = app.store.list_token_history(user.user_id, &request).await?;
    Ok(Json(page.map(HistoryReply::from).into()))
}

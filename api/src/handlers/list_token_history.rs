//! `GET /v1/user/api-token/history`: every token of mine, and what ended it.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{TokenId, UserId};
use projections::TokenHistoryEntry;
use serde::Serialize;

use crate::app::App;
use crate::auth::SessionUser;
use crate::error::ApiError;
use crate::extract::{HistoryPaging, List};

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryReply {
    r#type: &'static str,
    token_id: TokenId,
    generation: Generation,
    hint: Option<TokenHint>,
    invalidated_token_id: Option<TokenId>,
    reason: Option<String>,
    occurred_at: DateTime<Utc>,
    actor: ActorReply,
    address: Option<String>,
    user_agent: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActorReply {
    user_id: Option<UserId>,
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
        }
    }
}

/// Answers 200, newest first.
///
/// # Errors
/// `Validation` for a limit or cursor that cannot be used.
pub async fn list_token_history(
    State(app): State<App>,
    user: SessionUser,
    HistoryPaging(request): HistoryPaging,
) -> Result<Json<List<HistoryReply>>, ApiError> {
    let page = app.store.list_token_history(user.user_id, &request).await?;
    Ok(Json(page.map(HistoryReply::from).into()))
}

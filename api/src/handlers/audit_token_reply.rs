//! A token, live or dead, as auditors are told of it.

use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{TokenId, UserId};
use projections::{TokenEnd, TokenEntry};
use serde::Serialize;
use utoipa::ToSchema;

use crate::openapi::values;

/// A token, live or dead: who made it, and what ended it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditToken)]
pub struct AuditTokenReply {
    /// Names the token without revealing it.
    #[schema(value_type = Uuid)]
    token_id: TokenId,
    /// Whose.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// The owner's e-mail address; null when erased.
    #[schema(required)]
    user: Option<String>,
    /// Which of the owner's tokens.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// Its last four characters.
    #[schema(value_type = values::Hint)]
    hint: TokenHint,
    /// How it stands.
    #[schema(value_type = values::TokenStatus)]
    status: &'static str,
    /// When it was made.
    generated_at: DateTime<Utc>,
    /// The user who made it; null = the system.
    #[schema(value_type = Option<Uuid>, required)]
    generated_by: Option<UserId>,
    /// By what right it was made.
    #[schema(value_type = values::Via)]
    generated_via: String,
    /// The network address of the client that made it; null when unknown or erased.
    #[schema(required)]
    address: Option<String>,
    /// What that client called itself; null when unknown or erased.
    #[schema(required)]
    user_agent: Option<String>,
    /// When it ended; this and what follows is null while it is live.
    #[schema(required)]
    invalidated_at: Option<DateTime<Utc>>,
    /// The user who ended it; null = the system.
    #[schema(value_type = Option<Uuid>, required)]
    invalidated_by: Option<UserId>,
    /// By what right it was ended.
    #[schema(value_type = Option<values::Via>, required)]
    invalidated_via: Option<String>,
    /// What ended it.
    #[schema(value_type = Option<values::Invalidation>, required)]
    invalidated_how: Option<&'static str>,
    /// The token that took its place; null when none did.
    #[schema(value_type = Option<Uuid>, required)]
    successor_token_id: Option<TokenId>,
    /// Why it was revoked; null when it was not.
    #[schema(value_type = Option<values::RevocationReason>, required)]
    reason: Option<String>,
    /// When it was last used, at most a minute late; null = never.
    #[schema(required)]
    last_used_at: Option<DateTime<Utc>>,
    /// When it was first sent after its end; null = never, or erased.
    #[schema(required)]
    first_refused_at: Option<DateTime<Utc>>,
}

impl From<TokenEntry> for AuditTokenReply {
    fn from(entry: TokenEntry) -> Self {
        let status = entry.status().as_str();
        let (end, ended) = entry.invalidated.unzip();
        let (how, successor_token_id, reason) = match end {
            None => (None, None, None),
            Some(TokenEnd::Replaced { successor }) => (Some("regenerated"), Some(successor), None),
            Some(TokenEnd::Revoked { reason }) => (Some("revoked"), None, Some(reason)),
        };
        Self {
            token_id: entry.token_id,
            user_id: entry.user_id,
            user: entry.email,
            generation: entry.generation,
            hint: entry.hint,
            status,
            generated_at: entry.generated.at,
            generated_by: entry.generated.by,
            generated_via: entry.generated.via,
            address: entry.address,
            user_agent: entry.user_agent,
            invalidated_at: ended.as_ref().map(|ended| ended.at),
            invalidated_by: ended.as_ref().and_then(|ended| ended.by),
            invalidated_via: ended.map(|ended| ended.via),
            invalidated_how: how,
            successor_token_id,
            reason,
            last_used_at: entry.last_used_at,
            first_refused_at: entry.first_refused_at,
        }
    }
}

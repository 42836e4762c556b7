//! `GET /v1/audit/tokens`: every token ever made.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::token::{RevocationReason, TokenHint};
use domain::{AccountId, UserId};
use projections::{PageRequest, TokenFilter, TokenStatus};
use serde::Deserialize;
use utoipa::IntoParams;

use super::audit_query::hint;
use super::audit_token_reply::AuditTokenReply;
use crate::app::App;
use crate::auth::inquirer::Inquirer;
use crate::error::ApiError;
use crate::extract::{List, identified, page_request};
use crate::openapi::values;

/// Which tokens. Times begin with `…Since` and end before `…Until`.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawTokenQuery {
    /// Of this user. Oneself, for whoever is no auditor.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// Of those who are members of this account now.
    #[param(value_type = Option<Uuid>)]
    account: Option<AccountId>,
    /// Only those that stand like this.
    #[param(value_type = Option<values::TokenStatus>)]
    status: Option<String>,
    /// Made at this time or later.
    generated_since: Option<DateTime<Utc>>,
    /// Made before this time.
    generated_until: Option<DateTime<Utc>>,
    /// Ended at this time or later.
    invalidated_since: Option<DateTime<Utc>>,
    /// Ended before this time.
    invalidated_until: Option<DateTime<Utc>>,
    /// Ended by this user.
    #[param(value_type = Option<Uuid>)]
    invalidated_by: Option<UserId>,
    /// Revoked for this reason.
    #[param(value_type = Option<values::RevocationReason>)]
    reason: Option<RevocationReason>,
    /// With these last four characters.
    #[param(value_type = Option<values::Hint>)]
    hint: Option<String>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where to go on: `next` or `previous` of another page. Opaque.
    #[param(pattern = "^[np][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    cursor: Option<String>,
}

/// The same, read.
#[derive(Clone, Debug)]
pub struct TokenQuery {
    filter: TokenFilter,
    request: PageRequest,
}

impl FromRequestParts<App> for TokenQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let refused = |text: &str| ApiError::Validation(text.to_owned());
        let query = Query::<RawTokenQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused(
                "this list takes user, account, status, generatedSince, generatedUntil, invalidatedSince, \
                 invalidatedUntil, invalidatedBy, reason, hint, limit and cursor only, each once: ids as \
                 UUIDs, times as in RFC 3339, limit as a number",
            )
        })?;
        let status = |text: &str| {
            let status = TokenStatus::parse(text);
            status.ok_or_else(|| refused("status must be live, replaced or revoked"))
        };
        let request = identified(page_request(query.limit, query.cursor.as_deref())?)?;
        let filter = TokenFilter {
            user_id: query.user,
            account_id: query.account,
            status: query.status.as_deref().map(status).transpose()?,
            generated_since: query.generated_since,
            generated_until: query.generated_until,
            invalidated_since: query.invalidated_since,
            invalidated_until: query.invalidated_until,
            invalidated_by: query.invalidated_by,
            reason: query.reason,
            hint: query.hint.map(hint).transpose()?.map(TokenHint::new),
            ..TokenFilter::default()
        };
        Ok(Self { filter, request })
    }
}

/// Lists every token ever made, newest first.
///
/// One entry per token, whatever became of it. Auditors ask about everyone, anyone else in a browser about
/// themself. Page by page, every token that was there at the beginning comes exactly once, whatever is
/// made and ended meanwhile.
///
/// # Errors
/// `ValidationError` for a parameter that cannot be used; `Forbidden` for someone else's tokens, unless one
/// is an auditor.
#[utoipa::path(
    get,
    path = "/v1/audit/tokens",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawTokenQuery),
    responses((status = 200, description = "A page of tokens.", body = List<AuditTokenReply>), Inquirer),
)]
pub async fn list_audit_tokens(
    State(app): State<App>,
    inquirer: Inquirer,
    TokenQuery { mut filter, request }: TokenQuery,
) -> Result<Json<List<AuditTokenReply>>, ApiError> {
    filter.user_id = inquirer.subject(filter.user_id)?;
    let page = app.store.list_audit_tokens(&filter, &request).await?;
    Ok(Json(page.map(AuditTokenReply::from).into()))
}

//! `GET /v1/audit/stale`: live tokens that nobody needs.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use chrono::TimeDelta;
use projections::{PageRequest, TokenFilter, TokenStatus};
use serde::Deserialize;
use utoipa::IntoParams;

use super::audit_token_reply::AuditTokenReply;
use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::extract::{List, identified, page_request};
use crate::openapi::values;

/// Since when, and which page.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawStaleQuery {
    /// How long neither made nor used: days, for example `90d`.
    #[param(value_type = values::Days)]
    older_than: String,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where to go on: `next` or `previous` of another page. Opaque.
    #[param(pattern = "^[np][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    cursor: Option<String>,
}

/// The same, read.
#[derive(Clone, Debug)]
pub struct StaleQuery {
    older_than: TimeDelta,
    request: PageRequest,
}

/// Whole days: 1 to 36,500, with a `d` behind.
fn days(text: &str) -> Option<TimeDelta> {
    let number = text.strip_suffix('d')?;
    let plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
    let days: i64 = number.parse().ok().filter(|days| plain && (1..=36_500).contains(days))?;
    TimeDelta::try_days(days)
}

impl FromRequestParts<App> for StaleQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let refused = |text: &str| ApiError::Validation(text.to_owned());
        let query = Query::<RawStaleQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused("this list takes olderThan, limit and cursor only, limit as a number")
        })?;
        let older_than = days(&query.older_than)
            .ok_or_else(|| refused("olderThan must be a number of days, such as 90d"))?;
        let request = identified(page_request(query.limit, query.cursor.as_deref())?)?;
        Ok(Self { older_than, request })
    }
}

/// Lists live tokens that were neither made nor used for so long, newest first.
///
/// # Errors
/// `ValidationError` for a parameter that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/audit/stale",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawStaleQuery),
    responses((status = 200, description = "A page of tokens.", body = List<AuditTokenReply>), Auditor),
)]
pub async fn list_stale_tokens(
    State(app): State<App>,
    _: Auditor,
    StaleQuery { older_than, request }: StaleQuery,
) -> Result<Json<List<AuditTokenReply>>, ApiError> {
    let filter = TokenFilter {
        status: Some(TokenStatus::Live),
        idle_since: Some(app.now() - older_than),
        ..TokenFilter::default()
    };
    let page = app.store.list_audit_tokens(&filter, &request).await?;
    Ok(Json(page.map(AuditTokenReply::from).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_days_has_a_d_behind_and_nothing_else() {
        assert_eq!(days("90d"), Some(TimeDelta::days(90)));
        assert_eq!(days("1d"), Some(TimeDelta::days(1)));
        assert_eq!(days("36500d"), Some(TimeDelta::days(36_500)));
        for text in
            ["", "d", "90", "0d", "090d", "-1d", "+1d", "36501d", "90D", "90 d", "P90D", "9e1d"]
        {
            assert_eq!(days(text), None, "{text}");
        }
    }
}

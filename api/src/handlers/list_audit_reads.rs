//! `GET /v1/audit/reads`: who read what of the history.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::{TokenId, UserId};
use projections::{AuditReadEntry, PageRequest, ReadFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::extract::{List, numeric, page_request};
use crate::openapi::values;

/// Which reads.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawReadQuery {
    /// By this user.
    #[param(value_type = Option<Uuid>)]
    reader: Option<UserId>,
    /// Of this route, for example `/v1/audit/tokens`.
    #[param(value_type = Option<values::AuditRoute>)]
    route: Option<String>,
    /// At this time or later.
    since: Option<DateTime<Utc>>,
    /// Before this time.
    until: Option<DateTime<Utc>>,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where to go on: `next` or `previous` of another page. Opaque.
    #[param(pattern = "^[np][0-9]{1,18}$")]
    cursor: Option<String>,
}

/// The same, read.
#[derive(Clone, Debug)]
pub struct ReadQuery {
    filter: ReadFilter,
    request: PageRequest,
}

/// Whether the text can name a route.
fn is_route(text: &str) -> bool {
    (2..=100).contains(&text.len())
        && text.starts_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/-{}".contains(c))
}

impl FromRequestParts<App> for ReadQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let refused = |text: &str| ApiError::Validation(text.to_owned());
        let query = Query::<RawReadQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused(
                "this list takes reader, route, since, until, limit and cursor only: reader as a UUID, times \
                 as in RFC 3339, limit as a number",
            )
        })?;
        if query.route.as_deref().is_some_and(|route| !is_route(route)) {
            return Err(refused("route must be one of those that are recorded"));
        }
        let request = numeric(page_request(query.limit, query.cursor.as_deref())?)?;
        let RawReadQuery { reader: reader_id, route, since, until, .. } = query;
        Ok(Self { filter: ReadFilter { reader_id, route, since, until }, request })
    }
}

/// One read of the history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AuditRead)]
pub struct ReadReply {
    /// Which: rises.
    id: i64,
    /// When.
    read_at: DateTime<Utc>,
    /// Who.
    #[schema(value_type = Uuid)]
    reader_id: UserId,
    /// The reader's e-mail address; null when erased.
    #[schema(required)]
    reader: Option<String>,
    /// By what right: `session` or `token`.
    #[schema(value_type = values::Via)]
    via: &'static str,
    /// With exactly which token; null in a browser.
    #[schema(value_type = Option<Uuid>, required)]
    token_id: Option<TokenId>,
    /// The client's network address; null when unknown or erased.
    #[schema(required)]
    address: Option<String>,
    /// What the client called itself; null when unknown or erased.
    #[schema(required)]
    user_agent: Option<String>,
    /// Of the request.
    method: String,
    /// What was asked, for example `/v1/audit/tokens`.
    route: String,
    /// What was asked for, in the order of the query.
    parameters: Vec<ParameterReply>,
    /// Of the answer; 403 for someone who was not allowed.
    status: u16,
    /// The `x-request-id` of the request.
    request_id: String,
}

/// A parameter of the query.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = AuditReadParameter)]
struct ParameterReply {
    /// Its name; `unknown` for what cannot be one.
    name: String,
    /// What was asked for; null when it was not understood, or could have been a secret.
    #[schema(required)]
    value: Option<String>,
}

impl From<AuditReadEntry> for ReadReply {
    fn from(AuditReadEntry { id, email, read }: AuditReadEntry) -> Self {
        let parameter = |(name, value)| ParameterReply { name, value };
        Self {
            id,
            read_at: read.at,
            reader_id: read.reader_id,
            reader: email,
            via: if read.token_id.is_some() { "token" } else { "session" },
            token_id: read.token_id,
            address: read.address,
            user_agent: read.user_agent,
            method: read.method,
            route: read.route,
            parameters: read.parameters.into_iter().map(parameter).collect(),
            status: read.status,
            request_id: read.request_id,
        }
    }
}

/// Lists who read what of the history, the latest first.
///
/// Every request of a known caller to a route of this group is recorded before its answer leaves, the refused
/// ones, too, and those to this route.
///
/// # Errors
/// `ValidationError` for a parameter that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/audit/reads",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawReadQuery),
    responses((status = 200, description = "A page of reads.", body = List<ReadReply>), Auditor),
)]
pub async fn list_audit_reads(
    State(app): State<App>,
    _: Auditor,
    ReadQuery { filter, request }: ReadQuery,
) -> Result<Json<List<ReadReply>>, ApiError> {
    let page = app.store.list_reads(&filter, &request).await?;
    Ok(Json(page.map(ReadReply::from).into()))
}

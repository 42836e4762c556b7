//! `GET /v1/audit/events`: the log for whoever asks again and again what is new.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::export_log::format;
use super::proof_query::LARGEST;
use crate::app::App;
use crate::audit::export::ExportFormat;
use crate::audit::ocsf;
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::openapi::values;

/// Events in an answer.
const LIMIT: std::ops::RangeInclusive<u32> = 1..=1000;
const DEFAULT_LIMIT: u32 = 100;

/// From where on, how many, in what form.
#[derive(Clone, Copy, Debug)]
pub struct EventsQuery {
    after: u64,
    limit: u32,
    format: ExportFormat,
}

/// As it is sent.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawEventsQuery {
    /// Events after this position: `next` of another answer, or the last position of an export. 0 is the
    /// beginning.
    #[param(default = 0, minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    after: Option<u64>,
    /// At most this many events.
    #[param(default = 100, minimum = 1, maximum = 1000)]
    limit: Option<u32>,
    /// In what form.
    #[param(value_type = Option<values::EventFormat>, inline)]
    format: Option<String>,
}

impl FromRequestParts<App> for EventsQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let refused = |text: &str| ApiError::Validation(text.to_owned());
        let query = Query::<RawEventsQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused("this takes after, limit and format only, of which after and limit are numbers")
        })?;
        let limit = query.limit.unwrap_or(DEFAULT_LIMIT);
        if !LIMIT.contains(&limit) {
            return Err(refused("limit must be between 1 and 1000"));
        }
        let format = format(query.format.as_deref())?;
        if format == ExportFormat::Csv {
            return Err(refused("format must be ndjson or ocsf here"));
        }
        Ok(Self { after: query.after.unwrap_or(0).min(LARGEST), limit, format })
    }
}

/// What came after a position.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = EventList)]
pub struct EventListReply {
    /// Events in the order of their positions: the lines of an export, or events of OCSF 1.8.
    #[schema(value_type = Vec<Object>)]
    data: Vec<Box<RawValue>>,
    /// Whether there are more already.
    has_more: bool,
    /// The `after` with which to ask next. Always there: the same as before when nothing was new.
    #[schema(value_type = values::LogPosition)]
    next: String,
}

/// Lists the events of the log after a position, the earliest first.
///
/// For a system that collects events and asks for them now and then, each time with the `next` of the answer
/// before. It gets every event at least once and in order; an event that comes twice, because the collector did
/// not keep `next`, has the same `id` (in OCSF, `metadata.uid`) and position. An event is here a moment after
/// it was acknowledged.
///
/// # Errors
/// `ValidationError` for a position beyond the end of the log: the log is not the one that the position is from,
/// or it was restored from a backup.
#[utoipa::path(
    get,
    path = "/v1/audit/events",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawEventsQuery),
    responses((status = 200, description = "The events.", body = EventListReply), Auditor),
)]
pub async fn list_log_events(
    State(app): State<App>,
    _: Auditor,
    EventsQuery { after, limit, format }: EventsQuery,
) -> Result<Json<EventListReply>, ApiError> {
    let size = app.store.find_log_head().await?.size;
    if after > size {
        let text = format!("after is beyond the end of the log, which has {size} events");
        return Err(ApiError::Validation(text));
    }
    let events = app.store.list_exported_events(after, limit).await?;
    let origin = app.notary.origin();
    let next = events.last().map_or(after, |last| last.logged.position);
    if events.is_empty() && size > after {
        let gone = format!("the event at position {} of the log is gone", after + 1);
        return Err(ApiError::Internal(gone.into()));
    }
    let data = events.iter().map(|event| {
        let text = match format {
            ExportFormat::Ndjson | ExportFormat::Csv => event.logged.line(origin)?,
            ExportFormat::Ocsf => ocsf::event(event, origin).to_string(),
        };
        RawValue::from_string(text).map_err(|error| ApiError::Internal(error.into()))
    });
    let data = data.collect::<Result<Vec<_>, ApiError>>()?;
    Ok(Json(EventListReply { data, has_more: next < size, next: next.to_string() }))
}

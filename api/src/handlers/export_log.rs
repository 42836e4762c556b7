//! `GET /v1/audit/export`: the log as a file.

use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Version, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::UserId;
use projections::KeptCheckpoint;
use serde::Deserialize;
use utoipa::IntoParams;

use super::proof_query::{latest_checkpoint, number};
use crate::app::App;
use crate::audit::export::selection::{EVENT_TYPES, Selection};
use crate::audit::export::{Export, ExportFormat};
use crate::auth::Auditor;
use crate::error::ApiError;
use crate::openapi::values;

/// How many events the export has.
pub const TOTAL: HeaderName = HeaderName::from_static("x-total-count");
/// How many events the checkpoint covers.
pub const CHECKPOINT_SIZE: HeaderName = HeaderName::from_static("x-checkpoint-size");
/// The root that it signs.
pub const CHECKPOINT_ROOT: HeaderName = HeaderName::from_static("x-checkpoint-root");

/// What of the log, and in what form.
#[derive(Clone, Debug)]
pub struct ExportQuery {
    format: ExportFormat,
    from: u64,
    to: Option<u64>,
    selection: Selection,
}

/// As it is sent.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawExportQuery {
    /// In what form.
    #[param(value_type = Option<values::ExportFormat>, inline)]
    format: Option<String>,
    /// From this position on.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64, default = 1)]
    from: Option<u64>,
    /// Up to this position; without it, up to the end of the log.
    #[param(minimum = 1, maximum = 9_007_199_254_740_991_u64)]
    to: Option<u64>,
    /// Events that did not happen before this. Not with `ndjson`.
    since: Option<DateTime<Utc>>,
    /// Events that happened before this. Not with `ndjson`.
    until: Option<DateTime<Utc>>,
    /// What was done to this user or by this user. Not with `ndjson`.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// Events of this type. Not with `ndjson`.
    #[param(value_type = Option<values::LogEventType>, inline)]
    r#type: Option<String>,
}

impl FromRequestParts<App> for ExportQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<RawExportQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused(
                "this takes format, from, to, since, until, user and type only, of which from and to are \
                 numbers, since and until times of RFC 3339, and user is an id",
            )
        })?;
        Self::try_from(query)
    }
}

fn refused(text: &str) -> ApiError {
    ApiError::Validation(text.to_owned())
}

/// The format of this name, the usual one when none is named.
pub(super) fn format(name: Option<&str>) -> Result<ExportFormat, ApiError> {
    let Some(name) = name else { return Ok(ExportFormat::default()) };
    ExportFormat::parse(name).ok_or_else(|| refused("format must be ndjson, csv or ocsf"))
}

impl TryFrom<RawExportQuery> for ExportQuery {
    type Error = ApiError;

    fn try_from(query: RawExportQuery) -> Result<Self, ApiError> {
        number("from", query.from)?;
        number("to", query.to)?;
        let event_type = |name: &str| {
            let known = EVENT_TYPES.into_iter().find(|known| *known == name);
            known.ok_or_else(|| refused("type must be a type of event, for example TokenRevoked"))
        };
        let selection = Selection {
            since: query.since,
            until: query.until,
            user: query.user,
            event_type: query.r#type.as_deref().map(event_type).transpose()?,
        };
        let format = format(query.format.as_deref())?;
        if format == ExportFormat::Ndjson && !selection.is_everything() {
            return Err(refused(
                "an ndjson export has all events from one position to another, so that it can be verified; \
                 since, until, user and type are for csv and ocsf",
            ));
        }
        Ok(Self { format, from: query.from.unwrap_or(1), to: query.to, selection })
    }
}

/// Exports the log.
///
/// All events in the order of their positions, up to the size of a checkpoint that is made for it and covers
/// everything acknowledged before; with `to`, up to there, and then the latest checkpoint that covers it is named.
/// `ndjson`, the usual format, is what `symbolon audit verify` checks: one CloudEvents 1.0 envelope a line, not to be
/// changed by a byte. `csv` is a table for spreadsheets (RFC 4180; a cell that could be taken for a formula has
/// a `'` before it). `ocsf` is one event of OCSF 1.8 a line.
///
/// `x-total-count` says how many events there are, unless `since`, `until`, `user` or `type` choose some.
/// `GET /v1/audit/checkpoint?size=` gives the checkpoint of `x-checkpoint-size`. An answer that breaks off ends
/// without its last chunk, which clients report as an error.
///
/// # Errors
/// `ValidationError` for a range that the log does not have, or a choice that the format does not allow;
/// `InvalidRequest` over HTTP/1.0, where a broken answer would look like a whole one; `InternalServerError` when the log does not
/// continue what was signed before (then `to` still works).
#[utoipa::path(
    get,
    path = "/v1/audit/export",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawExportQuery),
    responses(
        (status = 200, description = "The export.",
            content((String = "application/x-ndjson"), (String = "text/csv")),
            headers(
                ("x-total-count" = u64, description = "How many events it has; absent when some are chosen."),
                ("x-checkpoint-size" = u64, description = "How many events the checkpoint covers."),
                ("x-checkpoint-root" = String, description = "The root that it signs, in base64."),
            )),
        Auditor,
    ),
)]
pub async fn export_log(
    State(app): State<App>,
    _: Auditor,
    version: Version,
    query: ExportQuery,
) -> Result<Response, ApiError> {
    if version < Version::HTTP_11 {
        return Err(ApiError::InvalidRequest(
            "An export needs HTTP/1.1, where an answer that breaks off cannot look like a whole one.",
        ));
    }
    let checkpoint = match query.to {
        Some(to) => latest_checkpoint(&app, to).await?,
        None => app.notary.sign_everything(&*app.store, app.now()).await?,
    };
    let size = checkpoint.head.size;
    let to = query.to.unwrap_or(size);
    if to > size || query.from > to + 1 {
        let from = query.from;
        let text = format!("the log of {size} events has no events from {from} to {to}");
        return Err(ApiError::Validation(text));
    }
    let after = query.from - 1;
    let is_everything = query.selection.is_everything();
    let total = is_everything.then_some(to - after);
    let headers = headers(query.format, &checkpoint, (query.from, to), total);
    let (store, origin) = (app.store.clone(), app.notary.origin().clone());
    let ExportQuery { format, selection, .. } = query;
    let body = Export { store, origin, format, selection, after, to }.into_body();
    Ok((headers, body).into_response())
}

fn headers(
    format: ExportFormat,
    checkpoint: &KeptCheckpoint,
    (from, to): (u64, u64),
    total: Option<u64>,
) -> HeaderMap {
    let name = format!("symbolon-log-{from}-{to}.{}", format.extension());
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(CHECKPOINT_SIZE, checkpoint.head.size.into());
    headers.extend(total.map(|total| (TOTAL, HeaderValue::from(total))));
    for (field, text) in [
        (CHECKPOINT_ROOT, checkpoint.head.root.to_string()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ] {
        // Base64 and file names of our own are always values.
        headers.extend(HeaderValue::try_from(text).ok().map(|value| (field, value)));
    }
    headers
}

//! `/admin/deliveries`: what endpoints could not be told yet, and a button to try again.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use projections::{DeliveryEntry, DeliveryFilter, DeliveryStatus, Page, Registration};
use serde::Deserialize;

use super::frame::{Frame, PageAdmin, secret_page, with_status};
use super::time::moment;
use super::{assets, text};
use crate::administration;
use crate::app::App;
use crate::deliveries::Endpoint;
use crate::error::ApiError;
use crate::extract::{Ids, encode, numeric, page_request};
use crate::request_context::RequestContext;

/// Entries of each list on a page.
const PER_PAGE: u32 = 25;

#[derive(Template)]
#[template(path = "deliveries.html")]
struct DeliveriesPage<'a> {
    frame: Frame,
    alert: Option<&'a str>,
    endpoints: Vec<EndpointView>,
    dead: Vec<DeliveryView>,
    dead_older: Option<String>,
    dead_newer: Option<String>,
    pending: Vec<DeliveryView>,
    pending_older: Option<String>,
    pending_newer: Option<String>,
}

struct EndpointView {
    name: String,
    origin: String,
    events: String,
}

impl From<&Endpoint> for EndpointView {
    fn from(endpoint: &Endpoint) -> Self {
        let events: Vec<_> = endpoint.events().iter().map(|event| event.as_str()).collect();
        Self {
            name: endpoint.name().to_owned(),
            origin: endpoint.origin(),
            events: events.join(", "),
        }
    }
}

struct DeliveryView {
    id: i64,
    event_type: String,
    endpoint: String,
    happened: String,
    happened_iso: String,
    attempts: i64,
    error: String,
    next_attempt: String,
    next_attempt_iso: String,
}

impl From<DeliveryEntry> for DeliveryView {
    fn from(entry: DeliveryEntry) -> Self {
        Self {
            id: entry.id,
            event_type: entry.event_type,
            endpoint: entry.endpoint,
            happened: moment(entry.created_at),
            happened_iso: entry.created_at.to_rfc3339(),
            attempts: entry.attempts,
            error: entry.last_error.unwrap_or_else(|| text::NOT_TRIED.to_owned()),
            next_attempt: moment(entry.next_attempt_at),
            next_attempt_iso: entry.next_attempt_at.to_rfc3339(),
        }
    }
}

/// Which page of each list.
#[derive(Default, Deserialize)]
pub struct DeliveriesQuery {
    dead: Option<String>,
    pending: Option<String>,
}

/// `GET /admin/deliveries`. Answers 200.
///
/// # Errors
/// `Forbidden` without the role; `Validation` for a cursor that cannot be used.
pub async fn show_deliveries(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Response, ApiError> {
    render(&app, &person, &query, None).await
}

/// `POST /admin/deliveries/{id}/replay`. Comes back to the page.
///
/// # Errors
/// `Forbidden` without the role.
pub async fn replay(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(id): Ids<i64>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    match administration::replay_delivery(&app, id, &context).await {
        Ok(()) => Ok(Redirect::to("/admin/deliveries").into_response()),
        Err(refusal @ (ApiError::Conflict(_) | ApiError::NotFound)) => {
            let alert = refusal.message();
            let page = render(&app, &person, &DeliveriesQuery::default(), Some(&alert)).await?;
            Ok(with_status(StatusCode::BAD_REQUEST, page))
        }
        Err(error) => Err(error),
    }
}

async fn render(
    app: &App,
    person: &Registration,
    query: &DeliveriesQuery,
    alert: Option<&str>,
) -> Result<Response, ApiError> {
    let dead = list(app, DeliveryStatus::Dead, query.dead.as_deref()).await?;
    let pending = list(app, DeliveryStatus::Pending, query.pending.as_deref()).await?;
    secret_page(&DeliveriesPage {
        frame: Frame::of(person),
        alert,
        endpoints: app.endpoints.all().iter().map(|endpoint| (&**endpoint).into()).collect(),
        dead_older: dead.next.as_ref().map(encode),
        dead_newer: dead.previous.as_ref().map(encode),
        dead: dead.data,
        pending_older: pending.next.as_ref().map(encode),
        pending_newer: pending.previous.as_ref().map(encode),
        pending: pending.data,
    })
}

async fn list(
    app: &App,
    status: DeliveryStatus,
    cursor: Option<&str>,
) -> Result<Page<DeliveryView>, ApiError> {
    let request = numeric(page_request(Some(PER_PAGE), cursor)?)?;
    let filter = DeliveryFilter { status: Some(status), endpoint: None };
    Ok(app.store.list_deliveries(&filter, &request).await?.map(DeliveryView::from))
}

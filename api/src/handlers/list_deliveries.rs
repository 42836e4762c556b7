//! `GET /v1/admin/deliveries`: what endpoints are told, and what became of it.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use projections::{DeliveryFilter, DeliveryStatus, PageRequest};
use serde::Deserialize;

use super::delivery_reply::DeliveryReply;
use crate::app::App;
use crate::auth::Admin;
use crate::deliveries::endpoint::is_name;
use crate::error::ApiError;
use crate::extract::{List, numeric, page_request};

/// Which deliveries.
#[derive(Clone, Debug)]
pub struct DeliveryQuery {
    filter: DeliveryFilter,
    request: PageRequest,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuery {
    status: Option<String>,
    endpoint: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

impl FromRequestParts<App> for DeliveryQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let refused = |text: &str| ApiError::Validation(text.to_owned());
        let query = Query::<RawQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            refused("this list takes status, endpoint, limit and cursor only, limit as a number")
        })?;
        let status = |text: &str| {
            let status = DeliveryStatus::parse(text);
            status.ok_or_else(|| refused("status must be pending, delivered or dead"))
        };
        if query.endpoint.as_deref().is_some_and(|name| !is_name(name)) {
            return Err(refused("endpoint must be the name of one"));
        }
        let filter = DeliveryFilter {
            status: query.status.as_deref().map(status).transpose()?,
            endpoint: query.endpoint,
        };
        let request = numeric(page_request(query.limit, query.cursor.as_deref())?)?;
        Ok(Self { filter, request })
    }
}

/// Lists what endpoints are told, newest first.
///
/// Those that arrived are listed for 7 days, those that were given up until they are replayed.
///
/// # Errors
/// `ValidationError` for a status, limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/admin/deliveries",
    tag = "Deliveries",
    security(("bearer" = []), ("session" = [])),
    params(DeliveryQuery),
    responses((status = 200, description = "A page of deliveries.", body = List<DeliveryReply>), Admin),
)]
pub async fn list_deliveries(
    State(app): State<App>,
    _: Admin,
    DeliveryQuery { filter, request }: DeliveryQuery,
) -> Result<Json<List<DeliveryReply>>, ApiError> {
    let page = app.store.list_deliveries(&filter, &request).await?;
    Ok(Json(page.map(DeliveryReply::from).into()))
}

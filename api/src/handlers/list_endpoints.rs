//! `GET /v1/admin/endpoints`: who is told what happens here.

use axum::Json;
use axum::extract::State;
use projections::Page;

use super::delivery_reply::EndpointReply;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::List;

/// Lists who is told what happens here, in the order of the endpoints file.
///
/// All of them on one page. Neither their paths nor their keys are shown.
///
/// # Errors
/// `Forbidden` without the role.
#[utoipa::path(
    get,
    path = "/v1/admin/endpoints",
    tag = "Deliveries",
    security(("bearer" = []), ("session" = [])),
    responses((status = 200, description = "All endpoints.", body = List<EndpointReply>), Admin),
)]
pub async fn list_endpoints(
    State(app): State<App>,
    _: Admin,
) -> Result<Json<List<EndpointReply>>, ApiError> {
    let data = app.endpoints.all().iter().map(|endpoint| EndpointReply::from(&**endpoint));
    Ok(Json(Page { data: data.collect(), next: None, previous: None }.into()))
}

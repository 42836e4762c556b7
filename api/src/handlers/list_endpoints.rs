//! `GET /v1/admin/endpoints`: who is told what happens here.

use axum::Json;
use axum::extract::State;
use projections::Page;

use super::delivery_reply::EndpointReply;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::List;

/// Answers 200, all of them, in the order of the endpoints file.
///
/// # Errors
/// `Forbidden` without the role.
pub async fn list_endpoints(
    State(app): State<App>,
    _: Admin,
) -> Result<Json<List<EndpointReply>>, ApiError> {
    let data = app.endpoints.all().iter().map(|endpoint| EndpointReply::from(&**endpoint));
    Ok(Json(Page { data: data.collect(), next: None, previous: None }.into()))
}

//! `POST /v1/admin/deliveries/{id}/replay`: send a dead delivery again.

use axum::extract::State;
use axum::http::StatusCode;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// Sends a delivery again that was given up.
///
/// It is due at once, with all attempts of the schedule before it, under the same message id.
///
/// # Errors
/// `NotFound` for an unknown delivery; `Conflict` for one that was not given up, or whose endpoint is not
/// configured any more.
#[utoipa::path(
    post,
    path = "/v1/admin/deliveries/{id}/replay",
    tag = "Deliveries",
    security(("bearer" = []), ("session" = [])),
    params(("id" = values::DeliveryId, Path, description = "The delivery.")),
    responses((status = 204, description = "It is due."), Admin, NotFound, Conflict),
)]
pub async fn replay_delivery(
    State(app): State<App>,
    _: Admin,
    Ids(id): Ids<i64>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::replay_delivery(&app, id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

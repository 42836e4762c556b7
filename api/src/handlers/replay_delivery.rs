//! `POST /v1/admin/deliveries/{id}/replay`: send a dead delivery again.

use axum::extract::State;
use axum::http::StatusCode;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

/// Answers 204. It is due at once, with all attempts before it.
///
/// # Errors
/// `NotFound` for an unknown delivery; `Conflict` for one that is not dead, or whose endpoint is gone.
pub async fn replay_delivery(
    State(app): State<App>,
    _: Admin,
    Ids(id): Ids<i64>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::replay_delivery(&app, id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

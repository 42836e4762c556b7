//! `GET /v1/calls/{id}`: one call.

use axum::Json;
use axum::extract::State;
use domain::CallId;

use super::call_reply::CallReply;
use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::NotFound;

/// Shows a call.
///
/// # Errors
/// `NotFound` when the account has no such call.
#[utoipa::path(
    get,
    path = "/v1/calls/{id}",
    tag = "Calls",
    security(("bearer" = []), ("session" = [])),
    params(AccountInForce, ("id" = Uuid, Path, description = "The call.")),
    responses((status = 200, description = "The call.", body = CallReply), AccountInForce, NotFound),
)]
pub async fn show_call(
    State(app): State<App>,
    account: AccountInForce,
    Ids(call_id): Ids<CallId>,
) -> Result<Json<CallReply>, ApiError> {
    let call = app.store.find_call(account.account_id, call_id).await?;
    Ok(Json(call.ok_or(ApiError::NotFound)?.into()))
}

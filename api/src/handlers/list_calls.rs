//! `GET /v1/calls`: the calls of the account.

use axum::Json;
use axum::extract::State;

use super::call_reply::CallReply;
use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// Lists the calls of the account, newest first.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/calls",
    tag = "Calls",
    security(("bearer" = []), ("session" = [])),
    params(AccountInForce, Paging),
    responses((status = 200, description = "A page of calls.", body = List<CallReply>), AccountInForce),
)]
pub async fn list_calls(
    State(app): State<App>,
    account: AccountInForce,
    Paging(request): Paging,
) -> Result<Json<List<CallReply>>, ApiError> {
    let page = app.store.list_calls(account.account_id, &request).await?;
    Ok(Json(page.map(CallReply::from).into()))
}

//! `GET /v1/calls`: the calls of the account.

use axum::Json;
use axum::extract::State;

use super::call_reply::CallReply;
use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// Answers 200, newest first.
///
/// # Errors
/// `Validation` for a limit or cursor that cannot be used.
pub async fn list_calls(
    State(app): State<App>,
    account: AccountInForce,
    Paging(request): Paging,
) -> Result<Json<List<CallReply>>, ApiError> {
    let page = app.store.list_calls(account.account_id, &request).await?;
    Ok(Json(page.map(CallReply::from).into()))
}

//! `GET /v1/assistants`: who can make calls in the account.

use axum::Json;
use axum::extract::State;

use super::assistant_reply::AssistantReply;
use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// Lists the assistants of the account, oldest first.
///
/// Their ids are what a call is triggered with.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/assistants",
    tag = "Calls",
    security(("bearer" = []), ("session" = [])),
    params(AccountInForce, Paging),
    responses((status = 200, description = "A page of assistants.", body = List<AssistantReply>), AccountInForce),
)]
pub async fn list_assistants(
    State(app): State<App>,
    account: AccountInForce,
    Paging(request): Paging,
) -> Result<Json<List<AssistantReply>>, ApiError> {
    let page = app.store.list_assistants(account.account_id, &request).await?;
    Ok(Json(page.map(AssistantReply::from).into()))
}

//! `GET /v1/assistants`: who can make calls in the account.

use axum::Json;
use axum::extract::State;

use super::assistant_reply::AssistantReply;
use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// Answers 200, oldest first.
///
/// # Errors
/// `Validation` for a limit or cursor that cannot be used.
pub async fn list_assistants(
    State(app): State<App>,
    account: AccountInForce,
    Paging(request): Paging,
) -> Result<Json<List<AssistantReply>>, ApiError> {
    let page = app.store.list_assistants(account.account_id, &request).await?;
    Ok(Json(page.map(AssistantReply::from).into()))
}

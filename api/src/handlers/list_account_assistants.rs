//! `GET /v1/admin/accounts/{id}/assistants`: an account's assistants.

use axum::Json;
use axum::extract::State;
use domain::AccountId;

use super::assistant_reply::AssistantReply;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Ids, List, Paging};
use crate::openapi::refusals::NotFound;

/// Lists the assistants of an account, oldest first.
///
/// # Errors
/// `NotFound` for an unknown account; `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/admin/accounts/{id}/assistants",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The account."), Paging),
    responses((status = 200, description = "A page of assistants.", body = List<AssistantReply>), Admin, NotFound),
)]
pub async fn list_account_assistants(
    State(app): State<App>,
    _: Admin,
    Ids(account_id): Ids<AccountId>,
    Paging(request): Paging,
) -> Result<Json<List<AssistantReply>>, ApiError> {
    app.store.find_account(account_id).await?.ok_or(ApiError::NotFound)?;
    let page = app.store.list_assistants(account_id, &request).await?;
    Ok(Json(page.map(AssistantReply::from).into()))
}

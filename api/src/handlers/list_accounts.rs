//! `GET /v1/admin/accounts`: every account.

use axum::Json;
use axum::extract::State;
use domain::AccountId;
use projections::AccountEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// An account, as an administrator sees one.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedAccount)]
pub struct AccountEntryReply {
    /// Goes into `x-account-id`.
    #[schema(value_type = Uuid)]
    id: AccountId,
    /// As people read it.
    #[schema(examples("Acme"))]
    name: String,
    /// Whether nobody can act in it any more.
    closed: bool,
}

impl From<AccountEntry> for AccountEntryReply {
    fn from(account: AccountEntry) -> Self {
        Self { id: account.account_id, name: account.name, closed: account.is_closed }
    }
}

/// Lists every account, oldest first.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/admin/accounts",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(Paging),
    responses((status = 200, description = "A page of accounts.", body = List<AccountEntryReply>), Admin),
)]
pub async fn list_accounts(
    State(app): State<App>,
    _: Admin,
    Paging(request): Paging,
) -> Result<Json<List<AccountEntryReply>>, ApiError> {
    Ok(Json(app.store.list_accounts(&request).await?.map(AccountEntryReply::from).into()))
}

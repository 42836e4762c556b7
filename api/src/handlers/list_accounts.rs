//! `GET /v1/admin/accounts`: every account.

use axum::Json;
use axum::extract::State;
use domain::AccountId;
use projections::AccountEntry;
use serde::Serialize;

use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// An account, as an administrator sees one.
#[derive(Serialize)]
pub struct AccountEntryReply {
    id: AccountId,
    name: String,
    closed: bool,
}

impl From<AccountEntry> for AccountEntryReply {
    fn from(account: AccountEntry) -> Self {
        Self { id: account.account_id, name: account.name, closed: account.is_closed }
    }
}

/// Answers 200, oldest first.
///
/// # Errors
/// `Validation` for a limit or cursor that cannot be used.
pub async fn list_accounts(
    State(app): State<App>,
    _: Admin,
    Paging(request): Paging,
) -> Result<Json<List<AccountEntryReply>>, ApiError> {
    Ok(Json(app.store.list_accounts(&request).await?.map(AccountEntryReply::from).into()))
}

//! `GET /v1/account`: the account in force, and what the caller may do in it.

use axum::Json;
use axum::extract::State;
use domain::{AccountId, AccountRole, Permission};
use serde::Serialize;

use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;

/// The account in force.
#[derive(Serialize)]
pub struct AccountReply {
    id: AccountId,
    name: String,
    role: AccountRole,
    permissions: &'static [Permission],
}

/// Answers 200.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_account(
    State(app): State<App>,
    account: AccountInForce,
) -> Result<Json<AccountReply>, ApiError> {
    let entry = app.store.find_account(account.account_id).await?.ok_or(ApiError::Forbidden)?;
    Ok(Json(AccountReply {
        id: account.account_id,
        name: entry.name,
        role: account.role,
        permissions: account.permissions(),
    }))
}

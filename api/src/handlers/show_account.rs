//! `GET /v1/account`: the account in force, and what the caller may do in it.

use axum::Json;
use axum::extract::State;
use domain::{AccountId, AccountRole, Permission};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;
use crate::openapi::values;

/// The account in force.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountInForce)]
pub struct AccountReply {
    /// As in `x-account-id`.
    #[schema(value_type = Uuid)]
    id: AccountId,
    /// As people read it; null when the database does not say it at once.
    #[schema(examples("Acme"))]
    name: Option<String>,
    /// Yours.
    #[schema(value_type = values::AccountRole)]
    role: AccountRole,
    /// What the role allows.
    #[schema(value_type = Vec<values::Permission>)]
    permissions: &'static [Permission],
}

/// Shows the account in force, and what you may do in it.
///
/// # Errors
/// `AccountRequired` when you have several accounts and name none; `Forbidden` for one that is not yours.
#[utoipa::path(
    get,
    path = "/v1/account",
    tag = "With a token",
    security(("bearer" = []), ("session" = [])),
    params(AccountInForce),
    responses((status = 200, description = "The account in force.", body = AccountReply), AccountInForce),
)]
pub async fn show_account(
    State(app): State<App>,
    account: AccountInForce,
) -> Result<Json<AccountReply>, ApiError> {
    Ok(Json(AccountReply {
        id: account.account_id,
        name: app.names.find_for_account(account.account_id).await?,
        role: account.role,
        permissions: account.permissions(),
    }))
}

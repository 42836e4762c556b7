//! `GET /v1/token`: whose token this is, and in which accounts it can act.

use axum::Json;
use axum::extract::State;
use domain::token::Generation;
use domain::{AccountId, AccountRole, TokenId, UserId};
use serde::Serialize;

use crate::app::App;
use crate::auth::TokenBearer;
use crate::error::ApiError;

/// The token, its owner and the owner's accounts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallerReply {
    active: bool,
    token_id: TokenId,
    generation: Generation,
    user: UserPart,
    accounts: Vec<AccountPart>,
}

#[derive(Serialize)]
struct UserPart {
    id: UserId,
    name: String,
}

#[derive(Serialize)]
struct AccountPart {
    id: AccountId,
    name: String,
    role: AccountRole,
}

/// Answers 200. Needs no account header, so that a user can find the account ids here.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_caller(
    State(app): State<App>,
    bearer: TokenBearer,
) -> Result<Json<CallerReply>, ApiError> {
    let id = bearer.access.user_id;
    let user = app.store.find_user(id).await?.ok_or(ApiError::InvalidToken { sent: true })?;
    let accounts = app.store.list_accounts_of(id).await?.into_iter().filter_map(|account| {
        let mut memberships = bearer.access.memberships.iter();
        let role = memberships.find(|in_force| in_force.account_id == account.account_id)?.role;
        Some(AccountPart { id: account.account_id, name: account.name, role })
    });
    Ok(Json(CallerReply {
        active: true,
        token_id: bearer.token_id,
        generation: bearer.generation,
        user: UserPart { id, name: user.name },
        accounts: accounts.collect(),
    }))
}

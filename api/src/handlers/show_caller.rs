//! `GET /v1/token`: whose token this is, and in which accounts it can act.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use domain::token::Generation;
use domain::{AccountId, AccountRole, TokenId, UserId};
use projections::LiveToken;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::TokenBearer;
use crate::error::ApiError;
use crate::names::NamesOfUser;
use crate::openapi::values;

/// The token, its owner and the owner's accounts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenInForce)]
pub struct CallerReply {
    /// True: otherwise you would not read this.
    active: bool,
    /// Names the token without revealing it.
    #[schema(value_type = Uuid)]
    token_id: TokenId,
    /// Which of the user's tokens.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// The token's owner.
    user: UserPart,
    /// Where the owner is a member.
    accounts: Vec<AccountPart>,
}

/// The owner of the token.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenOwner)]
struct UserPart {
    #[schema(value_type = Uuid)]
    id: UserId,
    /// As people read it; null when the database does not say it at once.
    #[schema(examples("Ada"))]
    name: Option<String>,
}

/// An account that the token can act in.
#[derive(Serialize, ToSchema)]
#[schema(as = Membership)]
struct AccountPart {
    /// Goes into `x-account-id`.
    #[schema(value_type = Uuid)]
    id: AccountId,
    /// As people read it; null when the database does not say it at once.
    #[schema(examples("Acme"))]
    name: Option<String>,
    /// The owner's, at this moment.
    #[schema(value_type = values::AccountRole)]
    role: AccountRole,
}

/// Shows whose token this is, and in which accounts it can act.
///
/// Needs no `x-account-id`, so that you can find the account ids here.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
#[utoipa::path(
    get,
    path = "/v1/token",
    tag = "With a token",
    security(("bearer" = [])),
    responses((status = 200, description = "The token is good.", body = CallerReply), TokenBearer),
)]
pub async fn show_caller(
    State(app): State<App>,
    TokenBearer(live): TokenBearer,
) -> Result<Response, ApiError> {
    if let Some(told) = app.usage.reply(&live) {
        return Ok(json(told));
    }
    let names = app.names.find_for_user(live.access.user_id).await?;
    let is_complete = names.is_some();
    let reply = reply(&live, names.unwrap_or_default());
    let told = serde_json::to_vec(&reply).map_err(|error| ApiError::Internal(error.into()))?;
    if is_complete {
        app.usage.keep_reply(live, &told);
    }
    Ok(json(told.into()))
}

/// As many headers as such a reply has in the end: room for them is made once.
const HEADERS: usize = 8;

/// A reply with this body.
pub(crate) fn json(body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    response.headers_mut().reserve(HEADERS);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

fn reply(live: &LiveToken, mut names: NamesOfUser) -> CallerReply {
    let accounts = live.access.memberships.iter().map(|membership| AccountPart {
        id: membership.account_id,
        name: names.accounts.remove(&membership.account_id),
        role: membership.role,
    });
    CallerReply {
        active: true,
        token_id: live.token_id,
        generation: live.generation,
        accounts: accounts.collect(),
        user: UserPart { id: live.access.user_id, name: names.user },
    }
}

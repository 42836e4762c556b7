//! `PUT /v1/admin/accounts/{id}/members/{userId}`: make someone a member, or change the role.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, AccountRole, UserId};
use serde::Deserialize;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Body, Ids};
use crate::request_context::RequestContext;

/// As what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    role: AccountRole,
}

/// Answers 204. Counts from the next request of that user on.
///
/// # Errors
/// `NotFound` for an unknown account or user; `Conflict` for a closed account.
pub async fn put_member(
    State(app): State<App>,
    _: Admin,
    Ids((account_id, user_id)): Ids<(AccountId, UserId)>,
    context: RequestContext,
    Body(NewRole { role }): Body<NewRole>,
) -> Result<StatusCode, ApiError> {
    administration::put_member(&app, account_id, user_id, role, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

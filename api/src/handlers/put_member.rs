//! `PUT /v1/admin/accounts/{id}/members/{userId}`: make someone a member, or change the role.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, AccountRole, UserId};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Body, Ids};
use crate::openapi::refusals::{Conflict, NotFound};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// As what.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// What the member may do from now on.
    #[schema(value_type = values::AccountRole)]
    role: AccountRole,
}

/// Makes someone a member of an account, or changes the role.
///
/// Counts from the next request of that user on.
///
/// # Errors
/// `NotFound` for an unknown account or user; `Conflict` for a closed account.
#[utoipa::path(
    put,
    path = "/v1/admin/accounts/{id}/members/{userId}",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The account."),
        ("userId" = Uuid, Path, description = "The user."),
    ),
    request_body = NewRole,
    responses((status = 204, description = "So it is."), Admin, NotFound, Conflict),
)]
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

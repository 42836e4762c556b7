//! `DELETE /v1/admin/accounts/{id}/members/{userId}`: end a membership.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, UserId};

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::request_context::RequestContext;

/// Ends a membership.
///
/// The next request of that user in the account is refused.
///
/// # Errors
/// `NotFound` when there is no such membership; `Conflict` for a closed account.
#[utoipa::path(
    delete,
    path = "/v1/admin/accounts/{id}/members/{userId}",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(
        ("id" = Uuid, Path, description = "The account."),
        ("userId" = Uuid, Path, description = "The user."),
    ),
    responses((status = 204, description = "The membership has ended."), Admin, NotFound, Conflict),
)]
pub async fn remove_member(
    State(app): State<App>,
    _: Admin,
    Ids((account_id, user_id)): Ids<(AccountId, UserId)>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::remove_member(&app, account_id, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! `DELETE /v1/admin/users/{id}/personal-data`: forget who a user is.

use axum::extract::State;
use axum::http::StatusCode;
use domain::UserId;

use crate::app::App;
use crate::auth::Admin;
use crate::erasing;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::openapi::refusals::{Conflict, NotFound};
use crate::request_context::RequestContext;

/// Erases everything that tells who a locked user is, for ever.
///
/// Also when it was erased before. E-mail address, name, password, identities, invitations, sessions, and from
/// where the user did what: all of it goes, and nothing of it can be restored. What the user did stays, under an id that
/// means nobody. The user stays locked; whoever is invited with the same e-mail address is someone new.
///
/// # Errors
/// `NotFound` for an unknown user; `Conflict` for one who is not locked: lock first.
#[utoipa::path(
    delete,
    path = "/v1/admin/users/{id}/personal-data",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The user.")),
    responses((status = 204, description = "Nothing tells who it was."), Admin, NotFound, Conflict),
)]
pub async fn erase_personal_data(
    State(app): State<App>,
    _: Admin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    erasing::erase(&app, user_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

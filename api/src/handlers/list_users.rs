//! `GET /v1/admin/users`: everyone.

use axum::Json;
use axum::extract::State;

use super::user_reply::UserReply;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{List, Paging};

/// Lists everyone, oldest first.
///
/// # Errors
/// `ValidationError` for a limit or cursor that cannot be used.
#[utoipa::path(
    get,
    path = "/v1/admin/users",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(Paging),
    responses((status = 200, description = "A page of users.", body = List<UserReply>), Admin),
)]
pub async fn list_users(
    State(app): State<App>,
    _: Admin,
    Paging(request): Paging,
) -> Result<Json<List<UserReply>>, ApiError> {
    Ok(Json(app.store.list_users(&request).await?.map(UserReply::from).into()))
}

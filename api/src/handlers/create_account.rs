//! `POST /v1/admin/accounts`: open an account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::AccountId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::values;
use crate::request_context::RequestContext;

/// The account to open.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// As people read it.
    #[schema(value_type = values::Name)]
    name: String,
}

/// The open account.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenedAccount)]
pub struct OpenedReply {
    /// Goes into `x-account-id`.
    #[schema(value_type = Uuid)]
    id: AccountId,
    /// As it is kept.
    #[schema(examples("Acme"))]
    name: String,
}

/// Opens an account.
///
/// It has no members yet.
///
/// # Errors
/// `ValidationError` for a name that cannot be used.
#[utoipa::path(
    post,
    path = "/v1/admin/accounts",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    request_body = NewAccount,
    responses((status = 201, description = "The account is open.", body = OpenedReply), Admin),
)]
pub async fn create_account(
    State(app): State<App>,
    _: Admin,
    context: RequestContext,
    Body(body): Body<NewAccount>,
) -> Result<(StatusCode, Json<OpenedReply>), ApiError> {
    let (id, name) = administration::open_account(&app, &body.name, &context).await?;
    Ok((StatusCode::CREATED, Json(OpenedReply { id, name })))
}

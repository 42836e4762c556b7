//! `POST /v1/admin/accounts`: open an account.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::AccountId;
use serde::{Deserialize, Serialize};

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Body;
use crate::request_context::RequestContext;

/// The account to open.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    name: String,
}

/// The open account. It has no members yet.
#[derive(Serialize)]
pub struct OpenedReply {
    id: AccountId,
    name: String,
}

/// Answers 201.
///
/// # Errors
/// `Validation` for a name that cannot be used.
pub async fn create_account(
    State(app): State<App>,
    _: Admin,
    context: RequestContext,
    Body(body): Body<NewAccount>,
) -> Result<(StatusCode, Json<OpenedReply>), ApiError> {
    let (id, name) = administration::open_account(&app, &body.name, &context).await?;
    Ok((StatusCode::CREATED, Json(OpenedReply { id, name })))
}

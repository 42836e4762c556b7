//! `POST /v1/admin/accounts/{id}/assistants`: give an account an assistant.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::AccountId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::assistant_reply::AssistantReply;
use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Body, Ids};
use crate::openapi::refusals::NotFound;
use crate::openapi::values;
use crate::request_context::RequestContext;

/// The assistant to add.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewAssistant {
    /// As people read it.
    #[schema(value_type = values::Name, examples("Nova"))]
    name: String,
    /// Calls come from it, in E.164 form. The operator has verified that it is the account's.
    #[schema(value_type = values::PhoneNumber)]
    phone_number: String,
}

/// Gives an account an assistant, which makes its calls.
///
/// # Errors
/// `ValidationError`, naming the field; `NotFound` for an unknown account; `Conflict` for a closed one.
#[utoipa::path(
    post,
    path = "/v1/admin/accounts/{id}/assistants",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    params(("id" = Uuid, Path, description = "The account.")),
    request_body = NewAssistant,
    responses((status = 201, description = "The assistant can make calls.", body = AssistantReply), Admin, NotFound),
)]
pub async fn add_assistant(
    State(app): State<App>,
    _: Admin,
    Ids(account_id): Ids<AccountId>,
    context: RequestContext,
    Body(body): Body<NewAssistant>,
) -> Result<(StatusCode, Json<AssistantReply>), ApiError> {
    let NewAssistant { name, phone_number } = body;
    let assistant =
        administration::add_assistant(&app, account_id, &name, &phone_number, &context).await?;
    Ok((StatusCode::CREATED, Json(assistant.into())))
}

//! `POST /v1/admin/accounts/{id}/assistants`: give an account an assistant.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::AccountId;
use serde::Deserialize;

use super::assistant_reply::AssistantReply;
use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::{Body, Ids};
use crate::request_context::RequestContext;

/// The assistant to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewAssistant {
    /// As people read it.
    name: String,
    /// Calls come from it, in E.164 form. The operator has verified that it is the account's.
    phone_number: String,
}

/// Answers 201.
///
/// # Errors
/// `Validation`, naming the field; `NotFound` for an unknown account; `Conflict` for a closed one.
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

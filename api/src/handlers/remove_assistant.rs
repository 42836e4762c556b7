//! `DELETE /v1/admin/accounts/{id}/assistants/{assistantId}`: take an assistant away.

use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, AssistantId};

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Ids;
use crate::request_context::RequestContext;

/// Answers 204. It makes no more calls; those that it made stay listed.
///
/// # Errors
/// `NotFound` when the account has no such assistant; `Conflict` for a closed account.
pub async fn remove_assistant(
    State(app): State<App>,
    _: Admin,
    Ids((account_id, assistant_id)): Ids<(AccountId, AssistantId)>,
    context: RequestContext,
) -> Result<StatusCode, ApiError> {
    administration::remove_assistant(&app, account_id, assistant_id, &context).await?;
    Ok(StatusCode::NO_CONTENT)
}

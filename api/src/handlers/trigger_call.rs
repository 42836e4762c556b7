//! `POST /v1/assistant/calls`: have an assistant call someone.

use axum::Json;
use axum::extract::State;
use domain::{AccountId, CallCommand, CallEvent, CallId};
use projections::Particulars;

use super::actor_reply::ActorReply;
use super::call_body::NewCall;
use super::call_reply::CallReply;
use crate::app::App;
use crate::auth::permissions::CallTrigger;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::refusals::NotFound;
use crate::request_context::RequestContext;

/// Triggers a call: has an assistant of the account call someone.
///
/// Send an `Idempotency-Key`, so that a retry does not phone someone twice.
///
/// # Errors
/// `ValidationError`, naming the field; `NotFound` when the account has no such assistant.
#[utoipa::path(
    post,
    path = "/v1/assistant/calls",
    tag = "Calls",
    security(("bearer" = []), ("session" = [])),
    params(CallTrigger),
    request_body = NewCall,
    responses((status = 200, description = "Call triggered successfully.", body = CallReply), CallTrigger, NotFound),
)]
pub async fn trigger_call(
    State(app): State<App>,
    CallTrigger { account_id }: CallTrigger,
    context: RequestContext,
    Body(body): Body<NewCall>,
) -> Result<Json<CallReply>, ApiError> {
    let (call_id, assistant_id) = (CallId::new(app.new_uuid()), body.assistant_id()?);
    let Some(assistant) = app.store.find_assistant(account_id, assistant_id).await? else {
        return triggered_before(&app, account_id, &context).await;
    };
    let details = body.details(call_id, assistant)?;
    let command = CallCommand::Trigger { account_id, assistant_id, at: app.now() };
    let submission = context.submission_with(&app, Particulars::Call(details.clone()));
    let receipt = app.commands.call(call_id, command, submission).await?;
    let (id, actor) = (receipt.id()?, ActorReply::from(&receipt.actor));
    let Some(CallEvent::CallTriggered { at, .. }) = receipt.events.into_iter().next() else {
        return Err(ApiError::Internal("the command triggered no call".into()));
    };
    Ok(Json(CallReply::triggered(id, assistant_id, at, details, actor)))
}

/// The answer to a retry that comes after the assistant was removed. Anyone else named no assistant.
async fn triggered_before(
    app: &App,
    account_id: AccountId,
    context: &RequestContext,
) -> Result<Json<CallReply>, ApiError> {
    let first = app.commands.earlier_call(&context.submission(app)).await?;
    let call_id = first.ok_or(ApiError::NotFound)?.id()?;
    let call = app.store.find_call(account_id, call_id).await?;
    Ok(Json(call.ok_or(ApiError::NotFound)?.into()))
}

//! `GET /v1/audit/actions`: everything that was done with a token.

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::AccountId;
use projections::TokenAction;
use serde::Serialize;
use utoipa::ToSchema;

use super::audit_query::{OneTokenQuery, RawOneTokenQuery, owner};
use crate::app::App;
use crate::audit::notary::number_everything;
use crate::auth::inquirer::Inquirer;
use crate::error::ApiError;
use crate::extract::List;
use crate::openapi::refusals::NotFound;

/// One thing that was done with a token.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenAction)]
pub struct ActionReply {
    /// Where the event stands in the log, from 1.
    position: i64,
    /// What happened, for example `CallTriggered`.
    r#type: String,
    /// To what kind of thing, for example `call`.
    aggregate_type: String,
    /// To which one.
    aggregate_id: String,
    /// Of the event, within that.
    sequence: i64,
    /// In which account; null for what belongs to none.
    #[schema(value_type = Option<Uuid>, required)]
    account_id: Option<AccountId>,
    /// When.
    occurred_at: DateTime<Utc>,
    /// The `x-request-id` of the request; null when it had none.
    #[schema(required)]
    request_id: Option<String>,
    /// The client's network address; null when unknown or erased.
    #[schema(required)]
    address: Option<String>,
    /// What the client called itself; null when unknown or erased.
    #[schema(required)]
    user_agent: Option<String>,
}

impl From<TokenAction> for ActionReply {
    fn from(action: TokenAction) -> Self {
        Self {
            position: action.position,
            r#type: action.event_type,
            aggregate_type: action.event.aggregate_type,
            aggregate_id: action.event.aggregate_id,
            sequence: action.event.sequence,
            account_id: action.account_id,
            occurred_at: action.at,
            request_id: action.request_id,
            address: action.address,
            user_agent: action.user_agent,
        }
    }
}

/// Lists what was done with a token, the latest first.
///
/// Every change that was made with it, in the order of the log, so that each can be proved
/// (`/v1/audit/proofs/inclusion`). Requests that changed nothing are not among them; `lastUsedAt` of
/// `/v1/audit/tokens` knows of those.
///
/// # Errors
/// `NotFound` for an unknown token, and for someone else's unless one is an auditor.
#[utoipa::path(
    get,
    path = "/v1/audit/actions",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(RawOneTokenQuery),
    responses(
        (status = 200, description = "A page of what was done.", body = List<ActionReply>),
        Inquirer, NotFound,
    ),
)]
pub async fn list_token_actions(
    State(app): State<App>,
    inquirer: Inquirer,
    OneTokenQuery { token_id, request }: OneTokenQuery,
) -> Result<Json<List<ActionReply>>, ApiError> {
    owner(&app, inquirer, token_id).await?;
    if request.cursor.is_none() {
        number_everything(&*app.store).await?;
    }
    let page = app.store.list_token_actions(token_id, &request).await?;
    Ok(Json(page.map(ActionReply::from).into()))
}

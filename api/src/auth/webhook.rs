//! The secret in a webhook URL is a credential: whoever holds it adds prospects to one campaign.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use domain::token::{Prefix, TokenSecret};
use projections::{Actor, Via};

use crate::app::App;
use crate::client_address::ClientAddress;
use crate::error::ApiError;
use crate::extract::Ids;

/// Lets only holders of a live URL pass, with the [`LiveWebhook`](projections::LiveWebhook) in the
/// request's extensions.
///
/// # Errors
/// `NotFound`, in the same bytes, for a secret that is malformed, unknown, replaced or revoked, or of a
/// closed account, and `TooManyRequests` when too many failed from there; `Unavailable` when the store
/// cannot be asked.
pub async fn authenticate_webhook(
    State(app): State<App>,
    Ids(secret): Ids<String>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let address = request.extensions().get::<ClientAddress>().copied();
    let failed = || app.failures.answer(address, ApiError::NotFound);
    let secret = TokenSecret::parse(&Prefix::webhook(), &secret).ok_or_else(failed)?;
    let live = app.store.find_live_webhook(&secret.digest()).await?.ok_or_else(failed)?;
    let via = Via::Webhook { webhook_id: live.webhook_id, generation: live.generation };
    request.extensions_mut().insert(Actor { user_id: None, via });
    request.extensions_mut().insert(live);
    Ok(next.run(request).await)
}
